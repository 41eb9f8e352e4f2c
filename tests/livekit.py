"""A stand-in for a LiveKit server, on loopback: its documented API as far as calls use it, and its webhooks.

It checks what LiveKit checks: the token's signature, issuer, times and grants, and that bodies are protobuf.
Calls do what a test says; nothing is dialled.
"""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import jwt
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import DecodeError, Message
from livekit.api import AccessToken
from livekit.protocol.models import DisconnectReason, ParticipantInfo, Room
from livekit.protocol.room import (
    CreateRoomRequest,
    DeleteRoomRequest,
    DeleteRoomResponse,
    RoomParticipantIdentity,
)
from livekit.protocol.sip import CreateSIPParticipantRequest, SIPParticipantInfo
from livekit.protocol.webhook import WebhookEvent

KEY, SECRET = "APIstandin0000", "standin-secret-0123456789-0123456789"
ASKED: dict[str, type[Message]] = {
    "RoomService/CreateRoom": CreateRoomRequest,
    "RoomService/DeleteRoom": DeleteRoomRequest,
    "RoomService/GetParticipant": RoomParticipantIdentity,
    "SIP/CreateSIPParticipant": CreateSIPParticipantRequest,
}


class Refused(Exception):
    """An error as Twirp tells it."""

    def __init__(self, status: int, code: str, message: str = "", **meta: str) -> None:
        super().__init__(code)
        self.status = status
        self.body = json.dumps({"code": code, "msg": message, "meta": meta}).encode()


@dataclass
class Fault:
    """Of the next request to ``method``: ``before`` or ``after`` it took effect."""

    method: str
    kind: str  # silent, drip, reset, or an answer: refused
    after: bool = False
    refused: Refused | None = None


@dataclass
class LiveKit:
    """``dialled``: every call that ever rang, in turn; ``people``: those in rooms now."""

    port: int = 0
    rooms: dict[str, CreateRoomRequest] = field(default_factory=dict)
    people: dict[str, ParticipantInfo] = field(default_factory=dict)
    dialled: list[CreateSIPParticipantRequest] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    serial: int = 0
    tell_time: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def breaks(self, method: str, kind: str, *, after: bool = False, refused: Refused | None = None) -> None:
        self.faults.append(Fault(method, kind, after, refused))

    # --- what the API does

    def do(self, method: str, asked: Any) -> Message:
        match method:
            case "RoomService/CreateRoom":
                self.rooms.setdefault(asked.name, asked)
                return Room(name=asked.name, sid="RM_1")
            case "RoomService/DeleteRoom":
                if not self.rooms.pop(asked.room, None):
                    raise Refused(404, "not_found", "requested room does not exist")
                self.leaves(asked.room, DisconnectReason.ROOM_DELETED, tell=False)
                return DeleteRoomResponse()
            case "RoomService/GetParticipant":
                if asked.identity not in self.people:
                    raise Refused(404, "not_found", "participant does not exist")
                return self.people[asked.identity]
        return self._dial(asked)

    def _dial(self, asked: CreateSIPParticipantRequest) -> Message:
        self.dialled.append(asked)
        attributes = {"sip.callStatus": "dialing", "sip.phoneNumber": asked.sip_call_to}
        self.people[asked.participant_identity] = ParticipantInfo(
            sid="PA_1",
            identity=asked.participant_identity,
            kind=ParticipantInfo.Kind.SIP,
            attributes=attributes,
            joined_at=int(self.tell_time().timestamp()),
        )
        return SIPParticipantInfo(
            participant_id="PA_1",
            participant_identity=asked.participant_identity,
            room_name=asked.room_name,
            sip_call_id="SCL_1",
        )

    # --- what people do

    def status(self, call_id: str, status: str) -> None:
        """dialing, ringing, active or hangup: no webhook tells of it."""
        self.people[call_id].attributes["sip.callStatus"] = status

    def leaves(self, call_id: str, reason: DisconnectReason, *, tell: bool = True) -> ParticipantInfo | None:
        person = self.people.pop(call_id, None)
        if person:
            person.disconnect_reason = reason
        return person

    # --- webhooks

    def event(self, name: str, call_id: str, person: ParticipantInfo, at: float) -> str:
        self.serial += 1
        told = WebhookEvent(
            event=name,
            id=f"EV_{self.serial}",
            created_at=int(at),
            participant=person,
            room=Room(name=call_id),
        )
        return MessageToJson(told)

    def post(self, url: str, body: str, *, token: str | None = None) -> httpx.Response:
        headers = {
            "content-type": "application/webhook+json",
            "authorization": signed(body) if token is None else token,
        }
        return httpx.post(url, content=body.encode(), headers=headers, trust_env=False, timeout=20)


