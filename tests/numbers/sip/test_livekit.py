"""A call from a linked number, dialled by LiveKit (a stand-in for it, over real HTTP) …"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from django.conf import LazySettings
from livekit.protocol.models import DisconnectReason

from dialnexa import wallet
from dialnexa.actors import SYSTEM, Actor
from dialnexa.errors import Refusal
from dialnexa.models import LedgerEntry, Workspace
from phone_numbers.calls.dialling import advance_call, hang_up
from phone_numbers.calls.silence import SILENT
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.routing import route_number
from phone_numbers.sweeping import take_due_calls
from telephony.models import AgentVersion, Call, CarrierExchange, CarrierWebhook
from telephony.sip_engines import livekit as engine_module
from telephony.switches import set_sip_switch
from tests.conftest import Program
from tests.livekit import KEY, SECRET, LiveKit, Refused, livekit, signed
from tests.numbers.calls.carriers import CALLEE
from tests.numbers.calls.conftest import HOUR
from tests.numbers.conftest import Turned
from tests.numbers.trunks import SECRET as PASSWORD
from tests.numbers.trunks import link

pytestmark = pytest.mark.django_db(transaction=True)
DIAL = "SIP/CreateSIPParticipant"
HUNG_UP = DisconnectReason.CLIENT_INITIATED


@pytest.fixture
def server(live_server: Any, settings: LazySettings, loopback: None) -> Iterator[LiveKit]:
    settings.PUBLIC_BASE_URL = live_server.url
    with livekit() as state:
        settings.SIP_ENGINE = {
            "class": "telephony.sip_engines.livekit.LiveKitEngine",
            "url": state.url,
            "api_key": KEY,
            "api_secret": SECRET,
            "agent": "dialnexa",
        }
        yield state


@pytest.fixture
def number(
    workspace: Workspace, version: AgentVersion, server: LiveKit, rate: None, now: datetime
) -> PhoneNumber:
    number = link(workspace, now - 9 * HOUR, password=PASSWORD)
    route_number(number, outbound=version, by=SYSTEM, now=now - 8 * HOUR)
    set_sip_switch(workspace, True, by=SYSTEM, now=now - 9 * HOUR)
    return PhoneNumber.objects.select_related("workspace").get(pk=number.pk)


@dataclass
class Scene:
    """One call, the stand-in that carries it, and a clock for everybody."""

    call_id: str
    server: LiveKit
    clock: Turned
    url: str
    workspace: Workspace
    before: Decimal

    def call(self) -> Call:
        return Call.objects.get(pk=self.call_id)

    def advance(self, **by: float) -> Call:
        """A worker's step, when the clock was turned."""
        self.clock.turn(**by)
        advance_call(self.call_id, tell=self.clock)
        return self.call()

    def joins(self, status: str = "dialing") -> httpx.Response:
        self.server.status(self.call_id, status)
        return self.tell("participant_joined", self.server.people[self.call_id])

    def leaves(self, reason: DisconnectReason = HUNG_UP) -> httpx.Response:
        return self.tell("participant_left", self.server.leaves(self.call_id, reason))

    def tell(self, name: str, person: Any) -> httpx.Response:
        body = self.server.event(name, self.call_id, person, self.clock().timestamp())
        return self.server.post(self.url, body)

    def answered(self) -> Call:
        """It rings, and somebody picks up: a look notices."""
        assert self.joins().status_code == 204
        self.advance(seconds=3)
        self.server.status(self.call_id, "active")
        return self.advance(seconds=3)

    def assert_settled(self, status: str, charged: str, dialled: int = 1) -> Call:
        over = self.call()
        assert over.charged is not None
        assert (over.status, over.charged, over.next_run_at) == (status, Decimal(charged), None)
        assert len(self.server.dialled) == dialled
        kinds = list(LedgerEntry.objects.filter(subject_id=self.call_id).values_list("kind", flat=True))
        assert (kinds.count("hold"), kinds.count("capture")) == (1, int(bool(over.charged)))
        assert wallet.held(self.workspace) == 0
        assert wallet.balance(self.workspace) == self.before - over.charged
        return over


