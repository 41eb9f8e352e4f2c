"""What dials over a customer's own carrier: the values it is given, and the verbs every engine offers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from django.utils.translation import gettext_noop as _

from telephony.carriers.base import CarrierError, Outcome, TransportError
from telephony.carriers.voice import Answer, CallEvent, CallRef, OutboundCall, Rendered, SignedRequest
from telephony.sip.hosts import Termination


@dataclass(frozen=True, slots=True)
class Trunk:
    """Where the customer's carrier takes calls and as whom. No ``username``: it knows us by our address."""

    termination: Termination
    transport: str  # udp, tcp or tls
    username: str = ""
    password: str = field(default="", repr=False)


class TrunkRefuses(CarrierError):
    code = "sip_trunk_unauthorized"
    sentence = _("The SIP trunk does not let us in.")


class TrunkSilent(TransportError):
    outcome = Outcome.NOT_DONE
    code = "sip_trunk_unreachable"


class CallRefused(CarrierError):
    code = "sip_call_refused"
    sentence = _("The carrier behind the SIP trunk did not place the call.")


class SipEngine(Protocol):
    """As ``telephony.carriers.voice.Voice``, but that calls leave over a trunk. The same errors.

    ``tells_answers``: its webhooks say when somebody picks up; else it is asked every few seconds while it
    rings. ``knows_names``: ``find_call`` takes ``OutboundCall.name``, so that doubts can be settled.
    No password may get into an error, a log or what the recorder is told.
    """

    tells_answers: bool
    knows_names: bool

    def place_call(self, call: OutboundCall, trunk: Trunk) -> CallRef:
        """UNKNOWN means that it may ring: look, or wait for a webhook, before doing anything else."""

    def find_call(self, call_id: str) -> CallEvent | None:
        """How the call is or went; None only when the engine definitely does not know it."""

    def hang_up(self, call_id: str) -> None:
        """End the call, or stop it from ringing. One that is over already counts as ended."""

    def verify(self, request: SignedRequest) -> bool:
        """Whether the engine itself sent this, in constant time. Never raises, whatever the request is."""

    def parse_event(self, request: SignedRequest) -> CallEvent:
        """Raises ValueError for what is not a call's webhook."""

    def render(self, answer: Answer) -> Rendered:
        """The engine's words for what to do with the call."""