def signed(
    body: str, *, key: str = KEY, secret: str = SECRET, valid: timedelta = timedelta(minutes=5)
) -> str:
    digest = b64encode(sha256(body.encode()).digest()).decode()
    return AccessToken(key, secret).with_ttl(valid).with_sha256(digest).to_jwt()


@contextmanager
def livekit() -> Iterator[LiveKit]:
    state = LiveKit()
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: _Handler(state, *args))
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.over.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, state: LiveKit, *args: Any) -> None:
        self.state = state
        super().__init__(*args)

    def do_POST(self) -> None:
        method = self.path.removeprefix("/twirp/livekit.")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.state.heard.append(method)
        fault = next((fault for fault in self.state.faults if fault.method == method), None)
        if fault:
            self.state.faults.remove(fault)
        try:
            answer = self._done(method, body, fault)
        except Refused as refused:
            self._send(refused.status, refused.body, "application/json")
            return
        if fault and fault.kind == "elsewhere":
            self._redirect()
        elif fault and fault.kind == "drip":
            self._drip(answer)
        elif fault and fault.kind == "garbage":
            self._send(200, b"\xff\xff\xff", "application/protobuf")
        elif fault and fault.kind == "silent":
            self.state.over.wait(20)
        else:
            self._send(200, answer, "application/protobuf")

    def _done(self, method: str, body: bytes, fault: Fault | None) -> bytes:
        asked = self._read(method, body)
        if fault and not fault.after:
            if fault.kind == "silent":
                self.state.over.wait(20)
            raise fault.refused or Refused(500, "internal", "a fault that was asked for")
        answer = self.state.do(method, asked).SerializeToString()
        if fault and fault.refused:
            raise fault.refused
        return answer

    def _read(self, method: str, body: bytes) -> Any:
        if method not in ASKED:
            raise Refused(404, "bad_route")
        if self.headers["Content-Type"] != "application/protobuf":
            raise Refused(404, "bad_route", "unexpected Content-Type")
        try:
            asked = ASKED[method].FromString(body)
        except DecodeError as error:
            raise Refused(400, "malformed") from error
        self._let_in(method, asked)
        return asked

    def _let_in(self, method: str, asked: Any) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, SECRET, algorithms=["HS256"], issuer=KEY, options={"require": ["exp"]})
        except jwt.PyJWTError as error:
            raise Refused(401, "unauthenticated", "invalid token") from error
        video, sip = claims.get("video", {}), claims.get("sip", {})
        may: dict[str, Callable[[], bool]] = {
            "RoomService/CreateRoom": lambda: video.get("roomCreate"),
            "RoomService/DeleteRoom": lambda: video.get("roomCreate"),
            "RoomService/GetParticipant": lambda: video.get("roomAdmin") and video.get("room") == asked.room,
            "SIP/CreateSIPParticipant": lambda: sip.get("call"),
        }
        if not may[method]():
            raise Refused(403, "permission_denied", "permissions denied")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _redirect(self) -> None:
        self.send_response(307)
        self.send_header("Location", f"http://localhost:{self.state.port}{self.path}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _drip(self, body: bytes) -> None:
        """A byte now and then: no single read ever times out."""
        self.send_response(200)
        self.send_header("Content-Type", "application/protobuf")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for byte in body:
            if self.state.over.wait(0.5):
                return
            try:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
            except OSError:
                return

    def log_message(self, format: str, *args: Any) -> None:
        return
