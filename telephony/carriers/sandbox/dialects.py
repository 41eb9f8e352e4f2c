"""The carriers the sandbox can be."""

from __future__ import annotations

from .dialect import Dialect
from .holdings import STRANGER
from .plivo_api import Plivo
from .signalwire_api import SignalWire
from .twilio_api import Twilio

DIALECTS: tuple[Dialect, ...] = (Plivo(), Twilio(), SignalWire())
OPERATIONS = tuple(dict.fromkeys(route.operation for dialect in DIALECTS for route in dialect.routes))


def carrier_of(account: str) -> str:
    """The name of the carrier whose account this is."""
    if account == STRANGER:
        return "another customer"
    found = (dialect.label for dialect in DIALECTS if dialect.accounts.fullmatch(account))
    return next(found, "unknown")
