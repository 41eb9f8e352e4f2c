"""What a minute costs, and what calls have cost and hold: what the wallet and the caps are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, QuerySet, Sum
from django.utils.timezone import localtime

from dialnexa.models import LedgerAccount, LedgerEntry, Workspace
from telephony.e164 import E164
from telephony.models import CallRate, CarrierSlug, Prefix, SipRate
from telephony.rates import sip_rate

CALL = "call_"  # what the ids of calls begin with
Kind = LedgerEntry.Kind


@dataclass(frozen=True, slots=True)
class MinutePrice:
    """``record`` is the rate that decides, ``because`` what it covers, in words."""

    per_minute: Decimal
    pulse_seconds: int
    connection_fee: Decimal
    currency: str
    record: str
    because: str

    @property
    def first_minute(self) -> Decimal:
        """A call of 60 seconds: whole pulses, and the connection."""
        seconds = -(-60 // self.pulse_seconds) * self.pulse_seconds
        return self.per_minute * seconds / 60 + self.connection_fee


def minute_price(
    number: E164, *, carrier: str, currency: str, direction: str, at: datetime
) -> MinutePrice | None:
    """What a call to ``number`` (inbound: to our own) costs; None where there is no rate.

    The longest prefix of the number decides; of two equal ones the rate's own before its group's, then the
    one that began last.
    """
    if carrier == CarrierSlug.SIP_TRUNK:
        flat = sip_rate(currency, now=at)
        return _flat(flat) if flat else None
    leads = [number.e164[1:end] for end in range(2, len(number.e164) + 1)]
    rates = CallRate.objects.filter(
        network_group__carrier=carrier,
        network_group__country=number.country,
        currency=currency,
        direction=direction,
        valid_from__lte=at,
        prefix__in=["", *leads],
    )
    fitting = Prefetch("network_group__prefixes", Prefix.objects.filter(digits__in=leads), "fitting")
    ranked = [(rank, rate) for rate in rates.prefetch_related(fitting) if (rank := _rank(rate)) is not None]
    best = max(ranked, key=lambda found: (*found[0], found[1].valid_from, found[1].pk), default=None)
    return _priced(best[1], best[0][0]) if best else None


def _flat(rate: SipRate) -> MinutePrice:
    return MinutePrice(rate.per_minute, 60, Decimal(0), rate.currency, str(rate.pk), "the flat SIP rate")


def _rank(rate: CallRate) -> tuple[int, bool] | None:
    """How many digits match, and whether they are the rate's own; None when the group has others."""
    if rate.prefix:
        return len(rate.prefix), True
    found = [len(prefix.digits) for prefix in rate.network_group.fitting]  # type: ignore[attr-defined]
    if found:
        return max(found), False
    return None if rate.network_group.prefixes.exists() else (0, False)


def _priced(rate: CallRate, digits: int) -> MinutePrice:
    name = rate.network_group.name
    because = f"{name}, prefix +{rate.prefix}" if rate.prefix else name
    return MinutePrice(
        rate.per_minute, rate.pulse_seconds, rate.connection_fee, rate.currency, str(rate.pk), because
    )


def balance_at(workspace: Workspace, at: datetime) -> Decimal:
    """What the wallet held at ``at``, summed up from the book."""
    kind, currency = LedgerAccount.Kind.WALLET, workspace.currency
    purse = LedgerAccount.objects.filter(workspace=workspace, kind=kind, currency=currency)
    entries = LedgerEntry.objects.filter(created_at__lte=at)
    came, went = (_sum(entries.filter(**{f"{side}__in": purse})) for side in ("credit", "debit"))
    return came - went


def spent_today(workspace: Workspace, at: datetime) -> Decimal:
    """What calls were charged on the day of ``at``, in the workspace's time zone, until then."""
    midnight = localtime(at, ZoneInfo(workspace.time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    entries = _of_calls(workspace, at).filter(created_at__gte=midnight)
    return _sum(entries.filter(kind=Kind.CAPTURE)) - _sum(entries.filter(kind=Kind.REFUND))


def calls_in_progress(workspace: Workspace, at: datetime) -> int:
    """How many calls held money at ``at``: every call does from its start to its end."""
    entries = _of_calls(workspace, at).filter(created_at__gt=at - timedelta(days=1))
    ended = entries.filter(kind__in=(Kind.CAPTURE, Kind.VOID)).values("subject_id")
    return entries.filter(kind=Kind.HOLD).exclude(subject_id__in=ended).count()


def _of_calls(workspace: Workspace, at: datetime) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(workspace=workspace, created_at__lte=at, subject_id__startswith=CALL)


def _sum(entries: QuerySet[LedgerEntry]) -> Decimal:
    return entries.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