@pytest.fixture
def scene(
    program: Program,
    number: PhoneNumber,
    version: AgentVersion,
    server: LiveKit,
    live_server: Any,
    clock: Turned,
    monkeypatch: pytest.MonkeyPatch,
) -> Scene:
    """A call that a program has ordered, ten minutes ago: LiveKit's tokens know only real time."""
    clock.turn(minutes=-10)
    monkeypatch.setattr("dialnexa.clock.now", clock)
    before = wallet.balance(number.workspace)
    answer = program.post("/v1/calls", {"phone_number": CALLEE, "agent_id": version.agent_id})
    assert answer.status_code == 201, answer.json()
    server.tell_time = clock
    url = f"{live_server.url}/carrier/sip/engine/"
    return Scene(answer.json()["id"], server, clock, url, number.workspace, before)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "DIALLING", 0.7)


# --- from the order to the charge


def test_is_dialled_answered_and_charged_by_what_was_spoken(scene: Scene, number: PhoneNumber) -> None:
    call = scene.advance()
    assert (call.status, call.carrier_call_id) == ("sent", scene.call_id)
    (dialled,) = scene.server.dialled
    assert (dialled.sip_call_to, dialled.sip_number) == (CALLEE, number.e164)
    assert dialled.max_call_duration.seconds == call.limit_seconds
    assert scene.answered().status == "received"
    scene.clock.turn(seconds=61)
    assert scene.leaves().status_code == 204
    over = scene.assert_settled("completed", "0.70")
    assert (over.duration, over.cause) == (61, "CLIENT_INITIATED")


def test_sends_the_agent_that_the_number_is_routed_to(scene: Scene, version: AgentVersion) -> None:
    scene.advance()
    (agent,) = scene.server.rooms[scene.call_id].agents
    assert agent.agent_name == "dialnexa"
    assert version.runtime_url in agent.metadata


@pytest.mark.parametrize(
    ("rings", "reason", "status"),
    [
        (True, DisconnectReason.USER_REJECTED, "busy"),
        (True, DisconnectReason.USER_UNAVAILABLE, "did_not_pick"),
        (False, DisconnectReason.USER_UNAVAILABLE, "no_answer"),
        (False, DisconnectReason.SIP_TRUNK_FAILURE, "failed"),
        (True, DisconnectReason.ROOM_DELETED, "cancelled"),
    ],
)
def test_costs_nothing_when_nobody_picks_up(
    scene: Scene, rings: bool, reason: DisconnectReason, status: str
) -> None:
    scene.advance()
    scene.joins()
    if rings:
        scene.server.status(scene.call_id, "ringing")
    scene.advance(seconds=3)
    scene.clock.turn(seconds=20)
    scene.leaves(reason)
    scene.assert_settled(status, "0")


def test_is_asked_about_every_few_seconds_while_it_rings_and_no_longer(scene: Scene) -> None:
    scene.advance()
    scene.joins("ringing")
    waits = []
    for _ in range(4):
        due = scene.call().next_run_at
        assert due
        waits.append((due - scene.clock()).total_seconds())
        scene.clock.now = due
        assert take_due_calls(now=due) == [scene.call_id]
        scene.advance()
    assert waits == [2.0] * 4
    assert scene.call().rang_at
    scene.advance(minutes=2)
    due = scene.call().next_run_at
    assert due
    assert due - scene.clock() == timedelta(seconds=60)


def test_is_not_longer_because_its_webhook_is_late(scene: Scene) -> None:
    scene.advance()
    scene.answered()
    scene.clock.turn(seconds=30)
    person = scene.server.leaves(scene.call_id, HUNG_UP)
    assert person
    late = scene.server.event("participant_left", scene.call_id, person, scene.clock().timestamp())
    scene.clock.turn(minutes=5)
    assert scene.server.post(scene.url, late).status_code == 204
    assert scene.assert_settled("completed", "0.35").duration == 30


def test_is_not_longer_because_livekits_clock_is_ahead(scene: Scene) -> None:
    scene.advance()
    scene.answered()
    scene.clock.turn(seconds=30)
    person = scene.server.leaves(scene.call_id, HUNG_UP)
    assert person
    ahead = scene.server.event("participant_left", scene.call_id, person, scene.clock().timestamp() + 900)
    scene.server.post(scene.url, ahead)
    assert scene.assert_settled("completed", "0.35").duration == 30


