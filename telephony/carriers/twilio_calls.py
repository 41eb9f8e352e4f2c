"""Calls over Twilio's API, and its webhooks. SignalWire's Compatibility API is made after it."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import ClassVar

from . import twilio_events as read
from .api import CarrierAPI, check_call, check_number
from .base import BadRequest, NotFound
from .signatures import signed_by_twilio
from .twiml import twiml
from .voice import Answer, CallEvent, CallRef, OutboundCall, Rendered, SignedRequest
from .webhooks import fields

logger = logging.getLogger(__name__)

PLACED = 20  # calls of one page: between two numbers, in some minutes

Form = dict[str, str | Sequence[str]]


class TwilioVoice:
    """The calls of one account. ``calls`` speaks to it; ``secret`` is what webhooks are signed with."""

    slug = "twilio"
    sid: ClassVar[re.Pattern[str]] = re.compile(r"CA[0-9a-fA-F]{32}", re.ASCII)
    suffix = ".json"

    def __init__(self, calls: CarrierAPI, secret: str) -> None:
        self._calls = calls
        self._secret = secret

    def place_call(self, call: OutboundCall) -> CallRef:
        check_call(call, self.slug)
        answer = self._calls.call("POST", f"Calls{self.suffix}", form=self._wanted(call))
        with self._calls.strictly():
            return read.placed(answer, self.sid)

    def find_call(self, call_id: str) -> CallEvent | None:
        try:
            answer = self._calls.call("GET", self._path_of_call(call_id))
        except NotFound:
            return None
        with self._calls.strictly():
            return read.looked_up(answer, call_id)

    def find_placed(self, to: str, from_: str) -> Sequence[CallEvent]:
        """Both carriers list the newest first."""
        check_number(to, self.slug)
        check_number(from_, self.slug)
        params: dict[str, str | int] = {"To": to, "From": from_, "PageSize": PLACED}
        answer = self._calls.call("GET", f"Calls{self.suffix}", params=params)
        with self._calls.strictly():
            return [read.listed(item, self.sid) for item in read.calls_in(answer)]

    def hang_up(self, call_id: str) -> None:
        """``completed`` ends a call in any state; ``canceled`` would leave one that was just answered."""
        try:
            self._calls.call("POST", self._path_of_call(call_id), form={"Status": "completed"})
        except NotFound:
            logger.info("%s: call %s was over before", self.slug, call_id)

    def verify(self, request: SignedRequest) -> bool:
        return signed_by_twilio(request, self._secret)

    def parse_event(self, request: SignedRequest) -> CallEvent:
        return read.webhook(fields(request), self.sid)

    def render(self, answer: Answer) -> Rendered:
        return twiml(answer)

    def _wanted(self, call: OutboundCall) -> Form:
        return {
            "To": call.to,
            "From": call.from_,
            "Url": call.answer_url,
            "Method": "POST",
            "StatusCallback": call.status_url,
            "StatusCallbackMethod": "POST",
            "StatusCallbackEvent": ["ringing", "answered", "completed"],
            "Timeout": str(call.ring_seconds),
            "TimeLimit": str(call.limit_seconds),
        }

    def _path_of_call(self, call_id: str) -> str:
        if not self.sid.fullmatch(call_id):
            raise BadRequest("not the name of one of the carrier's calls", carrier=self.slug)
        return f"Calls/{call_id}{self.suffix}"
