"""A call, over a real network and whichever carrier carries it …"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from dialnexa.errors import Refusal
from phone_numbers.calls.callbacks import callback_url
from phone_numbers.calls.dialling import hang_up
from phone_numbers.releasing import release_number
from telephony.models import Call, CarrierExchange, CarrierWebhook
from tests.conftest import ACCOUNTS
from tests.numbers.calls.carriers import Line

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = "1.25"
LONGER = {"ring_seconds": 0, "talk_seconds": 3600}


# --- what becomes of it


@pytest.mark.parametrize(
    ("callee", "status", "charged"),
    [
        ("", "completed", MINUTE),
        ("talks_long", "completed", "2.50"),
        ("hangs_up", "completed", MINUTE),
        ("answers_late", "completed", MINUTE),
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
    over = line.assert_settled(call, status, charged)
    assert over.carrier_call_id
    assert (over.answered_at is not None) == (status == "completed")
    assert over.ended_at


def test_is_told_to_the_carrier_once_and_kept_without_its_secrets(line: Line, slug: str) -> None:
    call = line.place()
    line.advance(call)
    line.wait(call)
    line.assert_settled(call, "completed", MINUTE)
    said = CarrierExchange.objects.get(about=call.pk)
    assert (said.carrier, said.method, said.status) == (
        slug,
        "POST",
        201 if slug != "signalwire" else said.status,
    )
    assert "sandbox-token" not in f"{said.url} {said.request_body} {said.response_body}"
    assert ACCOUNTS[slug] not in f"{said.url} {said.request_body} {said.response_body}"


def test_is_not_asked_for_again_by_whoever_comes_later(line: Line) -> None:
    call = line.place()
    for _ in range(3):
        line.advance(call)
    line.wait(call)
    line.advance(call)
    line.assert_settled(call, "completed", MINUTE)


def test_is_asked_for_once_by_two_workers(line: Line) -> None:
    line.breaks("slow", 0.3)
    call = line.place()

    def work() -> None:
        line.advance(call)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    line.wait(call)
    line.assert_settled(call, "completed", MINUTE)


# --- the request to place it


@pytest.mark.parametrize("fault", ["sold_then_silent", "error_after", "reset_after", "garbage", "truncated"])
def test_goes_on_though_the_carrier_did_not_say_that_it_placed_it(line: Line, fault: str) -> None:
    line.breaks(fault, 5)
    call = line.place()
    line.advance(call)
    line.wait(call)
    line.assert_settled(call, "completed", MINUTE)


@pytest.mark.parametrize("fault", ["sold_late", "slow"])
def test_takes_webhooks_that_come_before_the_answer_or_long_after_it(line: Line, fault: str) -> None:
    line.breaks(fault, {"slow": 0.4, "sold_late": 200}[fault])  # late: seconds of the call
    call = line.place()
    line.advance(call)
    line.wait(call)
    line.assert_settled(call, "completed", MINUTE)


@pytest.mark.parametrize("fault", ["silent", "error_before", "reset_before"])
def test_counts_as_not_placed_when_nobody_ever_speaks_of_it(
    line: Line, fault: str, settings: LazySettings
) -> None:
    line.breaks(fault, 5)
    call = line.place()
    assert line.advance(call).status == "initiated"
    line.clock.turn(seconds=settings.CALL_DOUBT - 1)
    assert line.advance(call).status == "initiated"
    line.advance_when_due(call)
    over = line.assert_settled(call, "failed", "0", placed=0)
    assert over.reason_code == "call_unconfirmed"
    assert over.reason.endswith("Nothing was charged.")


@pytest.mark.parametrize("trouble", ["rate_limited", "nobody listens"])
def test_is_asked_for_again_when_certainly_nothing_was_done(
    line: Line, slug: str, settings: LazySettings, trouble: str
) -> None:
    url = settings.CARRIERS[slug]["base_url"]
    if trouble == "rate_limited":
        line.breaks(trouble, 1)
    else:
        settings.CARRIERS[slug]["base_url"] = "http://127.0.0.1:9"
    call = line.place()
    assert line.advance(call).status == "created"
    settings.CARRIERS[slug]["base_url"] = url
    line.advance_when_due(call)
    line.wait(call)
    line.assert_settled(call, "completed", MINUTE)


def test_is_given_up_when_the_carrier_never_takes_it(line: Line, settings: LazySettings) -> None:
    line.breaks("rate_limited", 20, times=9)
    call = line.place()
    for _ in range(9):
        if not line.advance_when_due(call).is_open:
            break
    over = line.assert_settled(call, "failed", "0", placed=0)
    assert over.ended_at
    assert over.ended_at - over.created_at < timedelta(seconds=settings.CALL_GIVE_UP + 31)


def test_is_over_at_once_when_the_carrier_refuses_it(line: Line) -> None:
    line.breaks("out_of_credit")
    call = line.place()
    line.advance(call)
    over = line.assert_settled(call, "failed", "0", placed=0)
    assert over.reason_code
    assert over.reason


def test_does_not_leave_from_a_number_that_was_given_back(line: Line) -> None:
    call = line.place()
    release_number(line.number, by=line.by, now=line.clock())
    line.advance(call)
    over = line.assert_settled(call, "failed", "0", placed=0)
    assert over.reason_code == "number_not_active"


# --- its webhooks


@pytest.mark.parametrize("fault", ["twice", "reordered", "forged", "late"])
def test_is_charged_once_however_its_webhooks_come(line: Line, fault: str) -> None:
    line.breaks(fault, on="webhook", times=8)
    call = line.place()
    line.advance(call)
    line.wait(call)
    over = line.assert_settled(call, "completed", MINUTE)
    assert over.duration == 20
    assert over.billed_seconds == (60 if line.number.carrier == "plivo" else 20)


def test_is_settled_by_a_look_when_its_end_was_not_told(line: Line) -> None:
    line.breaks("lost", on="webhook", times=8)
    call = line.place()
    line.advance(call)
    line.wait(call, "received")
    line.wait_for_silence()
    line.advance_when_due(call)
    line.assert_settled(call, "completed", MINUTE)


def test_is_settled_by_a_look_when_no_webhook_comes_at_all(line: Line, settings: LazySettings) -> None:
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:9"
    line.breaks("no_answer", on="callee")
    call = line.place()
    assert line.advance(call).status == "sent"
    line.wait_for_silence()
    over = line.advance_when_due(call)
    line.assert_settled(call, over.status, "0")
    assert over.status in ("no_answer", "did_not_pick")


def test_is_lost_when_the_carrier_forgot_it(line: Line) -> None:
    line.server.state.set_mode(**LONGER)
    call = line.place()
    line.advance(call)
    line.wait(call, "received")
    line.server.state.reset()
    line.advance_when_due(call)
    line.clock.turn(hours=2)
    line.advance_when_due(call)
    over = line.assert_settled(call, "failed", "0", placed=0)
    assert over.reason_code == "call_lost"


@pytest.mark.parametrize("kind", ["answer", "status"])
def test_hears_nothing_that_its_carrier_did_not_sign(line: Line, slug: str, kind: str, client: Any) -> None:
    line.server.state.set_mode(**LONGER)
    call = line.place()
    line.advance(call)
    line.wait(call, "received")
    own = callback_url(kind, slug, call.pk)
    path = own.removeprefix(own.split("/carrier/")[0])
    said = {"CallUUID": call.carrier_call_id, "CallSid": call.carrier_call_id, "CallStatus": "completed"}
    assert client.post(path, said).status_code == 403
    assert client.post(path, {"x": "y" * 70_000}).status_code == 413
    assert client.post(path.replace(call.pk, "call_01"), said).status_code == 404
    other = "twilio" if slug != "twilio" else "plivo"
    assert client.post(path.replace(f"/{slug}/", f"/{other}/"), said).status_code in (403, 404)
    assert not CarrierWebhook.objects.filter(body__contains="=completed").exists()
    assert Call.objects.get(pk=call.pk).status == "received"
    hang_up(call, by=line.by, now=line.clock())
    line.wait(call)


# --- ending it


@pytest.mark.parametrize("stage", ["rings", "is spoken"])
def test_ends_when_we_hang_up(line: Line, stage: str) -> None:
    line.server.state.set_mode(**LONGER | ({"ring_seconds": 40} if stage == "rings" else {}))
    line.server.state.set_mode(call_pace=0.05)
    call = line.place()
    line.advance(call)
    line.wait(call, "sent" if stage == "rings" else "received")
    if stage == "is spoken":
        line.wait_for_talk(call)
    hang_up(Call.objects.get(pk=call.pk), by=line.by, now=line.clock())
    over = line.wait(call)
    line.assert_settled(call, over.status, MINUTE if stage == "is spoken" else "0")
    assert over.status in (
        ("completed",) if stage == "is spoken" else ("cancelled", "no_answer", "did_not_pick")
    )
    with pytest.raises(Refusal, match="call_over"):
        hang_up(over, by=line.by, now=line.clock())


def test_is_never_dialled_when_we_hang_up_first(line: Line) -> None:
    call = line.place()
    hang_up(call, by=line.by, now=line.clock())
    line.advance(call)
    line.assert_settled(call, "cancelled", "0", placed=0)


def test_is_ended_when_it_has_lasted_as_long_as_it_may(line: Line, settings: LazySettings) -> None:
    settings.CALL_LONGEST = 120
    line.server.state.set_mode(**LONGER, call_pace=0.02)
    call = line.place()
    line.advance(call)
    received = line.wait(call, "received")
    if line.number.carrier == "signalwire":  # it can't be told how long a call may last
        assert received.answered_at
        line.wait_for_talk(call)
        line.clock.now = received.answered_at + timedelta(seconds=120)
        Call.objects.filter(pk=call.pk).update(next_run_at=line.clock.now)
        line.advance(call)
    line.wait(call)
    over = Call.objects.get(pk=call.pk)
    line.assert_settled(call, "completed", str(over.charged))
    assert over.charged
    assert over.charged <= call.held
