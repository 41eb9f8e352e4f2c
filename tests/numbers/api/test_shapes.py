"""What a number or a call looks like …"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import Http404

from dialnexa.api.shapes import RowShape, only
from dialnexa.models import Workspace
from phone_numbers.api.call_shapes import CallDetailsShape, CallShape
from phone_numbers.api.shapes import NumberShape
from phone_numbers.models import PhoneNumber
from telephony.models import Call
from tests.numbers.api.conftest import MakeAgent
from tests.numbers.rows import make_call, make_number, make_order, make_rental

pytestmark = pytest.mark.django_db
FACTS = {"ticket": 4711, "words": ["ü\u2028", None, {"deep": 1.5}]}
STEP = {"name": "country", "outcome": "pass", "code": "", "sentence": "It is on.", "record": "IN"}


@pytest.fixture
def numbers(workspace: Workspace, now: datetime, make_agent: MakeAgent) -> list[PhoneNumber]:
    """In every state, with and without order, rent, agents and a carrier's cost."""
    version = make_agent(published=2).versions.get(number=2)
    made = [
        make_number(
            workspace,
            status=status,
            carrier=carrier,
            carrier_monthly_cost=Decimal("1.150000"),
            carrier_currency=currency,
            inbound_version=version if carrier == "plivo" else None,
            outbound_version=version if currency == "USD" else None,
            capabilities=["voice", "sms"],
            nickname="Büro",
        )
        for status in PhoneNumber.Status.values
        for carrier in ("plivo", "sip_trunk")
        for currency in ("USD", "INR")
    ]
    for n, number in enumerate(made):
        if n % 2:
            make_order(number, "fulfilled")
        if n % 4 < 3:
            rental = make_rental(number, now, price="250.5", status="expired" if n % 3 else "active")
            rental.ended_at = now if n % 4 == 2 else None
            rental.save()
    make_number(workspace)
    return made


@pytest.fixture
def calls(numbers: list[PhoneNumber], now: datetime) -> list[Call]:
    return [
        make_call(
            numbers[n % len(numbers)],
            now,
            status=status,
            agent_version=numbers[0].inbound_version if n % 2 else None,
            metadata=FACTS if n % 3 else {},
            trace=[STEP] * (n % 3),
            per_minute=Decimal("0.008500") if n % 2 else None,
            duration=61 if n % 3 else None,
            answered_at=now - timedelta(microseconds=1500) if n % 2 else None,
        )
        for n, status in enumerate(Call.Status.values)
    ]


@pytest.mark.usefixtures("numbers", "calls")
@pytest.mark.parametrize("shape", [NumberShape, CallShape, CallDetailsShape])
def test_is_the_same_from_rows_and_from_models(shape: type[RowShape]) -> None:
    rows: Any = shape.Meta.model.objects.order_by("pk")  # type: ignore[attr-defined]
    shown = shape.of(rows)
    assert len(shown) >= 10
    assert shown == [shape(model).data for model in rows]
    assert {tuple(each) for each in shown} == {shape.Meta.fields}


@pytest.mark.usefixtures("numbers", "calls")
@pytest.mark.parametrize("shape", [NumberShape, CallShape, CallDetailsShape])
def test_writes_what_the_serializer_s_fields_write(shape: type[RowShape]) -> None:
    rows: Any = shape.Meta.model.objects.order_by("pk")  # type: ignore[attr-defined]
    columns = {name: field for name, field in shape().fields.items() if field.source != "*"}
    assert len(columns) > 15
    for model, shown in zip(rows, shape.of(rows), strict=True):
        for name, field in columns.items():
            value = field.get_attribute(model)
            written = None if value is None else field.to_representation(value)
            assert (type(shown[name]), shown[name]) == (type(written), written), name


def test_leaves_empty_what_leads_nowhere(workspace: Workspace) -> None:
    make_number(workspace, carrier_monthly_cost="2", carrier_currency="INR")
    shown = only(NumberShape.of(PhoneNumber.objects.all()))
    empty = {name for name, value in shown.items() if value is None}
    routes = {f"{way}_agent_{what}" for way in ("inbound", "outbound") for what in ("id", "version")}
    assert empty == routes | {
        *("agent_id", "rental_status", "monthly_cost_usd", "monthly_price", "auto_renew", "renews_at"),
    }


def test_tells_the_rent_before_the_order_and_no_rent_that_has_ended(
    workspace: Workspace, now: datetime
) -> None:
    number = make_number(workspace)
    make_order(number)
    rows = PhoneNumber.objects.all()
    assert only(NumberShape.of(rows))["monthly_price"] == "92.00"
    rental = make_rental(number, now, price="250.5")
    shown = only(NumberShape.of(rows))
    assert (shown["monthly_price"], shown["rental_status"]) == ("250.50", "active")
    rental.ended_at = now
    rental.save()
    shown = only(NumberShape.of(rows))
    assert (shown["monthly_price"], shown["rental_status"], shown["renews_at"]) == ("250.50", None, None)


@pytest.mark.usefixtures("numbers")
def test_takes_one_query_for_many(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert len(NumberShape.of(PhoneNumber.objects.all())) > 20


def test_is_not_found_when_there_is_none() -> None:
    with pytest.raises(Http404):
        only(NumberShape.of(PhoneNumber.objects.all()))
