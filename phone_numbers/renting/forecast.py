"""What rent will do to the wallet: which renewals it covers, which not, and how much is missing.

It plays what ``renewing`` does, in memory. Without money coming in a wallet only gets emptier, and what a
number owes only grows: so a number whose rent could not be paid once stays unpaid, and each is decided once,
in the order of the moments and, within one, of the ranks. Nothing is read number by number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal

from dialnexa import wallet
from dialnexa.models import Workspace
from dialnexa.money import CENT
from phone_numbers.renting.outlook import NOTHING, Claim, Outlook, read_outlook
from phone_numbers.renting.schedule import grace_end, hold_end

DAYS = 60


@dataclass(frozen=True, slots=True)
class Risk:
    """A number whose rent will not be paid, or is not paid already.

    ``amount`` is what it owes then. It works until ``works_until`` (past: it has stopped) and is kept for its
    workspace until ``kept_until``.
    """

    number_id: str
    e164: str
    nickname: str
    auto_renew: bool
    amount: Decimal
    short_at: datetime
    works_until: datetime
    kept_until: datetime

    def act_by(self, now: datetime) -> datetime:
        """When it gets worse: the rent is due, the number stops, or it is lost."""
        ahead = (self.short_at, self.works_until)
        return next((at for at in ahead if at > now), self.kept_until)


@dataclass(frozen=True, slots=True)
class Day:
    """One day in the zone of the workspace, at its end.

    ``rent`` is what falls due on it, ``balance`` what the wallet holds (never below zero), ``wanted`` what it
    would hold if everything were paid: below zero, so much is missing.
    """

    on: date
    rent: Decimal
    calls: Decimal
    balance: Decimal
    wanted: Decimal

    @property
    def missing(self) -> Decimal:
        return max(-self.wanted, NOTHING)


@dataclass(frozen=True, slots=True)
class Forecast:
    """``top_up_needed`` is the least amount, to the cent, that has to come in before ``top_up_by`` for every
    number that renews by itself to be paid; ``top_up_by`` is None when nothing is missing.

    ``calls_per_day`` is what calls are assumed to cost. ``held_up``: numbers about which support decides, or
    which their carrier does not know; they are charged nothing meanwhile. ``left_out``: how many numbers are
    beyond those that are looked at, the ones whose rent is due last.
    """

    currency: str
    opening: Decimal
    calls_per_day: Decimal
    days: Sequence[Day]
    risks: Sequence[Risk]
    top_up_needed: Decimal
    top_up_by: datetime | None
    rentals: int
    held_up: int
    left_out: int

    @property
    def short(self) -> list[Risk]:
        """Those that money would keep."""
        return [risk for risk in self.risks if risk.auto_renew]

    @property
    def switched_off(self) -> list[Risk]:
        """Those that nothing but paying by hand keeps."""
        return [risk for risk in self.risks if not risk.auto_renew]


def forecast(workspace: Workspace, *, now: datetime, days: int = DAYS, calls: bool = True) -> Forecast:
    """Today and the next ``days`` days, for rent and, with ``calls``, for as much of calls as of late.

    Money that comes in, and what is bought or released meanwhile, is not foreseen. A number that its carrier
    has not switched on yet is counted as if it were.
    """
    outlook = read_outlook(workspace, now=now, days=days, calls=calls)
    opening = wallet.balance(workspace)
    played = _Play(outlook, opening)
    found = [_risk(claim) for claim in (*played.failed, *outlook.lapsing())]
    risks = sorted(found, key=lambda risk: (risk.act_by(now), risk.short_at, risk.e164))
    needed = max(played.most_wanted - opening, NOTHING).quantize(CENT, ROUND_CEILING)
    return Forecast(
        currency=workspace.currency,
        opening=opening,
        calls_per_day=outlook.calls_per_day,
        days=played.days,
        risks=risks,
        top_up_needed=needed,
        top_up_by=min((risk.act_by(now) for risk in risks if risk.auto_renew), default=None),
        rentals=len(outlook.rentals),
        held_up=sum(rental.is_held_up for rental in outlook.rentals),
        left_out=outlook.left_out,
    )


def _risk(claim: Claim) -> Risk:
    rental, since, stopped = claim.rental, None, None
    if claim.overdue:
        since, stopped = rental.short_since, rental.expired_at
    works_until = stopped or max(grace_end(since or claim.at), claim.at)
    return Risk(
        number_id=rental.number_id,
        e164=rental.e164,
        nickname=rental.nickname,
        auto_renew=rental.auto_renew,
        amount=claim.amount,
        short_at=since or claim.at,
        works_until=works_until,
        kept_until=max(hold_end(works_until), claim.at),
    )


class _Play:
    """The claims, one after the other, against the wallet: what is paid, what is not, day by day."""

    def __init__(self, outlook: Outlook, opening: Decimal) -> None:
        self.balance, self.spent, self.most_wanted = opening, NOTHING, NOTHING
        self.failed: list[Claim] = []
        self._unpaid: set[str] = set()
        self.days = list(self._live(outlook, opening))

    def _live(self, outlook: Outlook, opening: Decimal) -> Iterator[Day]:
        for day, claims in outlook.by_day():
            rent = NOTHING
            for claim in claims:
                rent += claim.amount
                self._decide(claim)
            self.spent += outlook.calls_per_day
            self.balance = max(self.balance - outlook.calls_per_day, NOTHING)
            yield Day(day, rent, outlook.calls_per_day, self.balance, opening - self.spent)

    def _decide(self, claim: Claim) -> None:
        self.spent += claim.amount
        if claim.amount:
            self.most_wanted = self.spent
        if claim.rental.id in self._unpaid:
            return
        if claim.amount <= self.balance:
            self.balance -= claim.amount
            return
        self._unpaid.add(claim.rental.id)
        self.failed.append(claim)
