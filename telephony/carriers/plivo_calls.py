"""Calls over Plivo's API, and its webhooks. There is no idempotency key, nor a call to be found by ours."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from . import plivo_events as read
from .api import CarrierAPI, check_call, check_number
from .base import BadRequest, NotFound
from .plivo_xml import plivo_xml
from .signatures import signed_by_plivo
from .voice import Answer, CallEvent, CallRef, OutboundCall, Rendered, SignedRequest

logger = logging.getLogger(__name__)
PLACED = 20  # calls of one page: between two numbers, in some minutes


class PlivoVoice:
    """The calls of one account. Webhooks are signed with its token, or with its main account's."""

    slug = "plivo"

    def __init__(self, api: CarrierAPI, auth_token: str) -> None:
        self._api = api
        self._auth_token = auth_token

    def place_call(self, call: OutboundCall) -> CallRef:
        check_call(call, self.slug)
        answer = self._api.call("POST", "Call/", body=_wanted(call))
        with self._api.strictly():
            return read.placed(answer)

    def find_call(self, call_id: str) -> CallEvent | None:
        """While it goes on as a live call, then as a record.

        Plivo knows neither of a call that waits in its queue, nor for a moment of one that has just ended:
        None of a call placed minutes ago is a no, earlier it is not yet.
        """
        path = f"Call/{self._checked(call_id)}/"
        for params, reading in (({"status": "live"}, read.live), ({}, read.record)):
            try:
                answer = self._api.call("GET", path, params=params)
            except NotFound:
                continue
            with self._api.strictly():
                return reading(answer, call_id)
        return None

    def find_placed(self, to: str, from_: str) -> Sequence[CallEvent]:
        """Those that are over: of live ones Plivo lists no more than the UUIDs."""
        check_number(to, self.slug)
        check_number(from_, self.slug)
        params: dict[str, str | int] = {
            "from_number": from_[1:],
            "to_number": to[1:],
            "call_direction": "outbound",
            "limit": PLACED,
        }
        answer = self._api.call("GET", "Call/", params=params)
        with self._api.strictly():
            return read.records(answer)

    def hang_up(self, call_id: str) -> None:
        """Both are asked for, in the order in which a request becomes a call: it can't slip through."""
        checked = self._checked(call_id)
        for path in (f"Request/{checked}/", f"Call/{checked}/"):
            try:
                self._api.call("DELETE", path)
            except NotFound:
                logger.info("plivo: nothing to end at %s", path)

    def verify(self, request: SignedRequest) -> bool:
        return signed_by_plivo(request, self._auth_token)

    def parse_event(self, request: SignedRequest) -> CallEvent:
        return read.webhook(request)

    def render(self, answer: Answer) -> Rendered:
        return plivo_xml(answer)

    def _checked(self, call_id: str) -> str:
        if not read.UUID.fullmatch(call_id):
            raise BadRequest("not a Plivo call's UUID", carrier=self.slug)
        return call_id


def _wanted(call: OutboundCall) -> dict[str, Any]:
    urls = {
        "answer_url": call.answer_url,
        "ring_url": call.status_url,
        "hangup_url": call.status_url,
    }
    methods = {name.replace("_url", "_method"): "POST" for name in urls}
    return {
        "from": call.from_.removeprefix("+"),
        "to": call.to.removeprefix("+"),
        **urls,
        **methods,
        "ring_timeout": call.ring_seconds,
        "time_limit": call.limit_seconds,
    }
