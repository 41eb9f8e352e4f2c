"""Whether a call comes from a host: by the addresses DNS gives it, remembered for a while.

A caller waits for this, so names are looked up for a second at most, and what was known stays good while DNS
does not answer.
"""

from __future__ import annotations

import contextlib
import threading
import time
from ipaddress import ip_address

from dialnexa.addresses import unwrap
from dialnexa.errors import Refusal
from telephony.sip.hosts import Termination
from telephony.sip.targets import resolve

FRESH = 60.0  # seconds
AGAIN = 5.0  # seconds until a host of which DNS said nothing is looked up again: others wait, too
PATIENCE = 1.0  # seconds for looking a name up
MOST = 10_000  # hosts

_known: dict[tuple[Termination, str], tuple[float, frozenset[str] | None]] = {}  # None: DNS was silent
_changing = threading.Lock()


class Unresolved(Exception):
    """DNS did not say where the host is, and nothing is remembered of it."""


def comes_from(address: str, termination: Termination, transport: str) -> bool:
    """Whether ``address`` is one of the host's. False for what is no address. Raises Unresolved."""
    try:
        source = str(unwrap(ip_address(address)))
    except ValueError:
        return False
    return source in _addresses(termination, transport)


def _addresses(termination: Termination, transport: str) -> frozenset[str]:
    key, now = (termination, transport), time.monotonic()
    at, found = _known.get(key, (now - AGAIN, None))
    if now - at >= (AGAIN if found is None else FRESH):
        with contextlib.suppress(Refusal):
            found = _looked_up(termination, transport)
        _remember(key, now, found)
    if found is None:
        raise Unresolved
    return found


def _looked_up(termination: Termination, transport: str) -> frozenset[str]:
    """Empty where DNS knows no such host, or one that may not be called. Raises Refusal without an answer."""
    try:
        targets = resolve(termination, transport, seconds=PATIENCE)
    except Refusal as error:
        if error.status == 502:  # it did not answer
            raise
        return frozenset()
    return frozenset(target.address for target in targets)


def _remember(key: tuple[Termination, str], now: float, found: frozenset[str] | None) -> None:
    with _changing:
        if len(_known) >= MOST:
            _known.clear()
        _known[key] = (now, found)
