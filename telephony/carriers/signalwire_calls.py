"""Calls over SignalWire's Compatibility API: as Twilio's, with other names, webhooks and signatures."""

from __future__ import annotations

from .signalwire_objects import NUMBER_ID
from .signatures import signed_by_signalwire
from .twilio_calls import Form, TwilioVoice
from .twilio_events import webhook
from .twiml import twiml
from .voice import Answer, CallEvent, OutboundCall, Rendered, SignedRequest
from .webhooks import fields, is_form, json_fields

LONGEST_RING = 600  # seconds


class SignalWireVoice(TwilioVoice):
    """The calls of one project. Webhooks are signed with its signing key, which is not the API token.

    SignalWire takes no limit to how long a call may last: whoever placed it has to end it.
    """

    slug = "signalwire"
    sid = NUMBER_ID
    suffix = ""

    def verify(self, request: SignedRequest) -> bool:
        return signed_by_signalwire(request, self._secret)

    def parse_event(self, request: SignedRequest) -> CallEvent:
        """The end of a call that came in is told without a direction."""
        said = fields(request) if is_form(request) else json_fields(request)
        return webhook({"Direction": "inbound", **said}, self.sid)

    def render(self, answer: Answer) -> Rendered:
        return twiml(answer, sip_transport="udp")

    def _wanted(self, call: OutboundCall) -> Form:
        form = super()._wanted(call)
        del form["TimeLimit"]
        return form | {"Timeout": str(min(call.ring_seconds, LONGEST_RING))}
