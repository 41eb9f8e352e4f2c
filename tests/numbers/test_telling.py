"""Members are told …"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from dialnexa.models import Notice, NoticeCopy, User, Workspace
from phone_numbers.buying.papers import confirm_number
from phone_numbers.linking.health import check_when_due
from phone_numbers.models import NumberOrder, PhoneNumber, SipTrunk
from phone_numbers.releasing import release_number, tell_carrier
from telephony.e164 import format_international
from tests.numbers.conftest import Carrier, Turned
from tests.numbers.trunks import SECRET, link, trunk_of
from tests.pbx import Pbx

pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, str]]:
    """Every notice's title and tone, oldest first."""
    return list(Notice.objects.order_by("created_at", "id").values_list("title", "tone"))


@pytest.fixture
def number(order: NumberOrder, advance: Any) -> PhoneNumber:
    advance(order)
    return PhoneNumber.objects.get(pk=order.number_id)


def test_that_a_number_was_not_bought_and_why(
    order: NumberOrder, advance: Any, carrier: Carrier, alice: User, bob: User
) -> None:
    carrier.breaks("unavailable")
    order = advance(order)
    notice = Notice.objects.get()
    assert (notice.title, notice.tone) == (f"{format_international(order.e164)} was not bought", "trouble")
    assert notice.body == order.failure_reason
    assert "Nothing was charged." in notice.body
    assert notice.page == f"/w/acme/numbers/{order.number_id}/"
    assert list(NoticeCopy.objects.values_list("user", flat=True)) == [alice.pk]


def test_nothing_of_a_purchase_that_went_well(number: PhoneNumber) -> None:
    assert number.status == "active"
    assert told() == []


def test_that_a_number_is_theirs_after_a_doubt(
    order: NumberOrder, advance_until_settled: Any, carrier: Carrier
) -> None:
    carrier.breaks("reset_after")
    order = advance_until_settled(order)
    assert order.status == "fulfilled"
    assert told() == [(f"{format_international(order.e164)} is yours", "ok")]
    assert Notice.objects.get().body.endswith("The number is active.")


def test_that_money_came_back_for_a_number_that_could_never_be_used(
    order: NumberOrder, advance: Any, carrier: Carrier, clock: Turned, settings: Any
) -> None:
    carrier.breaks("rejected", 1)
    number = advance(order).number
    carrier.server.state.move_clock(2)
    confirm_number(number.id, tell=clock)
    assert told() == []
    clock.turn(seconds=settings.PAPERS_GRACE)
    confirm_number(number.id, tell=clock)
    confirm_number(number.id, tell=clock)
    assert told() == [("₹92.00 is back in the wallet", "ok")]


def test_that_the_carrier_has_taken_a_number_back(
    number: PhoneNumber, by: Any, clock: Turned, carrier: Carrier
) -> None:
    release_number(number, by=by, now=clock.now)
    assert told() == []
    tell_carrier(number.id, tell=clock)
    assert told() == [(f"{format_international(number.e164)} has gone back", "waiting")]


# --- SIP trunks ---------------------------------------------------------------------------------------


@pytest.fixture
def trunk(workspace: Workspace, pbx: Pbx, clock: Turned) -> SipTrunk:
    """Linked, and answering when it was asked."""
    pbx.secret = SECRET
    trunk = trunk_of(link(workspace, clock.now, termination_uri=pbx.uri))
    check(trunk, clock)
    return trunk


def check(trunk: SipTrunk, clock: Turned) -> str:
    SipTrunk.objects.filter(pk=trunk.pk).update(next_check_at=clock.now)
    check_when_due(trunk.pk, now=clock.now)
    return SipTrunk.objects.get(pk=trunk.pk).health


def titles(trunk: SipTrunk) -> tuple[str, str]:
    number = format_international(trunk.number.e164)
    return f"The SIP trunk of {number} fails", f"The SIP trunk of {number} answers again"


def test_that_a_trunk_fails_and_that_it_answers_again(trunk: SipTrunk, clock: Turned, pbx: Pbx) -> None:
    assert told() == []
    fails, answers = titles(trunk)
    pbx.secret = "changed"
    clock.turn(minutes=5)
    assert check(trunk, clock) == "unauthorized"
    assert told() == [(fails, "trouble")]
    assert Notice.objects.get().body == SipTrunk.objects.get(pk=trunk.pk).health_text
    pbx.secret = SECRET
    clock.turn(minutes=5)
    assert check(trunk, clock) == "healthy"
    assert told() == [(fails, "trouble"), (answers, "ok")]


def test_once_a_day_of_a_trunk_that_comes_and_goes(
    trunk: SipTrunk, clock: Turned, pbx: Pbx, workspace: Workspace
) -> None:
    """Days are the workspace's: 18:30 UTC is midnight in Kolkata."""
    clock.now = datetime(2026, 3, 1, 17, 0, tzinfo=clock.now.tzinfo)
    fails, answers = titles(trunk)

    def comes_and_goes() -> None:
        for secret in ("changed", SECRET):
            pbx.secret = secret
            check(trunk, clock)
            clock.now += timedelta(minutes=10)

    comes_and_goes()
    comes_and_goes()
    assert [title for title, _ in told()] == [fails, answers]
    clock.turn(hours=1)
    comes_and_goes()
    assert [title for title, _ in told()] == [fails, answers, fails, answers]


def test_nothing_of_a_trunk_that_has_never_answered(workspace: Workspace, pbx: Pbx, clock: Turned) -> None:
    pbx.secret = SECRET
    trunk = trunk_of(link(workspace, clock.now, termination_uri=pbx.uri, password="wrong"))
    assert check(trunk, clock) == "unauthorized"
    assert told() == []
