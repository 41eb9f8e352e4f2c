"""What tells one carrier's calls from another's: what it asks and tells the application, and how it signs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .calls import Call
from .holdings import Owned
from .obeying import Deed, deeds_of


@dataclass(frozen=True, slots=True)
class Webhook:
    """A POST with form fields. ``says``: what it is about."""

    says: str
    url: str
    fields: Mapping[str, str]

    def claiming(self, **fields: str) -> Webhook:
        """The same with other claims: what a forger would send."""
        return replace(self, fields={**self.fields, **fields})


@dataclass(frozen=True, slots=True)
class InboundUrls:
    answer_url: str
    status_url: str


class Voice(ABC):
    """``secret``: what it signs with, where that is not the accounts' token."""

    secret: str = ""

    @abstractmethod
    def question(self, call: Call) -> Webhook:
        """What to do with the call? Answered with XML."""

    @abstractmethod
    def news(self, call: Call) -> Webhook | None:
        """What the application is told of the stage the call has just reached, if anything."""

    @abstractmethod
    def signature(self, webhook: Webhook, token: str) -> dict[str, str]:
        """The headers that prove who sent it."""

    @abstractmethod
    def inbound_urls(self, owned: Owned, applications: Mapping[str, Mapping[str, Any]]) -> InboundUrls:
        """Who is asked about calls to this number; empty where nobody is."""

    def deeds(self, body: bytes) -> Iterator[Deed]:
        """What the answer to a question says is to be done. Raises ValueError."""
        return deeds_of(body)
