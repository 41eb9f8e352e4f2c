"""What calling a list would cost, and how long it would take: a range, with what was assumed.

Every good row has the price that a call to it has now: ``rate_call`` says it for the rows of a short list,
``rate_intervals`` for those of a long one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from telephony.destinations import Rules
from telephony.models import CarrierSlug
from telephony.rate_intervals import AT_ONCE, RateIntervals, build_intervals
from telephony.rating import CallPrice, rate_call

MINUTES = (1, 3)  # a call, between; every call answered
CALLS = 10  # at once
FEW = 1_000  # rows: asking for each is quicker than building the intervals of a large deck


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
            "calls_at_once": CALLS,
            "minutes": list(self.minutes),
        }


class Tally:
    """Good rows, ``add``ed one by one and priced in blocks by the rates of the moment ``now`` (aware)."""

    def __init__(self, rules: Rules, *, currency: str, now: datetime) -> None:
        self.carrier = CarrierSlug.SIP_TRUNK.value if rules.sip_route else rules.carrier
        self.currency, self.now = currency, now
        self.rows = self.unpriced = 0
        self.low, self.high = Decimal(0), Decimal(0)
        self.numbers: list[str] = []
        self.countries: list[str] = []
        self.intervals: RateIntervals | None = None

    def add(self, e164: str, country: str) -> None:
        """A number (E.164) and its country (ISO)."""
        self.rows += 1
        self.numbers.append(e164)
        self.countries.append(country)
        if len(self.numbers) == AT_ONCE:
            self._price()

    def estimate(self) -> Estimate:
        """Of all rows so far. The first block asks the database."""
        self._price()
        short, long = (-(-self.rows * each // CALLS) for each in MINUTES)
        return Estimate(self.low, self.high, self.currency, self.unpriced, (short, long))

    def _price(self) -> None:
        if self.carrier == CarrierSlug.SIP_TRUNK:
            self._count(self._ask(""), len(self.numbers))  # wherever they go
        elif self.intervals is None and len(self.numbers) <= FEW:
            for number in self.numbers:
                self._count(self._ask(number), 1)
        else:
            self._find()
        self.numbers, self.countries = [], []

    def _ask(self, number: str) -> CallPrice | None:
        return rate_call(number, carrier=self.carrier, currency=self.currency, at=self.now)

    def _find(self) -> None:
        if self.intervals is None:
            self.intervals = build_intervals(self.carrier, self.currency, at=self.now)
        rates = self.intervals
        found = rates.find([number[1:] for number in self.numbers], self.countries)
        priced = found[found >= 0]
        self._count(None, len(found) - len(priced))
        _, first, counts = np.unique(rates.terms_of[priced], return_index=True, return_counts=True)
        for row, count in zip(priced[first].tolist(), counts.tolist(), strict=True):
            self._count(rates.price(row, ""), count)

    def _count(self, price: CallPrice | None, rows: int) -> None:
        if price is None:
            self.unpriced += rows
            return
        low, high = (price.price_of(60 * minutes) for minutes in MINUTES)
        self.low += rows * low
        self.high += rows * high