def test_is_ended_on_request(scene: Scene, by: Actor) -> None:
    scene.advance()
    scene.answered()
    hang_up(scene.call(), by=by, now=scene.clock())
    assert (scene.server.people, scene.server.rooms) == ({}, {})


def test_is_ended_when_it_has_used_up_what_it_holds(scene: Scene) -> None:
    scene.advance()
    limit = scene.answered().limit_seconds
    scene.advance(seconds=limit + 1)
    assert scene.server.people == {}


# --- webhooks that are lost


def test_costs_what_was_seen_of_it_when_nobody_tells_of_its_end(scene: Scene) -> None:
    scene.advance()
    scene.answered()
    scene.advance(seconds=60)
    scene.advance(seconds=60)
    scene.server.leaves(scene.call_id, HUNG_UP)
    assert scene.advance(seconds=60).status == "received"
    scene.advance(minutes=6)
    over = scene.assert_settled("completed", "0.70")
    assert (over.duration, over.cause) == (120, SILENT)


def test_goes_on_though_livekit_could_not_be_asked_for_long(scene: Scene) -> None:
    scene.advance()
    scene.answered()
    for _ in range(2):
        scene.server.breaks("RoomService/GetParticipant", "refused")
        assert scene.advance(minutes=6).status == "received"
    assert scene.advance(minutes=6).status == "received"
    scene.leaves()
    assert scene.assert_settled("completed", "6.30").duration == 18 * 60


def test_counts_as_not_picked_up_when_it_is_gone_after_ringing(scene: Scene, settings: LazySettings) -> None:
    scene.advance()
    scene.joins("ringing")
    scene.advance(seconds=3)
    scene.server.leaves(scene.call_id, DisconnectReason.USER_UNAVAILABLE)
    assert scene.advance(seconds=3).status == "sent"
    scene.advance(seconds=settings.CALL_RING + settings.CALL_DEADLINE)
    scene.assert_settled("did_not_pick", "0")


# --- doubts


@pytest.mark.parametrize("kind", ["silent", "drip", "garbage", "refused"])
def test_goes_on_though_livekit_did_not_say_that_it_placed_it(scene: Scene, hasty: None, kind: str) -> None:
    refused = Refused(500, "internal") if kind == "refused" else None
    scene.server.breaks(DIAL, kind, after=True, refused=refused)
    assert scene.advance().status == "initiated"
    assert scene.joins().status_code == 204
    assert scene.call().status == "sent"
    scene.server.status(scene.call_id, "active")
    assert scene.advance(seconds=3).status == "received"
    scene.clock.turn(seconds=10)
    scene.leaves()
    scene.assert_settled("completed", "0.35")


def test_is_found_by_our_name_for_it_when_all_webhooks_are_lost(
    scene: Scene, hasty: None, settings: LazySettings
) -> None:
    scene.server.breaks(DIAL, "silent", after=True)
    assert scene.advance().status == "initiated"
    scene.server.status(scene.call_id, "active")
    assert scene.advance(seconds=settings.CALL_DOUBT + 1).status == "received"


def test_counts_as_not_placed_when_livekit_does_not_know_it(
    scene: Scene, hasty: None, settings: LazySettings
) -> None:
    scene.server.breaks(DIAL, "silent")
    assert scene.advance().status == "initiated"
    scene.advance(seconds=settings.CALL_DOUBT + 1)
    assert scene.assert_settled("failed", "0", dialled=0).reason_code == "call_unconfirmed"


@pytest.mark.parametrize("method", ["RoomService/CreateRoom", DIAL])
def test_is_asked_for_again_when_livekit_has_too_much_to_do(scene: Scene, method: str) -> None:
    scene.server.breaks(method, "refused", refused=Refused(429, "resource_exhausted"))
    assert scene.advance().status == "created"
    assert scene.advance(seconds=3).status == "sent"
    assert len(scene.server.dialled) == 1


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (Refused(400, "invalid_argument"), "carrier_bad_request"),
        (Refused(401, "unauthenticated"), "carrier_auth_failed"),
        (Refused(500, "unknown", sip_status_code="401"), "sip_trunk_unauthorized"),
    ],
)
def test_is_over_at_once_when_livekit_refuses_it(scene: Scene, refused: Refused, code: str) -> None:
    scene.server.breaks(DIAL, "refused", refused=refused)
    scene.advance()
    assert scene.assert_settled("failed", "0", dialled=0).reason_code == code


