"""Calls at a carrier: the values an adapter exchanges, and the verbs every carrier offers for them.

Placing a call has no idempotency key at any carrier. The caller puts a one-time token into ``answer_url`` and
``status_url``: the first webhook that carries it proves that a doubtful call was placed, and names it. Where
none ever comes, ``find_placed`` tells what the carrier carried between the two numbers.

Webhooks and answers are pure: no network, no models. A webhook is read only after ``verify`` said yes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OutboundCall:
    """One call to place. Both numbers are E.164; the URLs are public and are asked by POST."""

    to: str
    from_: str
    answer_url: str  # asked what to do once somebody answers
    status_url: str  # told that it rings, is answered and ends
    ring_seconds: int = 45
    limit_seconds: int = 14_400  # the carrier hangs up by itself; SignalWire can't be told to
    name: str = ""  # ours for it: only engines that let calls be named use it
    answer: Answer | None = None  # what happens once somebody answers: for engines that don't ask


@dataclass(frozen=True, slots=True)
class CallRef:
    """The carrier's name for a call: Plivo's request UUID, Twilio's and SignalWire's CallSid."""

    id: str


class CallState(StrEnum):
    QUEUED = "queued"
    RINGING = "ringing"
    ANSWERED = "answered"
    COMPLETED = "completed"  # was answered, has ended
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        return self not in (CallState.QUEUED, CallState.RINGING, CallState.ANSWERED)


@dataclass(frozen=True, slots=True)
class CallEvent:
    """What a webhook, or a look-up, says about one call. Seconds are whole; None: it does not say."""

    call_id: str  # as in CallRef
    state: CallState
    direction: str  # "inbound" or "outbound"
    from_: str  # E.164 where it is one, else as the carrier wrote it (a SIP address, "anonymous")
    to: str
    duration: int | None = None  # seconds spoken
    billed: int | None = None  # seconds the carrier bills
    cause: str = ""  # why it ended, in the carrier's words
    cost: Decimal | None = None  # what the carrier charges us
    began: datetime | None = None  # when the carrier took it; look-ups alone say so
    key: str = ""  # tells this event from the call's others; the same for a repetition
    at: datetime | None = None  # when it happened, where a webhook says so


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A webhook as it came. ``url`` is the public one the carrier was given, never one rebuilt from Host."""

    method: str
    url: str
    headers: Mapping[str, str]  # names in small letters
    body: bytes


@dataclass(frozen=True, slots=True)
class StreamTo:
    """Both directions of the sound over a web socket. ``values`` are handed to its far end."""

    url: str  # wss://…
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DialSip:
    uri: str  # sip:user@host…
    caller_id: str = ""  # E.164
    ring_seconds: int = 30


@dataclass(frozen=True, slots=True)
class Say:
    """Speak ``text`` (``times`` over, with a pause between), then hang up."""

    text: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class HangUp:
    """End it. ``busy`` (inbound calls only): as if engaged, without answering, so that nobody pays."""

    busy: bool = False


Answer = StreamTo | DialSip | Say | HangUp


@dataclass(frozen=True, slots=True)
class Rendered:
    content_type: str
    body: bytes


class Voice(Protocol):
    """All but the pure ones raise CarrierError; ``place_call`` is one request and is never repeated."""

    def place_call(self, call: OutboundCall) -> CallRef:
        """UNKNOWN means that it may ring: look, or wait for a webhook, before doing anything else."""

    def find_call(self, call_id: str) -> CallEvent | None:
        """How the call is or went; None only when the carrier definitely does not know it."""

    def find_placed(self, to: str, from_: str) -> Sequence[CallEvent]:
        """The latest calls that were placed from one of our numbers to another one (both E.164), however they
        are or went. Plivo tells only of those that are over.
        """

    def hang_up(self, call_id: str) -> None:
        """End the call, or stop it from ringing. One that is over already counts as ended."""

    def verify(self, request: SignedRequest) -> bool:
        """Whether the carrier itself sent this, in constant time. Never raises, whatever the request is."""

    def parse_event(self, request: SignedRequest) -> CallEvent:
        """Raises ValueError for what is not a call's webhook."""

    def render(self, answer: Answer) -> Rendered:
        """The carrier's XML for what to do with the call."""
