"""The verdict …"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import LedgerEntry
from phone_numbers.buying.papers import confirm_number
from phone_numbers.models import NumberOrder, PhoneNumber
from phone_numbers.releasing import tell_carrier
from tests.chaos import verdict
from tests.chaos.buyers import Memory
from tests.chaos.verdict import Verdict, judge
from tests.conftest import ACCOUNTS, AUTH_ID
from tests.numbers.conftest import Carrier, Turned
from tests.numbers.conftest import advance as advance  # noqa: PLC0414  fixtures of another folder
from tests.numbers.conftest import by as by  # noqa: PLC0414
from tests.numbers.conftest import carrier as carrier  # noqa: PLC0414
from tests.numbers.conftest import clock as clock  # noqa: PLC0414
from tests.numbers.conftest import offers as offers  # noqa: PLC0414
from tests.numbers.conftest import order as order  # noqa: PLC0414

pytestmark = pytest.mark.django_db
CREDIT = Decimal(10_000)
OURS = getattr(verdict, "OUR_ACCOUNT", AUTH_ID)


@pytest.fixture
def returned(order: NumberOrder, advance: Any, carrier: Carrier, clock: Turned, settings: Any) -> NumberOrder:
    """Sold, its papers refused, given back with its money."""
    carrier.breaks("rejected", 0)
    number_id = advance(order).number_id
    confirm_number(number_id, tell=clock)
    clock.turn(seconds=settings.PAPERS_GRACE)
    confirm_number(number_id, tell=clock)
    tell_carrier(number_id, tell=clock)
    return NumberOrder.objects.select_related("number", "workspace").get(pk=order.pk)


def verdict_on(carrier: Carrier, *, owned: list[str] | None = None) -> Verdict:
    state = carrier.server.state
    sales = [{"number": sale.number, "account": OURS} for sale in state.sales()]
    has = [sale["number"] for sale in sales if state.owner_of(sale["number"])] if owned is None else owned
    return judge({"sales": sales, "accounts": {OURS: {"numbers": has}}}, Memory(), CREDIT)


def test_finds_nothing_wrong_with_a_purchase(order: NumberOrder, advance: Any, carrier: Carrier) -> None:
    advance(order)
    assert verdict_on(carrier).findings == []


def test_finds_nothing_wrong_with_a_number_that_went_back(returned: NumberOrder, carrier: Carrier) -> None:
    assert returned.number.status == "released"
    assert verdict_on(carrier).findings == []


def test_finds_a_number_that_went_back_and_was_kept(returned: NumberOrder, carrier: Carrier) -> None:
    assert verdict_on(carrier, owned=[returned.e164[1:]]).lost


def test_finds_a_refund_that_was_forgotten(order: NumberOrder, advance: Any, carrier: Carrier) -> None:
    carrier.breaks("pending", 3600)
    number = advance(order).number
    PhoneNumber.objects.filter(pk=number.pk).update(status="releasing")
    PhoneNumber.objects.filter(pk=number.pk).update(status="released")
    assert len(verdict_on(carrier, owned=[]).charged_wrongly) == 2  # the order's book and the wallet


def test_finds_a_refund_nobody_should_have_had(order: NumberOrder, advance: Any, carrier: Carrier) -> None:
    order = advance(order)
    wallet.refund(order.workspace, subject=order.id, memo="A present", by=SYSTEM, now=order.created_at)
    assert len(verdict_on(carrier).charged_wrongly) == 2


def test_finds_a_second_refund(returned: NumberOrder, carrier: Carrier) -> None:
    first = LedgerEntry.objects.get(reference=f"refund:{returned.id}")
    first.pk, first.reference = "txn_again", "refund:again"
    first.save(force_insert=True)
    assert len(verdict_on(carrier).charged_wrongly) == 2


def test_misses_a_number_that_another_carrier_than_its_order_s_has(
    order: NumberOrder, advance: Any, every_carrier: Any
) -> None:
    advance(order)
    number = order.e164[1:]
    state = {
        "sales": [{"number": number, "account": AUTH_ID}],
        "accounts": {ACCOUNTS["twilio"]: {"numbers": [number]}},
    }
    assert judge(state, Memory(), CREDIT).lost == [
        f"{order.e164} is owned at twilio, and nobody has it",
        f"{order.e164} is sold to a customer, and plivo has it not",
    ]