# --- who may tell


def body_of(scene: Scene) -> str:
    person = scene.server.people[scene.call_id]
    person.disconnect_reason = HUNG_UP
    return scene.server.event("participant_left", scene.call_id, person, scene.clock().timestamp())


def test_is_not_moved_by_a_forger(scene: Scene) -> None:
    scene.advance()
    scene.answered()
    body = body_of(scene)
    old = signed(body, valid=timedelta(minutes=-2))
    for token in ("", "x", old, signed(body, secret=SECRET[::-1]), signed(body + " ")):
        assert scene.server.post(scene.url, body, token=token).status_code == 403
    altered = body.replace("EV_", "EV-")
    assert scene.server.post(scene.url, altered, token=signed(body)).status_code == 403
    assert scene.call().status == "received"
    assert CarrierWebhook.objects.filter(kind="status").count() == 1


def test_is_charged_once_however_often_its_end_is_told(scene: Scene) -> None:
    scene.advance()
    scene.answered()
    scene.clock.turn(seconds=10)
    body = body_of(scene)
    assert [scene.server.post(scene.url, body).status_code for _ in range(3)] == [204] * 3
    scene.assert_settled("completed", "0.35")
    assert CarrierWebhook.objects.count() == 2


def test_is_over_though_its_beginning_is_told_last(scene: Scene) -> None:
    scene.advance()
    joined = scene.server.event(
        "participant_joined",
        scene.call_id,
        scene.server.people[scene.call_id],
        scene.clock().timestamp(),
    )
    scene.leaves(DisconnectReason.USER_REJECTED)
    assert scene.server.post(scene.url, joined).status_code == 204
    scene.assert_settled("busy", "0")


def test_leaves_other_peoples_rooms_alone(scene: Scene) -> None:
    scene.advance()
    person = scene.server.people[scene.call_id]
    person.identity = "call_of_somebody_else"
    body = scene.server.event("participant_left", "call_of_somebody_else", person, 1)
    assert scene.server.post(scene.url, body).status_code == 204
    assert scene.server.post(scene.url, '{"event": "room_started"}').status_code == 204
    assert CarrierWebhook.objects.count() == 0


def test_has_no_address_for_news_where_no_engine_dials(
    live_server: Any, server: LiveKit, settings: LazySettings
) -> None:
    settings.SIP_ENGINE = {}
    assert server.post(f"{live_server.url}/carrier/sip/engine/", "{}").status_code == 404


def test_is_not_told_of_in_megabytes(live_server: Any, server: LiveKit) -> None:
    assert server.post(f"{live_server.url}/carrier/sip/engine/", "x" * 70_000).status_code == 413


# --- secrets


def test_tells_nobody_the_password(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    told = Refused(400, "invalid_argument", f"{PASSWORD} and {SECRET} are wrong")
    scene.server.breaks(DIAL, "refused", refused=told)
    over = scene.advance()
    assert scene.server.heard.count(DIAL) == 1
    kept = [
        f"{one.url} {one.request_body} {one.response_body} {one.error}"
        for one in CarrierExchange.objects.filter(about=scene.call_id)
    ]
    assert len(kept) == 2
    everything = f"{kept} {over.reason} {over.cause} {over.trace} {caplog.text}"
    assert PASSWORD not in everything
    assert SECRET not in everything


def test_refuses_to_hang_up_while_livekit_can_not_be_asked(scene: Scene, by: Actor) -> None:
    scene.advance()
    scene.answered()
    scene.server.breaks("RoomService/DeleteRoom", "refused")
    with pytest.raises(Refusal) as refused:
        hang_up(scene.call(), by=by, now=scene.clock())
    assert refused.value.status == 502
    assert scene.call().status == "received"
