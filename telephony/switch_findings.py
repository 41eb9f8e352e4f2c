"""What of telephony's own would stop when something is switched off: purchases, batches, destinations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dialnexa.countries import country_name
from kyc.models import VerificationNumber
from telephony.batches.drafts import carrier_of, choices_of, file_of
from telephony.batches.judging import code_judge, judge_rows
from telephony.batches.reading import read_source
from telephony.e164 import format_international
from telephony.models import BatchCall, BatchRow, Call, CarrierSlug, Direction
from telephony.switch_effects import SHOWN, Effect, SwitchOff

RECENT = timedelta(days=30)
MOST_CALLS = 2_000  # the latest of them are looked at
MOST_ROWS = 20_000  # rows of lists read for one answer; what is larger is said without counting
MOST_BATCHES = 50
UNFINISHED = ("draft", "waiting", "scheduled", "running", "paused")


def purchases_stopped(off: SwitchOff, now: datetime) -> Iterator[Effect]:
    """Where nothing stays on no number can be bought from that carrier."""
    closed = [country for country in off.countries if country.iso not in off.left]
    if not closed:
        return
    where, label = _several([country_name(country.iso) for country in closed]), CarrierSlug(off.carrier).label
    sentence = _(
        "No numbers of %(where)s can be bought from %(carrier)s. Those you have stay, and still answer."
    )
    yield Effect("purchases", sentence % {"where": where, "carrier": label})


def batches_stopped(off: SwitchOff, now: datetime) -> Iterator[Effect]:
    """Lists that still have calls to make which would be refused."""
    if not _stops_calls(off):
        return
    batches = BatchCall.objects.filter(workspace=off.workspace, status__in=UNFINISHED)
    named, budget = [], MOST_ROWS
    for batch in batches.order_by("-created_at", "-pk")[:MOST_BATCHES]:
        if not off.is_sip and carrier_of(batch) != off.carrier:
            continue
        label = f"{batch} ({batch.get_status_display().lower()})"
        if batch.rows > budget:
            named.append((batch.pk, _("%(batch)s: too long to count here") % {"batch": label}))
            continue
        budget -= batch.rows
        if stopped := _rows_stopped(batch, off):
            said = {"batch": label, "stopped": f"{stopped:,}", "rows": f"{batch.good_rows:,}"}
            named.append((batch.pk, _("%(batch)s: %(stopped)s of %(rows)s calls") % said))
    if named:
        sentence = ngettext(
            "One list of calls would be refused in part.",
            "%(count)s lists of calls would be refused in part.",
            len(named),
        )
        sentence %= {"count": len(named)}
        yield Effect("batches", sentence, tuple(named[:SHOWN]), len(named[SHOWN:]))


def _rows_stopped(batch: BatchCall, off: SwitchOff) -> int:
    """How many of the calls that are still to be made would be refused."""
    waiting = BatchRow.objects.filter(batch=batch)
    before, after = off.rules(carrier_of(batch))
    if waiting.exists():
        stops = off.judge(carrier_of(batch))
        return sum(map(stops, waiting.filter(state="waiting").values_list("e164", flat=True)))
    source, refused = read_source(file_of(batch)), code_judge(after)
    rows = judge_rows(source, before, choices_of(batch))
    return sum(not row.codes and bool(refused(row.e164, row.country)) for row in rows)


def destinations_stopped(off: SwitchOff, now: datetime) -> Iterator[Effect]:
    """Who was called lately, and the number an unverified workspace may call."""
    if not _stops_calls(off):
        return
    judges: Callable[[str], Callable[[str], bool]] = cache(off.judge)
    stopped = [e164 for e164, carrier in _called(off, now) if judges(carrier)(e164)]
    if stopped:
        named = tuple((e164, format_international(e164)) for e164 in stopped[:SHOWN])
        sentence = ngettext(
            "One number called in the last %(days)s days could not be called again.",
            "%(count)s numbers called in the last %(days)s days could not be called again.",
            len(stopped),
        )
        sentence %= {"count": f"{len(stopped):,}", "days": RECENT.days}
        yield Effect("destinations", sentence, named, len(stopped[SHOWN:]))
    known = VerificationNumber.objects.filter(workspace=off.workspace, confirmed_at__isnull=False).first()
    if known and not off.is_sip and judges(off.carrier)(known.e164):
        number = format_international(known.e164)
        sentence = _("Your registered verification number %(number)s could not be called.")
        yield Effect("destinations", sentence % {"number": number})


def _called(off: SwitchOff, now: datetime) -> list[tuple[str, str]]:
    """Number and carrier of the latest calls out, each once, the last called first."""
    calls = Call.objects.filter(
        workspace=off.workspace, direction=Direction.OUTBOUND, created_at__gt=now - RECENT
    )
    if not off.is_sip:
        calls = calls.filter(number__carrier=off.carrier)
    latest = calls.order_by("-created_at", "-pk").values_list("to_text", "number__carrier")[:MOST_CALLS]
    return list(dict.fromkeys(latest))


def _stops_calls(off: SwitchOff) -> bool:
    return bool(off.narrowed) or (off.is_sip and off.over_sip)


def _several(names: list[str]) -> str:
    """``Germany``, ``Germany and Spain``."""
    if len(names) == 1:
        return names[0]
    return _("%(some)s and %(last)s") % {"some": ", ".join(names[:-1]), "last": names[-1]}
