"""What tells one carrier's API from another's: its paths, its credentials, its words for no.

A carrier is a Dialect and its handlers; who asks, what breaks and what is remembered is the same for all
(``carrier_api``).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, ClassVar

from .context import Context, Request
from .faults import Kind
from .holdings import Owned
from .inventory import StockNumber
from .voice import Voice
from .wire import Answer

Handler = Callable[[Context], Answer]


class No(Enum):
    """Why a carrier refuses."""

    STRANGER = auto()  # wrong credentials
    NOT_FOUND = auto()
    BAD = auto()  # it can't be understood
    BROKEN = auto()  # a fault of the carrier's own
    TOO_MANY = auto()
    GONE = auto()  # somebody else has the number
    NO_CREDIT = auto()
    PAPERS = auto()
    TOO_EARLY = auto()  # to be released


class Refused(Exception):  # noqa: N818  # an answer, not a mistake
    """Raised by a handler whose answer is no. ``text`` replaces the carrier's usual words."""

    def __init__(self, why: No, text: str = "") -> None:
        super().__init__(why, text)
        self.why, self.text = why, text


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` is a pattern below the account's address; its first group names what the request is about.

    ``asks`` is an argument without which the route does not apply.
    """

    operation: str
    method: str
    path: str
    handler: Handler
    asks: str = ""

    def match(self, request: Request, rest: str) -> re.Match[str] | None:
        if request.method != self.method or (self.asks and not request.query.get(self.asks)):
            return None
        return re.fullmatch(self.path, rest)


class Dialect(ABC):
    """One carrier's API. ``accounts`` is what the names of its accounts look like."""

    slug: ClassVar[str]
    label: ClassVar[str]
    accounts: ClassVar[re.Pattern[str]]
    routes: ClassVar[tuple[Route, ...]]
    voice: ClassVar[Voice]
    verdicts: ClassVar[Mapping[Kind, str]] = {}  # what becomes of the papers of a number that is sold

    @abstractmethod
    def speaks(self, path: str) -> bool:
        """Whether this address is one of the carrier's."""

    @abstractmethod
    def below(self, path: str, account: str) -> str | None:
        """What follows the account's address in ``path``; None when it is another account's."""

    @abstractmethod
    def refuse(self, why: No, text: str = "") -> Answer: ...

    @abstractmethod
    def id_of(self, owned: Owned) -> str:
        """The carrier's own id of a number that was sold."""

    @abstractmethod
    def cost(self, item: StockNumber) -> str:
        """What the number costs today, in US dollars."""

    def fields(self, request: Request) -> dict[str, Any]:
        """What the body says. Raises ValueError."""
        return request.json()

    def wanted(self, request: Request, named: str) -> str:
        """The digits of the number that is being bought, as far as they can be read."""
        return named

    @abstractmethod
    def called(self, request: Request) -> str:
        """The digits of the number that is to be called, as far as they can be read."""

    def has_papers(self, request: Request) -> bool:
        """Whether papers came with a purchase."""
        return False
