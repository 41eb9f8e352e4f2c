"""/v1/call-price …"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from telephony.models import CallRate, NetworkGroup, Prefix, SipRate
from tests.conftest import Program
from tests.documented import DocumentedProgram, documented

URL = "/v1/call-price"
INDIAN = "+919812345678"


@pytest.fixture
def api(program: Program) -> DocumentedProgram:
    return documented(program)


def add(now: datetime, days: int, price: str, **changes: object) -> CallRate:
    group = NetworkGroup.objects.get(carrier="plivo", country="IN")
    Prefix.objects.get_or_create(network_group=group, digits="9198")
    what = {"network_group": group, "prefix": "9198", "currency": "INR", **changes}
    return CallRate.objects.create(per_minute=Decimal(price), valid_from=now + timedelta(days=days), **what)


def test_says_what_a_call_costs_and_which_rate_decides(api: DocumentedProgram, now: datetime) -> None:
    rate = add(now, -1, "0.65", pulse_seconds=6, connection_fee=Decimal("0.1"))
    said = api.get(URL, to_number=INDIAN, duration_seconds="61").json()
    assert said.pop("valid_from").endswith("Z")
    assert said == {
        "to_number": INDIAN,
        "country_iso": "IN",
        "provider": "plivo",
        "direction": "outbound",
        "currency": "INR",
        "per_minute": "0.65",
        "pulse_seconds": 6,
        "connection_fee": "0.10",
        "rate_id": str(rate.pk),
        "prefix": "9198",
        "network_group_id": rate.network_group_id,
        "network_group_name": "India all",
        "duration_seconds": 61,
        "cost": "0.815",
    }


def test_prices_any_moment(api: DocumentedProgram, now: datetime) -> None:
    for days, price in ((-9, "1"), (-1, "2"), (5, "3")):
        add(now, days, price)
    prices = [
        api.get(URL, to_number=INDIAN, at=(now + timedelta(days=days)).isoformat()).json()["per_minute"]
        for days in (-5, 0, 5)
    ]
    assert prices == ["1.00", "2.00", "3.00"]


def test_knows_the_flat_rate_of_own_carriers(api: DocumentedProgram, now: datetime) -> None:
    SipRate.objects.create(currency="INR", per_minute=Decimal("0.3"), valid_from=now - timedelta(days=1))
    said = api.get(URL, to_number=INDIAN, provider="sip_trunk").json()
    assert (said["per_minute"], said["network_group_id"], said["cost"]) == ("0.30", None, "0.30")


@pytest.mark.parametrize(
    "asked, status, code",
    [
        ({"to_number": "9812345678"}, 400, "destination_unparseable"),
        ({"to_number": "+9198"}, 400, "destination_not_possible"),
        ({"to_number": "+33123456789"}, 404, "call_not_priced"),
        ({"to_number": INDIAN, "direction": "inbound"}, 404, "call_not_priced"),
        ({"to_number": INDIAN, "provider": "twilio"}, 404, "call_not_priced"),
        ({"to_number": INDIAN, "at": "2020-01-01T00:00:00Z"}, 404, "call_not_priced"),
    ],
)
def test_says_why_there_is_no_price(
    api: DocumentedProgram, asked: dict[str, str], status: int, code: str
) -> None:
    answer = api.get(URL, **asked)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("asked", [{}, {"to_number": INDIAN, "duration_seconds": "-1"}])
def test_refuses_half_a_question(api: DocumentedProgram, asked: dict[str, str]) -> None:
    assert api.get(URL, **asked).status_code == 400
