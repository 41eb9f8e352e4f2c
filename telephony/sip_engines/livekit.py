"""LiveKit SIP as the engine, by its official API client.

Each call is a room that is named as we name the call. The agent is sent for when the room is made, by
LiveKit's agent dispatch; the called person joins it as a SIP participant, dialled over the customer's trunk,
whose settings go with each request: LiveKit keeps no trunk, and no password, of ours.
``docs/sip-engines.md`` says what has to be set up at LiveKit.
"""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext_noop as _
from google.protobuf.duration_pb2 import Duration
from livekit.protocol.agent_dispatch import RoomAgentDispatch
from livekit.protocol.room import CreateRoomRequest, DeleteRoomRequest, RoomParticipantIdentity
from livekit.protocol.sip import CreateSIPParticipantRequest, SIPOutboundConfig, SIPTransport

from dialnexa.errors import Refusal
from telephony.carriers.base import (
    CarrierError,
    NotFound,
    Outcome,
    Recorder,
    UnexpectedReply,
    Unsupported,
)
from telephony.carriers.voice import (
    Answer,
    CallEvent,
    CallRef,
    DialSip,
    HangUp,
    OutboundCall,
    Rendered,
    Say,
    SignedRequest,
    StreamTo,
)
from telephony.sip import resolve
from telephony.sip_engines import livekit_events as read
from telephony.sip_engines.base import Trunk, TrunkRefuses, TrunkSilent
from telephony.sip_engines.livekit_server import HIDDEN, SLUG, Server

MAKING, DIALLING, ASKING = 3.0, 4.5, 4.0  # seconds for a room, for the call, for a question
EMPTY = 30  # seconds a room waits for its first participant; an agent alone does not keep it
DEPARTED = 5  # seconds it stays when the called person has left
TRANSPORTS = {
    "udp": SIPTransport.SIP_TRANSPORT_UDP,
    "tcp": SIPTransport.SIP_TRANSPORT_TCP,
    "tls": SIPTransport.SIP_TRANSPORT_TLS,
}


class NobodySpeaks(CarrierError):
    code = "agent_missing"
    sentence = _("No agent would speak on this call, so it was not placed.")


class LiveKitEngine:
    """``url``, ``api_key`` and ``api_secret`` of a LiveKit project; ``agent``: its dispatch name there."""

    tells_answers = False
    knows_names = True

    def __init__(
        self, url: str, api_key: str, api_secret: str, agent: str, *, recorder: Recorder | None = None
    ) -> None:
        self._server = Server(url, api_key, api_secret, recorder)
        self._key, self._secret, self._agent = api_key, api_secret, agent

    def place_call(self, call: OutboundCall, trunk: Trunk) -> CallRef:
        """Two requests; only the second one dials, so the first one's failure is certain."""
        _refuse_lost(trunk)
        self._make_room(call)
        self._dial(call, trunk)
        return CallRef(call.name)

    def find_call(self, call_id: str) -> CallEvent | None:
        """While it goes on; LiveKit keeps nothing of a call that is over."""
        asked = RoomParticipantIdentity(room=call_id, identity=call_id)
        try:
            person = self._server.ask(
                "RoomService/GetParticipant",
                asked,
                lambda client: client.room.get_participant(asked),
                seconds=ASKING,
            )
        except NotFound:
            return None
        if person.identity != call_id:
            raise UnexpectedReply("the answer is about somebody else", carrier=SLUG)
        return read.found(person)

    def hang_up(self, call_id: str) -> None:
        """Without its room the call is over; whoever is in it is sent away."""
        asked = DeleteRoomRequest(room=call_id)
        try:
            self._server.ask(
                "RoomService/DeleteRoom", asked, lambda client: client.room.delete_room(asked), seconds=ASKING
            )
        except NotFound:
            return

    def verify(self, request: SignedRequest) -> bool:
        return read.signed_by_livekit(request, self._key, self._secret)

    def parse_event(self, request: SignedRequest) -> CallEvent:
        return read.webhook(request)

    def render(self, answer: Answer) -> Rendered:
        """LiveKit asks nothing: these words go to the agent with the call (see ``place_call``)."""
        return Rendered("application/json", json.dumps(_words(answer)).encode())

    def _make_room(self, call: OutboundCall) -> None:
        if not call.name or not isinstance(call.answer, StreamTo | DialSip):
            raise NobodySpeaks(carrier=SLUG)
        told = {"call_id": call.name, "from": call.from_, "to": call.to} | _words(call.answer)
        agent = RoomAgentDispatch(agent_name=self._agent, metadata=json.dumps(told))
        asked = CreateRoomRequest(
            name=call.name, empty_timeout=EMPTY, departure_timeout=DEPARTED, agents=[agent]
        )
        try:
            self._server.ask(
                "RoomService/CreateRoom", asked, lambda client: client.room.create_room(asked), seconds=MAKING
            )
        except CarrierError as error:
            error.outcome = Outcome.NOT_DONE  # nobody has been dialled
            raise

    def _dial(self, call: OutboundCall, trunk: Trunk) -> None:
        asked = _wanted(call, trunk)
        person = self._server.ask(
            "SIP/CreateSIPParticipant",
            _shown(asked),
            lambda client: client.sip.create_sip_participant(asked),
            seconds=DIALLING,
            password=trunk.password,
        )
        if person.participant_identity != call.name:
            raise UnexpectedReply("the answer is about another call", carrier=SLUG)


def _refuse_lost(trunk: Trunk) -> None:
    """A trunk whose name leads inside is not given to LiveKit, which looks it up itself and asks nobody."""
    try:
        resolve(trunk.termination, trunk.transport)
    except Refusal as error:
        kind = TrunkSilent if error.code == "sip_host_unresolved" else TrunkRefuses
        failure = kind(error.sentence, carrier=SLUG)
        failure.code, failure.sentence = error.code, error.sentence
        raise failure from error


def _wanted(call: OutboundCall, trunk: Trunk) -> CreateSIPParticipantRequest:
    """LiveKit counts the longest duration from dialling on: it ends a call no later than we would."""
    config = SIPOutboundConfig(
        hostname=str(trunk.termination),
        transport=TRANSPORTS[trunk.transport],
        auth_username=trunk.username,
        auth_password=trunk.password,
    )
    return CreateSIPParticipantRequest(
        trunk=config,
        sip_call_to=call.to,
        sip_number=call.from_,
        room_name=call.name,
        participant_identity=call.name,
        ringing_timeout=Duration(seconds=call.ring_seconds),
        max_call_duration=Duration(seconds=call.limit_seconds),
    )


def _shown(asked: CreateSIPParticipantRequest) -> CreateSIPParticipantRequest:
    """For the record."""
    shown = CreateSIPParticipantRequest()
    shown.CopyFrom(asked)
    if shown.trunk.auth_password:
        shown.trunk.auth_password = HIDDEN
    return shown


def _words(answer: Answer) -> dict[str, Any]:
    match answer:
        case StreamTo(url=url):
            return {"action": "connect", "runtime_url": url}
        case DialSip(uri=uri):
            return {"action": "connect", "runtime_url": uri}
        case HangUp():
            return {"action": "hang_up"}
        case Say():
            raise Unsupported("LiveKit speaks no text", carrier=SLUG)
