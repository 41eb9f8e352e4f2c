"""One question to one target: OPTIONS (RFC 3261, 11), with a digest challenge answered."""

from __future__ import annotations

import math
import secrets
import time
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from django.conf import settings

from telephony.sip.digest import Challenge, Credentials, authorize, strongest_challenge
from telephony.sip.hosts import Termination
from telephony.sip.message import NotSip, Reply, build_request, parse_reply
from telephony.sip.targets import Target
from telephony.sip.wire import Channel, Kind, Trouble, connect

METHOD = "OPTIONS"
T1, T2 = 0.5, 4.0  # seconds: the first and the longest wait before a datagram is sent again
MOST_ROUNDS = 5  # challenges in one conversation: a server's and a proxy's, each stale once
MOST_MESSAGES = 500  # to read for one answer; all others are strays
USER = "-_.!~*'()&=+$,;?/"  # what a SIP URI's user holds beside letters and digits

Proof = Literal["not_asked", "missing", "unanswerable", "sent", "wrong"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A final reply and the seconds it took. ``proof``: what became of user name and password."""

    reply: Reply
    seconds: float
    proof: Proof


@dataclass(slots=True)
class Conversation:
    """What the requests of one conversation have in common."""

    channel: Channel
    termination: Termination
    credentials: Credentials | None
    end: float
    call_id: str = field(default_factory=lambda: secrets.token_hex(16))
    tag: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def uri(self) -> str:
        options = {"UDP": ""}.get(self.channel.via, f";transport={self.channel.via.lower()}")
        return f"sip:{self._place}{options}"

    @property
    def caller(self) -> str:
        if self.credentials:
            return f"sip:{quote(self.credentials.username, safe=USER)}@{self._place}"
        return f"sip:options@{settings.SIP_INBOUND_DOMAIN or 'anonymous.invalid'}"

    @property
    def _place(self) -> str:
        text = str(self.termination)
        return f"[{text}]" if ":" in text and self.termination.port is None else text

    def request(self, number: int, branch: str, proofs: list[tuple[str, str]]) -> bytes:
        here, via = self.channel.here, self.channel.via
        headers = [
            ("Via", f"SIP/2.0/{via} {here};rport;branch={branch}"),
            ("Max-Forwards", "70"),
            ("From", f"<{self.caller}>;tag={self.tag}"),
            ("To", f"<sip:{self._place}>"),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {METHOD}"),
            ("Contact", f"<sip:options@{here};transport={via.lower()}>"),
            *proofs,
            ("Accept", "application/sdp"),
            ("User-Agent", settings.PRODUCT_NAME),
        ]
        return build_request(METHOD, self.uri, headers)


def ask(target: Target, termination: Termination, credentials: Credentials | None, end: float) -> Answer:
    """Ask this target, until ``end`` (``time.monotonic()``) at most. Raises Trouble when no answer comes."""
    channel = connect(target, end)
    try:
        return _converse(Conversation(channel, termination, credentials, end))
    finally:
        channel.close()


def _converse(talk: Conversation) -> Answer:
    proofs: dict[tuple[bool, str], tuple[str, str]] = {}
    renewed: set[tuple[bool, str]] = set()
    for number in range(1, MOST_ROUNDS + 1):
        reply, seconds = _transact(talk, number, list(proofs.values()))
        if reply.code not in (401, 407):
            return Answer(reply, seconds, "sent" if proofs else "not_asked")
        challenge = strongest_challenge(reply)
        if talk.credentials is None or challenge is None:
            return Answer(reply, seconds, "unanswerable" if talk.credentials else "missing")
        asked = (challenge.proxy, challenge.realm)
        if asked in proofs and (asked in renewed or not challenge.stale):
            return Answer(reply, seconds, "wrong")
        if asked in proofs:
            renewed.add(asked)
        proofs[asked] = _prove(talk, challenge)
    return Answer(reply, seconds, "unanswerable")


def _prove(talk: Conversation, challenge: Challenge) -> tuple[str, str]:
    assert talk.credentials
    return authorize(challenge, talk.credentials, method=METHOD, uri=talk.uri)


def _transact(talk: Conversation, number: int, proofs: list[tuple[str, str]]) -> tuple[Reply, float]:
    """Send one request, again where it may get lost, until its final reply is there."""
    branch = f"z9hG4bK{secrets.token_hex(12)}"
    sending = _Sending(talk.channel, talk.request(number, branch, proofs), talk.end)
    try:
        return _final(sending, branch, number), time.monotonic() - sending.began
    except Trouble as trouble:
        if proofs and trouble.kind in ("silent", "mute"):
            raise Trouble("silent_after_proof") from None
        raise


def _final(sending: _Sending, branch: str, number: int) -> Reply:
    for _ in range(MOST_MESSAGES):
        data = sending.receive()
        try:
            reply = parse_reply(data)
        except NotSip:
            sending.garbage()
            continue
        if reply and reply.answers(branch, number, METHOD):
            if reply.is_final:
                return reply
            sending.slow_down()
    raise Trouble("not_sip")


class _Sending:
    """A request on its way: Timer E of RFC 3261, 17.1.2 (the end of all waiting stands for Timer F)."""

    def __init__(self, channel: Channel, request: bytes, end: float) -> None:
        self.began = time.monotonic()
        self._channel = channel
        self._request = request
        self._end = end
        self._wait = T1
        self._again = self.began + T1 if channel.resends else math.inf
        self._silence: Kind = "silent" if channel.resends else "mute"
        channel.send(request, end)

    def receive(self) -> bytes:
        """The next message, whatever it is; sends the request again whenever that is due."""
        while True:
            try:
                return self._channel.receive(min(self._end, self._again))
            except Trouble as trouble:
                if trouble.kind != "silent":
                    raise
            if time.monotonic() >= self._end:
                raise Trouble(self._silence)
            self._send_again()

    def slow_down(self) -> None:
        """A provisional reply came: the request has arrived."""
        self._silence = "trying"
        self._wait = T2

    def garbage(self) -> None:
        """What came is not SIP. A datagram may be anybody's; on a stream nothing can follow."""
        if not self._channel.resends:
            raise Trouble("not_sip")
        self._silence = "not_sip"

    def _send_again(self) -> None:
        self._channel.send(self._request, self._end)
        self._wait = min(2 * self._wait, T2)
        self._again = time.monotonic() + self._wait
