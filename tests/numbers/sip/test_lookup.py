"""The answer to an engine that asks who takes a call …"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.db import OperationalError
from django.test import Client

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.inbound import cache
from phone_numbers.inbound.cache import RouteCache
from phone_numbers.models import PhoneNumber, SipTrunk
from phone_numbers.routes.routing import route_number
from telephony.models import AgentVersion, Call, CarrierWebhook
from tests.numbers.inbound.conftest import forced
from tests.numbers.rows import make_number, make_rental
from tests.numbers.sip.conftest import CALLER, DESK, SECRET, Engine

pytestmark = pytest.mark.django_db


def test_sends_the_call_to_the_agent(
    engine: Engine, the_call: Callable[[], Call], version: AgentVersion, rate: None
) -> None:
    answer = engine.ask()
    call = the_call()
    expected = {"action": "connect", "code": 200, "call_id": call.id, "uri": DESK, "reason": ""}
    assert (answer.status_code, answer.json()) == (200, expected)
    assert (call.direction, call.status, call.carrier) == ("inbound", "received", "sip_trunk")
    assert (call.from_text, call.to_text, call.agent_version) == (CALLER, engine.called, version)
    assert str(call.per_minute) == "0.350000"


def test_says_it_in_one_line_to_who_wants_that(engine: Engine, the_call: Callable[[], Call]) -> None:
    answer = engine.ask(answer="text")
    assert answer.content.decode() == f"200 {the_call().id} {DESK}\n"
    assert engine.with_(called="+12125550000").ask(answer="text").content == b"404 - unknown_number\n"


@pytest.mark.parametrize("shape", ["{0}", "+{0}", "00{0}", "sip:{0}@us.example", "<sip:+{0}@us.example;x=1>"])
def test_reads_the_number_however_it_is_written(engine: Engine, shape: str) -> None:
    assert engine.with_(called=shape.format(engine.called[1:])).ask().json()["code"] == 200


def test_takes_a_json_object_too(engine: Engine) -> None:
    body = json.dumps(engine.about() | {"source": "127.0.0.1"})
    headers = {"Authorization": f"Bearer {SECRET}"}
    answer = Client().post("/carrier/sip/lookup/", body, content_type="application/json", headers=headers)
    assert answer.json()["uri"] == DESK


@pytest.mark.parametrize("source", ["\ud800", "\x00", "127.0.0.1\ud800\n", "x" * 9000])
def test_keeps_a_call_from_an_address_that_nothing_can_store(
    engine: Engine, the_call: Callable[[], Call], source: str
) -> None:
    headers = {"Authorization": f"Bearer {SECRET}"}
    said = json.dumps(engine.about() | {"source": source})
    answer = Client().post("/carrier/sip/lookup/", said, content_type="application/json", headers=headers)
    assert answer.status_code == 200
    assert the_call().reason_code in ("", "sip_source_foreign")
    assert len(the_call().reason) <= 500


def test_is_the_same_however_often_it_is_asked(engine: Engine) -> None:
    assert engine.ask().json() == engine.ask().json()
    assert (Call.objects.count(), CarrierWebhook.objects.count()) == (1, 1)


def test_keeps_the_calls_of_two_engines_apart(engine: Engine) -> None:
    other = engine.with_(secret=SECRET[::-1])
    assert engine.ask().json()["call_id"] != other.ask().json()["call_id"]
    assert Call.objects.count() == 2


@pytest.mark.parametrize("called", ["+12125550000", "anonymous", "sip:%00@x", "1"])
def test_knows_no_foreign_number(engine: Engine, called: str) -> None:
    answer = engine.with_(called=called).ask().json()
    assert answer == {"action": "reject", "code": 404, "call_id": "", "uri": "", "reason": "unknown_number"}
    assert Call.objects.count() == 0


def test_knows_no_number_that_a_carrier_sold_us(
    engine: Engine, workspace: Workspace, version: AgentVersion, now: datetime
) -> None:
    bought = make_number(workspace)
    make_rental(bought, now + timedelta(days=20))
    route_number(bought, inbound=version, by=SYSTEM, now=now)
    assert engine.with_(called=bought.e164).ask().json()["code"] == 404


def test_turns_a_call_away_while_the_rent_is_overdue(
    engine: Engine, number: PhoneNumber, the_call: Callable[[], Call], now: datetime
) -> None:
    make_rental(number, now - timedelta(days=1)).transition("expire", by=SYSTEM, now=now, expired_at=now)
    answer = engine.ask().json()
    assert (answer["action"], answer["code"], answer["reason"]) == ("reject", 480, "rental_expired")
    assert (the_call().status, the_call().reason_code) == ("failed", "rental_expired")


def test_turns_a_call_away_where_no_agent_answers(
    engine: Engine, number: PhoneNumber, the_call: Callable[[], Call], now: datetime
) -> None:
    route_number(number, inbound=None, by=SYSTEM, now=now)
    assert engine.ask().json()["code"] == 480
    assert (the_call().status, the_call().reason_code) == ("failed", "inbound_version_missing")


@pytest.mark.parametrize("status", ["pending", "releasing"])
def test_turns_a_call_away_while_the_number_is_not_active(
    engine: Engine, number: PhoneNumber, status: str
) -> None:
    with forced():
        PhoneNumber.objects.filter(pk=number.pk).update(status=status)
    assert (engine.ask().json()["code"], engine.ask().json()["reason"]) == (480, "number_not_active")


def test_tells_an_engine_without_streams_of_no_stream(engine: Engine, the_call: Callable[[], Call]) -> None:
    with forced():
        AgentVersion.objects.update(runtime_url="wss://agents.example.com/1")
    assert engine.ask(takes="sip").json()["reason"] == "runtime_unusable"
    assert the_call().reason.startswith("Desk v1 runs at a media stream")
    assert engine.with_(call="another-call").ask(takes="sip,wss").json()["uri"].startswith("wss://")


@pytest.mark.parametrize("auth_mode", ["ip", "userpass"])
def test_takes_calls_from_the_trunks_host_only_where_its_owner_says_nothing(
    engine: Engine, auth_mode: str
) -> None:
    if auth_mode == "ip":
        SipTrunk.objects.update(auth_mode="ip", username="", sealed_password=None)
    assert engine.ask(source="127.0.0.1").json()["code"] == 200
    assert engine.with_(call="another-call").ask(source="[::ffff:127.0.0.1]").json()["code"] == 200
    assert_refused(engine, "127.0.0.2", "", "nonsense", "::1")
    row = Call.objects.filter(status="failed").latest("id")
    assert "which is none of the addresses of 127.0.0.1" in row.reason
    assert row.trace[-1]["name"] == "source"


def test_takes_calls_from_the_listed_addresses_only(engine: Engine) -> None:
    SipTrunk.objects.update(sources=["203.0.113.0/24", "2001:db8::7"])
    for nth, source in enumerate(["203.0.113.9", "[2001:db8::7]"]):
        assert engine.with_(call=f"their-call-{nth}").ask(source=source).json()["code"] == 200
    assert_refused(engine, "127.0.0.1", "203.0.114.1", "2001:db8::8", "")
    assert "add it to the trunk's addresses" in Call.objects.filter(status="failed").latest("id").reason


def test_takes_calls_from_everywhere_where_the_list_says_so(engine: Engine) -> None:
    SipTrunk.objects.update(sources=["0.0.0.0/0", "::/0"])
    for nth, source in enumerate(["198.51.100.1", "2001:db8::1"]):
        assert engine.with_(call=f"their-call-{nth}").ask(source=source).json()["code"] == 200


def assert_refused(engine: Engine, *sources: str) -> None:
    for nth, source in enumerate(sources):
        answer = engine.with_(call=f"strange-call-{nth}").ask(source=source).json()
        assert (answer["code"], answer["reason"]) == (403, "sip_source_foreign"), source


@pytest.mark.parametrize(
    "said", ["", "Bearer", "Bearer wrong", f"Basic {SECRET}", f"Bearer {SECRET}x", "Bearer é"]
)
def test_wants_the_secret(engine: Engine, said: str) -> None:
    answer = Client().post("/carrier/sip/lookup/", engine.about(), headers={"Authorization": said})
    assert (answer.status_code, Call.objects.count()) == (401, 0)


def test_wants_a_secret_that_somebody_has_set(engine: Engine, settings: LazySettings) -> None:
    settings.SIP_ENGINES = []
    assert engine.ask().status_code == 401


@pytest.mark.parametrize(
    "field", [{"call": ""}, {"call": "short"}, {"call": "a b c d e f g"}, {"call": "x" * 91}]
)
def test_says_what_is_missing(engine: Engine, field: dict[str, str]) -> None:
    answer = engine.ask(**field)
    assert (answer.status_code, answer.content[:12]) == (400, b"call must be")
    assert engine.ask(called="").status_code == 400


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"[]", b"{", b"[" * 30_000, urlencode(dict.fromkeys(map(str, range(99)), 1))]
)
def test_refuses_what_is_no_question(engine: Engine, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {SECRET}"}
    kind = "application/x-www-form-urlencoded" if isinstance(body, str) else "application/json"
    answer = Client().post("/carrier/sip/lookup/", body, content_type=kind, headers=headers)
    assert answer.status_code == 400


def test_refuses_other_methods(engine: Engine) -> None:
    assert Client().get("/carrier/sip/lookup/").status_code == 405


def test_answers_from_memory_while_postgres_is_away(
    engine: Engine, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same decision; a number nobody has asked about yet is a matter for later."""
    settings.INBOUND_IN_MEMORY = True
    remembered = RouteCache(kept=600)
    monkeypatch.setattr(cache, "_cache", remembered)
    written: list[object] = []
    monkeypatch.setattr("phone_numbers.inbound.lookup.keep_aside", written.append)
    remembered.ask()
    remembered.confirm([])
    first = engine.ask().json()
    monkeypatch.setattr("phone_numbers.inbound.cache.resolve_route", away)
    assert engine.ask().json() == first
    answer = engine.with_(called="+918047189999").ask()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert len(written) == 2


def away(*_: object) -> None:
    raise OperationalError("the server closed the connection unexpectedly")
