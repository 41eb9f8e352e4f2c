"""Rent, told a second time: slowly, in plain Python, without a database. What the real one must agree with.

At every step each number is looked at in order of rank: is something due, is there money for all of it, has
the grace period or the hold run out.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

GRACE, HOLD = timedelta(days=7), timedelta(days=30)


def month_later(anchor: datetime, k: int, zone: tzinfo) -> datetime:
    """k months after the anchor on the same day of the month there, or on the last day it has."""
    here = anchor.astimezone(zone)
    year, month = here.year, here.month + k
    while month > 12:
        year, month = year + 1, month - 12
    last = calendar.monthrange(year, month)[1]
    return here.replace(year=year, month=month, day=min(here.day, last)).astimezone(UTC)


@dataclass
class Twin:
    name: str
    anchor: datetime
    zone: tzinfo
    price: Decimal
    rank: int
    prices: list[tuple[datetime, Decimal]] = field(default_factory=list)  # from a moment on, in order
    auto_renew: bool = True
    paid: int = 1
    state: str = "active"  # then expired, lost, released
    short: datetime | None = None
    expired: datetime | None = None
    log: list[tuple[datetime, str]] = field(default_factory=list)
    charges: list[tuple[int, datetime, Decimal]] = field(default_factory=list)

    def starts(self, k: int) -> datetime:
        return month_later(self.anchor, k, self.zone)

    def cost(self, k: int) -> Decimal:
        price = self.price
        for since, new in self.prices:
            if since <= self.starts(k):
                price = new
        return price

    def due(self, now: datetime) -> list[int]:
        k, due = self.paid, []
        while self.starts(k) <= now:
            due.append(k)
            k += 1
        return due


@dataclass
class TwinShop:
    money: Decimal
    numbers: list[Twin]

    def step(self, now: datetime) -> None:
        for number in sorted(self.numbers, key=lambda n: (n.rank, n.anchor)):
            if number.state in ("active", "expired"):
                self._look(number, now)

    def _look(self, number: Twin, now: datetime) -> None:
        due = number.due(now)
        if not due:
            return
        price = sum((number.cost(k) for k in due), Decimal(0))
        if number.auto_renew and price <= self.money:
            self._pay(number, due, now)
        elif number.state == "expired":
            assert number.expired is not None
            if now >= number.expired + HOLD:
                number.state = "lost"
                number.log.append((now, "lost"))
        elif number.short is None:
            number.short = now
            number.log.append((now, "short"))
        elif now >= number.short + GRACE:
            number.state, number.expired = "expired", now
            number.log.append((now, "expired"))

    def _pay(self, number: Twin, due: list[int], now: datetime) -> None:
        for k in due:
            self.money -= number.cost(k)
            number.charges.append((k, number.starts(k), number.cost(k)))
        if number.short:
            number.log.append((now, "paid"))
        number.paid, number.short, number.expired, number.state = due[-1] + 1, None, None, "active"
