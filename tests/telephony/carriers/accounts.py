"""An account with every carrier, the adapters that speak for it, and an ear on what they say and hear."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx

from telephony.carriers.base import Carrier
from telephony.carriers.http import Timeouts
from telephony.carriers.plivo import PlivoCarrier
from telephony.carriers.signalwire import SignalWireCarrier
from telephony.carriers.twilio import TwilioCarrier

from .scripted import AUTH_ID, TOKEN, Scripted
from .signing import SIGNING_KEY

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
PROJECT_ID = "01234567-89ab-cdef-0123-456789abcdef"
ACCOUNTS = {"plivo": AUTH_ID, "twilio": ACCOUNT_SID, "signalwire": PROJECT_ID}
SLUGS = tuple(ACCOUNTS)
SIGNALWIRES: dict[str, Any] = {"signing_key": SIGNING_KEY, "local_rate": "0.50", "toll_free_rate": "1.80"}
WRITES = ("POST", "PUT", "DELETE")


def adapter(slug: str, url: str, token: str = TOKEN, **options: Any) -> Carrier:
    """The adapter of this carrier, speaking to ``url``."""
    options = {"timeouts": Timeouts(deadline=5.0), **options}
    if slug == "plivo":
        return PlivoCarrier(url, AUTH_ID, token, **options)
    if slug == "twilio":
        return TwilioCarrier(ACCOUNT_SID, token, base_url=url, pricing_url=url, **options)
    return SignalWireCarrier(url, PROJECT_ID, token, **{**SIGNALWIRES, **options})


def scripted_as(slug: str, *answers: httpx.Response, **options: Any) -> tuple[Carrier, Scripted]:
    """An adapter whose requests get ``answers`` in turn, the last one for ever."""
    script = Scripted(list(answers))
    transport = httpx.MockTransport(script._answer)
    return adapter(slug, "https://carrier.invalid", transport=transport, **options), script


def signalwire_error(code: str, detail: str | None = "no") -> dict[str, Any]:
    return {"errors": [{"detail": detail, "status": "422", "title": "Error", "code": code}]}


@dataclass(frozen=True, slots=True)
class Heard:
    """One request and what was answered. Header names are in lower case."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    status: int
    answer: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body or b"{}")


@dataclass
class Ear(httpx.BaseTransport):
    """The network, listened to."""

    heard: list[Heard] = field(default_factory=list)
    network: httpx.BaseTransport = field(default_factory=lambda: httpx.HTTPTransport(trust_env=False))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.network.handle_request(request)
        body = response.read()
        query = parse_qsl(request.url.query.decode(), keep_blank_values=True)
        said = (request.method, request.url.path, query, dict(request.headers), request.read())
        self.heard.append(Heard(*said, response.status_code, body))
        return httpx.Response(response.status_code, headers=response.headers, content=body)

    def close(self) -> None:
        self.network.close()
