"""A call of which nobody speaks …"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import LazySettings

from dialnexa import wallet
from telephony.models import Call
from tests.numbers.calls.carriers import Line

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("seconds", "charged"), [(0, "0"), (61, "2.50")])
def test_is_found_in_the_carriers_list_and_costs_what_was_spoken(
    line: Line, settings: LazySettings, seconds: int, charged: str
) -> None:
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:9"  # neither the question nor any news of it comes here
    line.breaks("error_after")
    call = line.place()
    assert line.advance(call).status == "initiated"
    line.wait_for_silence()
    [carried] = line.placed(call)
    with line.server.state.locked() as contents:
        assert carried.ended_at
        contents.calls[carried.id] = replace(carried, ended_at=carried.ended_at + seconds)
    over = line.advance_when_due(call)
    assert over.carrier_call_id.replace("-", "").endswith(carried.id.replace("-", ""))
    line.assert_settled(call, "completed", charged)


def test_is_not_taken_for_another_one_to_the_same_person(line: Line, settings: LazySettings) -> None:
    known = line.place()
    line.advance(known)
    line.wait(known)
    line.breaks("error_before")
    call = line.place()
    assert line.advance(call).status == "initiated"
    line.advance_when_due(call)
    over = Call.objects.get(pk=call.pk)
    assert (over.status, over.reason_code, over.charged) == ("failed", "call_unconfirmed", Decimal(0))


def test_keeps_its_hold_for_a_day_while_the_carrier_cannot_be_asked(
    line: Line, settings: LazySettings
) -> None:
    line.breaks("error_before")
    call = line.place()
    line.advance(call)
    held = wallet.held(line.workspace)
    assert held > 0
    line.breaks("error_before", on="call_list", times=3)
    assert line.advance_when_due(call).status == "initiated"
    line.clock.turn(hours=12)
    assert line.advance_when_due(call).status == "initiated"
    assert wallet.held(line.workspace) == held
    line.clock.turn(hours=13)
    over = line.advance_when_due(call)
    assert (over.status, over.reason_code) == ("failed", "call_untold")
    assert over.reason == "The carrier could not be asked about this call for 24 hours. Nothing was charged."
    assert wallet.held(line.workspace) == 0


def test_keeps_its_hold_while_it_is_known_and_cannot_be_asked_about(line: Line) -> None:
    line.server.state.set_mode(ring_seconds=0, talk_seconds=3600)
    call = line.place()
    line.advance(call)
    line.wait(call, "received")
    line.server.state.reset()  # and nobody will ever tell
    for hours, status in ((2, "received"), (23, "failed")):
        line.breaks("error_before", on="call_get", times=4)
        line.breaks("error_before", on="call_end", times=4)
        line.clock.turn(hours=hours)
        assert line.advance_when_due(call).status == status
    assert Call.objects.get(pk=call.pk).reason_code == "call_untold"
    assert timedelta(days=1) < line.clock.now - call.created_at
