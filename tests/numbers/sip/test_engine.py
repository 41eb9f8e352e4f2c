"""A call from a linked number, through the sandbox as SIP engine …"""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings

from dialnexa.actors import SYSTEM, Actor
from dialnexa.models import Workspace
from phone_numbers.calls.callbacks import callback_url
from phone_numbers.calls.dialling import hang_up
from phone_numbers.models import PhoneNumber, SipTrunk
from phone_numbers.routes.routing import route_number
from telephony.carriers.sandbox.sip import PASSWORD, USER
from telephony.models import AgentVersion, Call, CarrierExchange
from telephony.sip_engines.sandbox import ASKING, TELLING
from telephony.switches import set_sip_switch
from tests.numbers.calls.carriers import PACE, Line
from tests.numbers.calls.conftest import HOUR
from tests.numbers.conftest import Turned
from tests.numbers.trunks import link

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "sandbox-token"


@pytest.fixture
def server(sandbox: Any, live_server: Any, settings: LazySettings) -> Any:
    settings.PUBLIC_BASE_URL = live_server.url
    settings.SIP_ENGINE = {
        "class": "telephony.sip_engines.sandbox.SandboxEngine",
        "base_url": sandbox.url,
        "token": TOKEN,
    }
    sandbox.state.set_mode(call_pace=PACE)
    yield sandbox
    sandbox.trunk.silent = False
    sandbox.state.reset()


@pytest.fixture
def number(
    workspace: Workspace, version: AgentVersion, loopback: None, server: Any, clock: Turned
) -> PhoneNumber:
    host = f"127.0.0.1:{server.trunk.port}"
    earlier = clock.now - 9 * HOUR
    number = link(workspace, earlier, termination_uri=host, username=USER, password=PASSWORD)
    route_number(number, outbound=version, by=SYSTEM, now=clock.now - 8 * HOUR)
    set_sip_switch(workspace, True, by=SYSTEM, now=earlier)
    return PhoneNumber.objects.select_related("workspace").get(pk=number.pk)


@pytest.fixture
def line(number: PhoneNumber, server: Any, rate: None, by: Actor, clock: Turned) -> Line:
    return Line(number.workspace, number, server, clock, by)


@pytest.mark.parametrize(
    ("callee", "status", "charged"),
    [
        ("", "completed", "0.35"),
        ("busy", "busy", "0"),
        ("no_answer", "did_not_pick", "0"),
        ("fails", "failed", "0"),
    ],
)
def test_ends_as_the_called_person_decides(line: Line, callee: str, status: str, charged: str) -> None:
    if callee:
        line.breaks(callee, on="callee")
    call = line.place()
    line.advance(call)
    line.wait(call)
    line.assert_settled(call, status, charged)


def test_is_handed_to_the_agent(line: Line, version: AgentVersion) -> None:
    call = line.place()
    line.advance(call)
    line.wait(call)
    assert any(version.runtime_url in deed for placed in line.placed(call) for deed in placed.deeds)


def test_shows_the_number_that_the_trunk_says(line: Line, number: PhoneNumber) -> None:
    SipTrunk.objects.filter(number=number).update(caller_id="+918047180000")
    call = line.place()
    line.advance(call)
    assert [placed.from_ for placed in line.placed(call)] == ["918047180000"]


def test_is_ended_on_request(line: Line) -> None:
    line.server.state.set_mode(talk_seconds=3600, ring_seconds=0)
    call = line.place()
    line.advance(call)
    line.wait(call, "received")
    hang_up(call, by=line.by, now=line.clock())
    assert line.wait(call).status == "completed"


def test_does_not_begin_with_a_wrong_password(line: Line, number: PhoneNumber) -> None:
    SipTrunk.objects.filter(number=number).update(username="somebody")
    call = line.advance(line.place())
    assert (call.status, call.reason_code) == ("failed", "sip_trunk_unauthorized")
    assert "user name or password" in call.reason
    line.assert_settled(call, "failed", "0", placed=0)


def test_waits_a_while_for_a_trunk_that_is_silent(line: Line) -> None:
    line.server.trunk.silent = True
    call = line.advance(line.place())
    assert call.status == "created"
    line.clock.turn(minutes=2)
    call = line.advance(call)
    assert (call.status, call.reason_code) == ("failed", "sip_trunk_unreachable")
    line.assert_settled(call, "failed", "0", placed=0)


def test_does_not_begin_when_the_password_can_not_be_read(line: Line, number: PhoneNumber) -> None:
    SipTrunk.objects.filter(number=number).update(sealed_password=b"\x01\x01" + bytes(40))
    call = line.advance(line.place())
    assert (call.status, call.reason_code) == ("failed", "sip_password_lost")


def test_tells_nobody_the_password(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    call = line.place()
    line.advance(call)
    line.wait(call)
    kept = [f"{one.url} {one.request_body} {one.response_body}" for one in CarrierExchange.objects.all()]
    assert kept
    assert PASSWORD not in "".join(kept) + caplog.text


def test_is_not_moved_by_a_forger(line: Line, client: Any) -> None:
    call = line.place()
    url = callback_url("status", "sip_trunk", call.pk).removeprefix("http://")
    path = url[url.index("/") :]
    said = {"CallUUID": "x", "CallStatus": "completed", "Duration": "9999", "Direction": "outbound"}
    assert client.post(path, said).status_code == 403
    assert Call.objects.get(pk=call.pk).status == "created"


def test_is_placed_within_the_time_a_worker_has_for_it(settings: LazySettings) -> None:
    assert ASKING + TELLING.deadline <= settings.CALL_DEADLINE
