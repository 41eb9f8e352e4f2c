"""The carriers the sandbox can be."""

from __future__ import annotations

from .dialect import Dialect
from .holdings import SIP_ENGINE, STRANGER
from .plivo_api import Plivo
from .signalwire_api import SignalWire
from .twilio_api import Twilio

DIALECTS: tuple[Dialect, ...] = (Plivo(), Twilio(), SignalWire())
VOICES = {dialect.slug: dialect.voice for dialect in DIALECTS}
OPERATIONS = (
    *dict.fromkeys(route.operation for dialect in DIALECTS for route in dialect.routes),
    *("callee", "webhook"),  # what a called person does, and how news of calls come
)


def carrier_of(account: str) -> str:
    """The name of the carrier whose account this is."""
    if account == STRANGER:
        return "another customer"
    if account == SIP_ENGINE:
        return "SIP engine"
    found = (dialect.label for dialect in DIALECTS if dialect.accounts.fullmatch(account))
    return next(found, "unknown")


def slug_of(account: str) -> str:
    """The carrier whose account this is. Raises LookupError."""
    found = (dialect.slug for dialect in DIALECTS if dialect.accounts.fullmatch(account))
    slug = next(found, None)
    if slug is None:
        raise LookupError(f"no carrier has accounts like {account}")
    return slug
