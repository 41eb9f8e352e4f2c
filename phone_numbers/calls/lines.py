"""Over what a call leaves: the carrier of its number, or the engine for customers' own carriers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from django.utils.translation import gettext_noop as _

from dialnexa.sealing import SealBroken
from phone_numbers.linking.settings import TrunkSettings, settings_of
from phone_numbers.models import SipTrunk
from telephony.carriers import get_carrier
from telephony.carriers.base import CarrierError, Recorder
from telephony.carriers.voice import (
    Answer,
    CallEvent,
    CallRef,
    OutboundCall,
    Rendered,
    SignedRequest,
)
from telephony.models import Call, CarrierSlug, Direction
from telephony.sip_engines import SipEngine, Trunk, get_engine


class Line(Protocol):
    """What calls that are on need of a carrier (see ``telephony.carriers.voice.Voice``)."""

    def place_call(self, call: OutboundCall) -> CallRef: ...

    def find_call(self, call_id: str) -> CallEvent | None: ...

    def find_placed(self, to: str, from_: str) -> Sequence[CallEvent]: ...

    def hang_up(self, call_id: str) -> None: ...


class Listener(Protocol):
    """What webhooks about placed calls need of a carrier or an engine."""

    def verify(self, request: SignedRequest) -> bool: ...

    def parse_event(self, request: SignedRequest) -> CallEvent: ...

    def render(self, answer: Answer) -> Rendered: ...


class OnlyTells(CarrierError):
    """The engine asks who takes a call and tells what became of it; it takes no orders."""

    code = "engine_only_tells"
    sentence = _("The SIP engine that carries this call ends it by itself when somebody hangs up.")


class TellingEngine:
    """The line of calls that an engine brought in (see ``phone_numbers.inbound.lookup``)."""

    def place_call(self, call: OutboundCall) -> CallRef:
        raise OnlyTells

    def find_call(self, call_id: str) -> CallEvent | None:
        """Nobody can be asked: what is known is what was told."""
        return None

    def find_placed(self, to: str, from_: str) -> Sequence[CallEvent]:
        return ()

    def hang_up(self, call_id: str) -> None:
        raise OnlyTells


class PasswordLost(CarrierError):
    code = "sip_password_lost"
    sentence = _("The password of this number's SIP trunk can't be read any more. Enter it again.")


class TrunkLine:
    """A number's own carrier, dialled by the engine. The password is opened when it is needed."""

    def __init__(self, engine: SipEngine, call: Call) -> None:
        self._engine, self._number_id, self._name = engine, call.number_id, call.pk

    def place_call(self, call: OutboundCall) -> CallRef:
        known = self._settings()
        trunk = Trunk(known.termination, known.transport, known.username, known.password)
        return self._engine.place_call(replace(call, from_=known.caller_id or call.from_), trunk)

    def find_call(self, call_id: str) -> CallEvent | None:
        return self._engine.find_call(call_id)

    def find_placed(self, to: str, from_: str) -> Sequence[CallEvent]:
        """Engines keep no list. One that knows our name for the call is asked for that one."""
        found = self._engine.find_call(self._name) if self._engine.knows_names else None
        return (found,) if found else ()

    def hang_up(self, call_id: str) -> None:
        self._engine.hang_up(call_id)

    def _settings(self) -> TrunkSettings:
        try:
            return settings_of(SipTrunk.objects.get(number_id=self._number_id))
        except SealBroken as error:
            raise PasswordLost(carrier=CarrierSlug.SIP_TRUNK.value) from error


def line_of(call: Call, *, recorder: Recorder | None = None) -> Line:
    """Raises LookupError when the call's carrier is not configured."""
    if call.carrier != CarrierSlug.SIP_TRUNK:
        return get_carrier(call.carrier, recorder=recorder)
    if call.direction == Direction.INBOUND:
        return TellingEngine()
    return TrunkLine(get_engine(recorder=recorder), call)


def listener_of(carrier: str) -> Listener:
    """Who reads webhooks about calls that leave over ``carrier`` (a slug). Raises LookupError."""
    return get_engine() if carrier == CarrierSlug.SIP_TRUNK else get_carrier(carrier)
