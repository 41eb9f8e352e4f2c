"""Who does something, and through which door. Every verb that changes state takes one as ``by``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dialnexa.models import ApiKey, User


class Channel(StrEnum):
    BROWSER = "browser"
    API = "api"
    STAFF = "staff"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or program. ``name`` is what the history shows; ``request_id`` joins it to the logs."""

    channel: Channel
    name: str
    user: User | None = None
    request_id: str = ""
    api_key: ApiKey | None = None


SYSTEM = Actor(Channel.SYSTEM, "DialNexa")


def system(name: str) -> Actor:
    """An actor for a background process, for example ``system("purchase worker")``."""
    return Actor(Channel.SYSTEM, name)
