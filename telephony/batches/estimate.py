"""What calling a list would cost, and how long it would take: a range, with what was assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models.functions import Length

from telephony.fast_e164 import HEAD
from telephony.models import CallRate, CarrierSlug
from telephony.rates import sip_rate

MINUTES = (1, 3)  # a call, between; every call answered
AT_ONCE = 10  # calls
Rate = tuple[Decimal, Decimal]  # a minute, the connection
Heads = Mapping[tuple[str, str], int]  # (country, "+" and the first digits) → good rows


@dataclass(frozen=True, slots=True)
class Estimate:
    """``unpriced`` are the rows no rate is known for; they are not in the cost."""

    low: Decimal
    high: Decimal
    currency: str
    unpriced: int
    minutes: tuple[int, int]  # how long the whole list takes

    def as_json(self) -> dict[str, Any]:
        return {
            "low": str(self.low),
            "high": str(self.high),
            "currency": self.currency,
            "unpriced": self.unpriced,
            "minutes_per_call": list(MINUTES),
            "calls_at_once": AT_ONCE,
            "minutes": list(self.minutes),
        }


def estimate_batch(heads: Heads, *, carrier: str, over_sip: bool, currency: str, now: datetime) -> Estimate:
    """``heads`` are the good rows. By the rates of ``now``; two queries."""
    flat = sip_rate(currency, now=now) if over_sip or carrier == CarrierSlug.SIP_TRUNK else None
    rates = {} if flat else _rates(carrier, currency, {country for country, _ in heads}, now)
    low, high, unpriced = Decimal(0), Decimal(0), 0
    for (country, head), count in heads.items():
        rate = (flat.per_minute, Decimal(0)) if flat else _longest(rates.get(country, {}), head[1:])
        if rate is None:
            unpriced += count
            continue
        minute, fee = rate
        low += count * (MINUTES[0] * minute + fee)
        high += count * (MINUTES[1] * minute + fee)
    takes = [-(-sum(heads.values()) * each // AT_ONCE) for each in MINUTES]
    return Estimate(low, high, currency, unpriced, (takes[0], takes[1]))


def _longest(rates: Mapping[str, Rate], digits: str) -> Rate | None:
    return next((rates[digits[:n]] for n in range(len(digits), -1, -1) if digits[:n] in rates), None)


def _rates(carrier: str, currency: str, countries: set[str], now: datetime) -> dict[str, dict[str, Rate]]:
    """Country → prefix → price of a minute and of the connection, of the latest rate that has begun.

    Prefixes longer than the counted digits are left out: the estimate is one by the first six digits.
    """
    begun = CallRate.objects.alias(digits=Length("prefix")).filter(
        network_group__carrier=carrier,
        network_group__country__in=countries,
        currency=currency,
        direction=CallRate.Direction.OUTBOUND,
        valid_from__lte=now,
        digits__lt=HEAD,
    )
    found: dict[str, dict[str, Rate]] = {}
    columns = ("network_group__country", "prefix", "per_minute", "connection_fee")
    for country, prefix, minute, fee in begun.order_by("valid_from", "pk").values_list(*columns):
        found.setdefault(country, {})[prefix] = (minute, fee)
    return found
