"""Over what a call leaves: the carrier of its number, or the engine for customers' own carriers."""

from __future__ import annotations

from typing import Protocol

from telephony.carriers import get_carrier
from telephony.carriers.base import CarrierError, Recorder
from telephony.carriers.voice import CallEvent, CallRef, OutboundCall
from telephony.models import Call, CarrierSlug, Direction


class Line(Protocol):
    """What calls that are on need of a carrier (see ``telephony.carriers.voice.Voice``)."""

    def place_call(self, call: OutboundCall) -> CallRef: ...

    def find_call(self, call_id: str) -> CallEvent | None: ...

    def hang_up(self, call_id: str) -> None: ...


class OnlyTells(CarrierError):
    """The engine asks who takes a call and tells what became of it; it takes no orders."""

    code = "engine_only_tells"
    sentence = "The SIP engine that carries this call ends it by itself when somebody hangs up."


class TellingEngine:
    """The line of calls that an engine brought in (see ``phone_numbers.inbound.lookup``)."""

    def place_call(self, call: OutboundCall) -> CallRef:
        raise OnlyTells

    def find_call(self, call_id: str) -> CallEvent | None:
        """Nobody can be asked: what is known is what was told."""
        return None

    def hang_up(self, call_id: str) -> None:
        raise OnlyTells


def line_of(call: Call, *, recorder: Recorder | None = None) -> Line:
    """Raises LookupError when the call's carrier is not configured."""
    if call.carrier == CarrierSlug.SIP_TRUNK and call.direction == Direction.INBOUND:
        return TellingEngine()
    return get_carrier(call.carrier, recorder=recorder)
