"""Over what a call leaves: the carrier of its number, or the engine for customers' own carriers."""

from __future__ import annotations

from telephony.carriers import get_carrier
from telephony.carriers.base import Recorder
from telephony.carriers.voice import Voice
from telephony.models import Call


def line_of(call: Call, *, recorder: Recorder | None = None) -> Voice:
    """Raises LookupError when the call's carrier is not configured."""
    return get_carrier(call.carrier, recorder=recorder)
