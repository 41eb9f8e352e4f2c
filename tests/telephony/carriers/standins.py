"""Twilio and SignalWire as small stateful servers on the loopback, and every adapter pointed at its carrier.

That they speak as the carriers' documents say is checked in ``test_twilio_contract.py`` and
``test_signalwire_contract.py``; for Plivo there is the sandbox.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from telephony.carriers.base import Carrier
from telephony.carriers.http import Timeouts
from telephony.carriers.plivo import PlivoCarrier
from telephony.carriers.signalwire import SignalWireCarrier
from telephony.carriers.twilio import TwilioCarrier

from .scripted import AUTH_ID, TOKEN, Scripted

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
PROJECT_ID = "01234567-89ab-cdef-0123-456789abcdef"
ACCOUNTS = {"plivo": AUTH_ID, "twilio": ACCOUNT_SID, "signalwire": PROJECT_ID}
SLUGS = tuple(ACCOUNTS)
RATES: dict[str, Any] = {"local_rate": "0.50", "toll_free_rate": "1.80"}
PAGE = 2  # numbers on one page of a list, whatever was asked for
WRITES = ("POST", "PUT", "DELETE")


def adapter(slug: str, url: str, token: str = TOKEN, **options: Any) -> Carrier:
    """The adapter of this carrier, speaking to ``url``."""
    options = {"timeouts": Timeouts(deadline=5.0), **options}
    if slug == "plivo":
        return PlivoCarrier(url, AUTH_ID, token, **options)
    if slug == "twilio":
        return TwilioCarrier(ACCOUNT_SID, token, base_url=url, pricing_url=url, **options)
    return SignalWireCarrier(url, PROJECT_ID, token, **RATES, **options)


def scripted_as(slug: str, *answers: httpx.Response, **options: Any) -> tuple[Carrier, Scripted]:
    """An adapter whose requests get ``answers`` in turn, the last one for ever."""
    script = Scripted(list(answers))
    transport = httpx.MockTransport(script._answer)
    return adapter(slug, "https://carrier.invalid", transport=transport, **options), script


@dataclass(frozen=True, slots=True)
class Heard:
    """One request and what was answered."""

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


Answer = tuple[int, Any]


class Refuse(Exception):  # noqa: N818  # what a stand-in answers instead
    def __init__(self, status: int, body: Any) -> None:
        self.status, self.body = status, body


@dataclass
class StandIn:
    """What both have: numbers for sale, numbers sold by id, faults to come, requests heard."""

    stranger: ClassVar[dict[str, Any]]  # the answer to wrong credentials
    user: str
    for_sale: list[str] = field(default_factory=lambda: [f"+141555501{n:02}" for n in range(10)])
    numbers: dict[str, dict[str, Any]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)

    def operation(self, method: str, path: str) -> str:
        number = re.search(r"umbers/[^/]+$", path) and "earch" not in path
        return {"POST": "configure" if number else "buy", "PUT": "configure", "DELETE": "release"}.get(
            method, "read"
        )

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, str]) -> Answer:
        raise NotImplementedError

    def page_of(self, rows: list[Any], query: dict[str, str], key: str, path: str) -> tuple[list[Any], str]:
        """One page of ``rows``, and the link to the next one or nothing."""
        page = int(query.get(key, "0"))
        more = len(rows) > (page + 1) * PAGE
        link = f"{path}?{urlencode({**query, key: page + 1})}" if more else ""
        return rows[page * PAGE : (page + 1) * PAGE], link

    def offered(self, digits: str) -> list[str]:
        return [number for number in self.for_sale if digits in number]


@dataclass
class TwilioStandIn(StandIn):
    stranger: ClassVar[dict[str, Any]] = {"code": 20003, "message": "Authenticate", "status": 401}
    applications: dict[str, dict[str, Any]] = field(default_factory=dict)

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, str]) -> Answer:
        if path.startswith("/v1/PhoneNumbers/Countries/"):
            return 200, self.prices(path[-2:])
        parts = path.removeprefix(f"/2010-04-01/Accounts/{ACCOUNT_SID}/").removesuffix(".json").split("/")
        if parts[0] == "AvailablePhoneNumbers":
            return 200, self.available(parts[1:], query)
        if parts[0] == "Applications":
            return self.application(method, parts[1:], query, body)
        if parts[0] == "Balance":
            return 200, {"account_sid": ACCOUNT_SID, "balance": "12.30", "currency": "USD"}
        return self.incoming(method, parts[1:], query, body, path)

    def prices(self, country: str) -> dict[str, Any]:
        listed = [("local", 1.15), ("toll free", 2.15)]
        rows = [{"number_type": t, "base_price": 2.5, "current_price": price} for t, price in listed]
        return {"country": country, "iso_country": country, "phone_number_prices": rows, "price_unit": "USD"}

    def available(self, parts: list[str], query: dict[str, str]) -> dict[str, Any]:
        if parts[0] != "US" or parts[1:] not in ([], ["Local"], ["TollFree"]):
            raise Refuse(404, {"code": 20404, "message": "not found", "status": 404})
        if parts == ["US"]:
            links = {"local": "/Local.json", "toll_free": "/TollFree.json"}
            return {"country_code": "US", "country": "United States", "subresource_uris": links}
        found = self.offered(query.get("Contains", "")) if parts[1] == "Local" else []
        return {"available_phone_numbers": [self.offer(number) for number in found]}

    def offer(self, number: str) -> dict[str, Any]:
        can = {"voice": True, "SMS": True, "MMS": False}
        place = {"locality": "San Francisco", "region": "CA", "iso_country": "US"}
        return {"phone_number": number, "capabilities": can, "address_requirements": "none", **place}

    def incoming(
        self, method: str, parts: list[str], query: dict[str, str], body: dict[str, str], path: str
    ) -> Answer:
        if parts:
            return self.one(method, parts[0], body)
        if method == "POST":
            return 201, self.sell(body)
        alike = query.get("PhoneNumber", "")[:-1]  # the filter is looser than an equality
        rows = [row for row in self.numbers.values() if row["phone_number"].startswith(alike)]
        shown, link = self.page_of(rows, query, "Page", path)
        return 200, {"incoming_phone_numbers": shown, "next_page_uri": link or None}

    def sell(self, form: dict[str, str]) -> dict[str, Any]:
        wanted = form["PhoneNumber"]
        if wanted not in self.for_sale:
            raise Refuse(400, {"code": 21422, "message": f"{wanted} is not available", "status": 400})
        self.for_sale.remove(wanted)
        sid = f"PN{uuid.uuid4().hex}"
        row = {
            "sid": sid,
            "account_sid": ACCOUNT_SID,
            "phone_number": wanted,
            "friendly_name": wanted,
            "capabilities": {"voice": True, "sms": True, "mms": False, "fax": False},
            "date_created": "Sat, 21 Nov 2026 04:00:00 +0000",
            "voice_application_sid": None,
            "trunk_sid": None,
            "status": "in-use",
            "type": "local",
        }
        self.numbers[sid] = row
        return self.change(row, form)

    def change(self, row: dict[str, Any], form: dict[str, str]) -> dict[str, Any]:
        names = {"FriendlyName": "friendly_name", "VoiceApplicationSid": "voice_application_sid"}
        row.update({ours: form[name] for name, ours in names.items() if name in form})
        return row

    def one(self, method: str, sid: str, form: dict[str, str]) -> Answer:
        if sid not in self.numbers:
            raise Refuse(404, {"code": 20404, "message": f"{sid} was not found", "status": 404})
        if method == "DELETE":
            self.for_sale.append(self.numbers.pop(sid)["phone_number"])
            return 204, None
        return 200, self.change(self.numbers[sid], form)

    def application(
        self, method: str, parts: list[str], query: dict[str, str], form: dict[str, str]
    ) -> Answer:
        names = {
            "FriendlyName": "friendly_name",
            "VoiceUrl": "voice_url",
            "StatusCallback": "status_callback",
        }
        fields = {ours: form[name] for name, ours in names.items() if name in form}
        known = self.__dict__.setdefault("applications", {})
        if method == "GET":
            return 200, {"applications": list(known.values()), "next_page_uri": None}
        sid = parts[0] if parts else f"AP{uuid.uuid4().hex}"
        known[sid] = {**known.get(sid, {"sid": sid, "account_sid": ACCOUNT_SID}), **fields}
        return (200 if parts else 201), known[sid]


NULLS = """
name e911_address_id e911_status next_billed_at call_handler calling_handler_resource_id call_request_url
call_request_method call_fallback_url call_fallback_method call_status_callback_url
call_status_callback_method call_laml_application_id call_dialogflow_agent_id call_relay_topic
call_relay_topic_status_callback_url call_relay_script_url call_relay_context
call_relay_context_status_callback_url call_relay_application call_relay_connector_id call_sip_endpoint_id
call_verto_resource call_video_room_id message_handler messaging_handler_resource_id message_request_url
message_request_method message_fallback_url message_fallback_method message_laml_application_id
message_relay_topic message_relay_context
"""


def signalwire_error(code: str, detail: str | None = "no") -> dict[str, Any]:
    return {"errors": [{"detail": detail, "status": "422", "title": "Error", "code": code}]}


class SignalWireStandIn(StandIn):
    stranger: ClassVar[dict[str, Any]] = {"error": "Unauthorized"}

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, str]) -> Answer:
        rest = path.removeprefix("/api/relay/rest/phone_numbers").strip("/")
        if rest == "search":
            return 200, self.search(query)
        if rest:
            return self.one(method, rest, body)
        if method == "POST":
            return 200, self.sell(body["number"])
        rows = [row for row in self.numbers.values() if query.get("filter_number", "")[:-1] in row["number"]]
        shown, link = self.page_of(rows, query, "page_number", path)
        links = {"self": path, "first": path} | ({"next": link} if link else {})
        return 200, {"links": links, "data": shown}

    def search(self, query: dict[str, str]) -> dict[str, Any]:
        digits = query.get("contains") or query.get("areacode", "") + query.get("ends_with", "")
        found = self.offered(digits) if query["number_type"] == "local" else []
        can = {"voice": True, "sms": True, "mms": False, "fax": False}
        place = {"region": "CA", "city": "San Francisco", "rate_center": "SNFC CNTRL"}
        return {"data": [{"number": number, "capabilities": can, **place} for number in found]}

    def sell(self, wanted: str) -> dict[str, Any]:
        if wanted not in self.for_sale:
            raise Refuse(422, signalwire_error("could_not_purchase", f"{wanted} is gone"))
        self.for_sale.remove(wanted)
        now = "2026-11-21T04:00:00Z"
        row: dict[str, Any] = dict.fromkeys(NULLS.split())
        row |= {"id": str(uuid.uuid4()), "number": wanted, "capabilities": ["voice", "sms"]}
        row |= {"number_type": "longcode", "country_code": "US", "call_receive_mode": "voice"}
        row |= {"created_at": now, "updated_at": now, "next_billed_at": "2026-12-21T04:00:00Z"}
        return self.numbers.setdefault(row["id"], row)

    def one(self, method: str, number_id: str, body: dict[str, str]) -> Answer:
        if number_id not in self.numbers:
            raise Refuse(404, {"error": "Not Found"})
        if method == "DELETE":
            self.for_sale.append(self.numbers.pop(number_id)["number"])
            return 204, None
        self.numbers[number_id].update(body)
        return 200, self.numbers[number_id]


STAND_INS: dict[str, Callable[[], StandIn]] = {
    "twilio": lambda: TwilioStandIn(ACCOUNT_SID),
    "signalwire": lambda: SignalWireStandIn(PROJECT_ID),
}


@contextmanager
def served(stand_in: StandIn) -> Iterator[str]:
    """The URL where ``stand_in`` answers."""
    handler = type("Bound", (_Handler,), {"stand_in": stand_in})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stand_in: StandIn

    def do(self) -> None:
        url, body = urlsplit(self.path), self.rfile.read(int(self.headers.get("content-length", 0)))
        fault = self.stand_in.faults.pop(self.stand_in.operation(self.command, url.path), "")
        status, answer = self.respond(url.path, parse_qsl(url.query), body, fault)
        content = b"" if answer is None else json.dumps(answer).encode()
        heard = (self.command, url.path, parse_qsl(url.query), dict(self.headers), body, status, content)
        self.stand_in.heard.append(Heard(*heard))
        if fault.startswith("reset"):
            self.close_connection = True
            return
        if fault == "slow":
            time.sleep(0.2)
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do  # noqa: N815

    def respond(self, path: str, query: list[tuple[str, str]], body: bytes, fault: str) -> Answer:
        if fault in ("error_before", "reset_before"):
            return 500, {"message": "fault"}
        if fault == "rate_limited":
            return 429, {"code": 20429, "message": "Too Many Requests", "status": 429}
        basic = base64.b64encode(f"{self.stand_in.user}:{TOKEN}".encode()).decode()
        if self.headers.get("authorization") != f"Basic {basic}":
            return 401, self.stand_in.stranger
        is_json = "json" in self.headers.get("content-type", "")
        fields = json.loads(body or b"{}") if is_json else dict(parse_qsl(body.decode()))
        try:
            answer = self.stand_in.answer(self.command, path, dict(query), fields)
        except Refuse as refusal:
            return refusal.status, refusal.body
        return (500, {"message": "fault"}) if fault == "error_after" else answer

    def log_message(self, format: str, *args: Any) -> None:
        pass
