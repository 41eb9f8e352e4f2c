"""What the sandbox remembers of numbers, sales and requests, and how it can be told to behave."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

STRANGER = "MASOMEONEELSE0000000"  # the account of “another customer”
SIP_ENGINE = "MASIPENGINE000000000"  # the account of calls over customers' own carriers


@dataclass(frozen=True, slots=True)
class Papers:
    """A compliance application that is looked at until ``due`` (the sandbox's time) and then decided."""

    verdict: str  # accepted or rejected
    due: float

    def status(self, now: float) -> str:
        return self.verdict if now >= self.due else "submitted"


@dataclass(frozen=True, slots=True)
class Owned:
    """A number somebody has. ``settings`` is what else the carrier was told of it, in the carrier's words."""

    number: str
    account: str
    at: float  # seconds since 1970, by the sandbox's clock
    app_id: str = ""
    alias: str = ""
    papers: Papers | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> uuid.UUID:
        """Another one for every time it was sold."""
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{self.account}/{self.number}/{self.at}")

    def told(self, changes: Mapping[str, Any]) -> Owned:
        """With these fields; ``settings`` among them are added to those there are."""
        settings = {**self.settings, **changes.get("settings", {})}
        return replace(self, **{**changes, "settings": settings})


@dataclass(frozen=True, slots=True)
class Sale:
    """``nth`` counts all sales of the number; ``while_owned``: the buyer had it already and pays twice."""

    number: str
    account: str
    at: float
    nth: int
    while_owned: bool


@dataclass(frozen=True, slots=True)
class Mode:
    """``repeat_purchase``: what buying a number one already owns does. ``credit``: USD of a new account.

    ``longest_page`` shortens the pages of lists. SignalWire's document and its live API spell a search result
    differently: ``signalwire_search`` says which it is; it takes numbers back after ``signalwire_hold`` days.
    ``lists`` says how the list of owned numbers is: whole, short of its last number, or of another length on
    each page. Calls ring and talk for so many seconds, each of which lasts ``call_pace`` real ones.
    """

    repeat_purchase: str = "not_found"  # or sell_again
    charge_purchases: bool = False
    credit: str = "1000.00000"
    longest_page: int = 1000
    signalwire_search: str = "documented"  # or live
    signalwire_hold: int = 14
    lists: str = "whole"  # or short, shifting
    ring_seconds: float = 1.0
    talk_seconds: float = 20.0
    call_pace: float = 1.0

    def __post_init__(self) -> None:
        if self.repeat_purchase not in ("not_found", "sell_again"):
            raise ValueError("repeat_purchase is not_found or sell_again")
        if not (isinstance(self.charge_purchases, bool) and Decimal(self.credit).is_finite()):
            raise ValueError("charge_purchases is true or false, credit an amount")
        if self.signalwire_search not in ("documented", "live"):
            raise ValueError("signalwire_search is documented or live")
        if self.lists not in ("whole", "short", "shifting"):
            raise ValueError("lists are whole, short or shifting")
        if not (_whole(self.longest_page, 1, 1000) and _whole(self.signalwire_hold, 0, 365)):
            raise ValueError("longest_page goes from 1 to 1000, signalwire_hold from 0 to 365 days")
        if not all(
            0 <= seconds <= 3600 for seconds in (self.ring_seconds, self.talk_seconds, self.call_pace)
        ):
            raise ValueError("ring_seconds, talk_seconds and call_pace go from 0 to 3600")


@dataclass(frozen=True, slots=True)
class SeenRequest:
    at: float
    account: str
    method: str
    path: str
    result: str
    fault: str


def _whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
