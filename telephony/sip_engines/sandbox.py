"""The sandbox as a SIP engine, for the demo and for tests.

It speaks the call API the sandbox has already, Plivo's, on an account of its own, and asks the trunk for its
OPTIONS before each call: a trunk that does not answer, or refuses the password, is found out as at a real
engine. People who are called behave as the sandbox's page says.
"""

from __future__ import annotations

from dialnexa.errors import Refusal
from telephony.carriers.api import CarrierAPI
from telephony.carriers.base import CarrierError, Recorder
from telephony.carriers.http import CarrierHTTP, Timeouts
from telephony.carriers.plivo_calls import PlivoVoice
from telephony.carriers.plivo_objects import refusal
from telephony.carriers.sandbox.holdings import SIP_ENGINE
from telephony.carriers.voice import Answer, CallEvent, CallRef, OutboundCall, Rendered, SignedRequest
from telephony.models import CarrierSlug
from telephony.sip import Check, check_trunk
from telephony.sip_engines.base import Trunk, TrunkRefuses, TrunkSilent

SLUG = CarrierSlug.SIP_TRUNK.value
ASKING = 3.0  # seconds for the trunk
TELLING = Timeouts(deadline=5.0, connect=2.0)


class SandboxEngine:
    """``base_url``: the sandbox's; ``token``: what its requests and webhooks are signed with."""

    tells_answers = True
    knows_names = False

    def __init__(self, base_url: str, token: str, *, recorder: Recorder | None = None) -> None:
        address = f"{base_url.rstrip('/')}/v1/Account/{SIP_ENGINE}"
        http = CarrierHTTP(
            SLUG, address, (SIP_ENGINE, token), secrets={}, timeouts=TELLING, recorder=recorder
        )
        self._voice = PlivoVoice(CarrierAPI(http, refusal), token)

    def place_call(self, call: OutboundCall, trunk: Trunk) -> CallRef:
        _refuse_unanswered(_asked(trunk))
        return self._voice.place_call(call)

    def find_call(self, call_id: str) -> CallEvent | None:
        return self._voice.find_call(call_id)

    def hang_up(self, call_id: str) -> None:
        self._voice.hang_up(call_id)

    def verify(self, request: SignedRequest) -> bool:
        return self._voice.verify(request)

    def parse_event(self, request: SignedRequest) -> CallEvent:
        return self._voice.parse_event(request)

    def render(self, answer: Answer) -> Rendered:
        return self._voice.render(answer)


def _asked(trunk: Trunk) -> Check:
    try:
        return check_trunk(
            trunk.termination,
            transport=trunk.transport,
            username=trunk.username,
            password=trunk.password,
            deadline=ASKING,
        )
    except Refusal as error:
        raise _told(TrunkRefuses(carrier=SLUG), error.sentence) from error


def _refuse_unanswered(found: Check) -> None:
    if found.health == "unauthorized":
        raise _told(TrunkRefuses(carrier=SLUG), found.sentence)
    if found.health != "healthy":
        raise _told(TrunkSilent(carrier=SLUG), found.sentence)


def _told(error: CarrierError, sentence: str) -> CarrierError:
    """The error with what the trunk's check found."""
    error.sentence = sentence
    return error
