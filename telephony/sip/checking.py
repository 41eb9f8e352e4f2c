"""Does this trunk answer? One OPTIONS request, with the digest challenge answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from telephony.sip.hosts import Termination
from telephony.sip.targets import Resolver

Health = Literal["healthy", "unreachable", "unauthorized"]


@dataclass(frozen=True, slots=True)
class Check:
    """What came back. ``code`` and ``reason`` are the SIP reply's, sanitised; ``target`` is who was asked."""

    health: Health
    code: int | None
    reason: str
    sentence: str
    round_trip_ms: int | None
    target: str


def check_trunk(
    termination: Termination,
    *,
    transport: str,
    username: str = "",
    password: str = "",
    deadline: float = 4.5,
    resolver: Resolver | None = None,
) -> Check:
    """Ask the trunk for its OPTIONS. Ends within ``deadline`` seconds, DNS included.

    ``transport``: udp, tcp or tls. Never raises for what goes wrong in the network; raises Refusal when the
    host may not be called (see ``resolve``).
    """
    raise NotImplementedError
