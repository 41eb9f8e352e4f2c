"""The sandbox as what brings calls in over SIP: a customer's own carrier, and the engine its call reaches.

The engine asks the application who takes the call and tells what became of it, as ``docs/sip-engines.md`` has
it. No sound and no SIP: the call is connected to an address, or turned away.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from .calls import Call, Stage
from .holdings import SIP_ENGINE, Owned
from .obeying import Deed
from .voice import InboundUrls, Voice, Webhook

SLUG = "sip_trunk"
NEWS = {Stage.ANSWERED: "answered", Stage.COMPLETED: "completed"}  # of a call that somebody took


@dataclass(frozen=True)
class Engine(Voice):
    """``url``: where it asks and tells, ``…/carrier/sip``; ``secret``: what proves who it is."""

    url: str
    secret: str = field(repr=False)

    def question(self, call: Call) -> Webhook:
        fields = _about(call) | {"source": call.source, "takes": "sip,wss"}
        return Webhook("Asked who takes it", call.answer_url, fields)

    def news(self, call: Call) -> Webhook | None:
        """Nothing of a call that was turned away: the application knows."""
        state = NEWS.get(call.stage)
        if state is None:
            return None
        lasted = {"seconds": str(call.duration), "cause": "BYE"} if state == "completed" else {}
        return Webhook(f"Told {state}", call.status_url, _about(call) | {"state": state} | lasted)

    def signature(self, webhook: Webhook, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}

    def inbound_urls(self, owned: Owned, applications: Mapping[str, Mapping[str, Any]]) -> InboundUrls:
        return self._urls

    def deeds(self, body: bytes) -> Iterator[Deed]:
        told = json.loads(body)
        if not isinstance(told, dict):
            raise ValueError("the answer is not a JSON object")
        uri = str(told.get("uri", ""))
        if told.get("action") != "connect":
            yield Deed(f"Turned away: {told.get('code')} {told.get('reason')}", ends=True, refuses=True)
        elif uri.startswith("wss:"):
            yield Deed(f"Streamed to {uri}", None)
        else:
            yield Deed(f"Dialled {uri}", None)

    @property
    def _urls(self) -> InboundUrls:
        return InboundUrls(f"{self.url}/lookup/", f"{self.url}/status/")

    def ring(self, from_: str, to: str, source: str, *, now: float) -> Call:
        """A call to ``to`` (digits) from the address ``source``. Raises ValueError when that is none."""
        return Call(
            id=str(uuid.uuid4()),
            carrier=SLUG,
            account=SIP_ENGINE,
            direction="inbound",
            from_=from_,
            to=to,
            at=now,
            clock=now,
            answer_url=self._urls.answer_url,
            status_url=self._urls.status_url,
            source=str(ip_address(source)),
        )


def _about(call: Call) -> dict[str, str]:
    return {"call": call.id, "called": f"+{call.to}", "caller": f"+{call.from_}"}
