"""The API's list of numbers …"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.buying.dismissing import dismiss_number
from tests.conftest import Program, make_program
from tests.numbers.api.conftest import NUMBERS, MakeAgent, code
from tests.numbers.rows import make_number, make_order, make_rental

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("workspace")]


def found(program: Program, **query: Any) -> list[str]:
    response = program.get(NUMBERS, **query)
    assert response.status_code == 200, response.json()
    return [number["phone_number"] for number in response.json()["data"]]


def test_has_both_published_shapes_at_once(program: Program, workspace: Workspace, now: datetime) -> None:
    for n in range(5):
        make_number(workspace, f"+1212555010{n}", created_at=now + timedelta(seconds=n))
    body = program.get(NUMBERS, page=2, limit=2).json()
    assert [number["phone_number"] for number in body["data"]] == ["+12125550102", "+12125550101"]
    assert body["items"] == body["data"]
    assert body["meta"] == {"page": 2, "limit": 2, "total": 5, "totalPages": 3}
    assert (body["total"], body["page"], body["limit"]) == (5, 2, 2)
    assert set(body) == {"data", "items", "meta", "total", "page", "limit"}


def test_is_empty_beyond_the_last_page_and_without_numbers(program: Program, workspace: Workspace) -> None:
    assert program.get(NUMBERS).json()["meta"] == {"page": 1, "limit": 20, "total": 0, "totalPages": 0}
    make_number(workspace)
    beyond = program.get(NUMBERS, page=9).json()
    assert (beyond["data"], beyond["total"]) == ([], 1)


def test_shows_every_field_of_a_number(
    program: Program, workspace: Workspace, now: datetime, make_agent: MakeAgent
) -> None:
    version = make_agent().versions.get()
    number = make_number(
        workspace,
        "+918047180000",
        calling_code="91",
        country="IN",
        type="toll_free",
        nickname="Support",
        label="cc 1",
        inbound_version=version,
        carrier_monthly_cost="2.5",
        carrier_currency="USD",
        is_default=True,
        created_at=now,
    )
    make_order(number, "fulfilled")
    make_rental(number, now)
    shown = program.get(NUMBERS).json()["data"][0]
    instant = now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert shown == {
        "id": number.pk,
        "phone_number": "+918047180000",
        "country_code": "IN",
        "calling_code": "91",
        "national_number": "8047180000",
        "type": "toll_free",
        "status": "active",
        "status_reason": "",
        "rental_status": "active",
        "provider": "plivo",
        "label": "cc 1",
        "nickname": "Support",
        "agent_id": version.agent_id,
        "inbound_agent_id": version.agent_id,
        "inbound_agent_version": 1,
        "outbound_agent_id": None,
        "outbound_agent_version": None,
        "capabilities": ["voice"],
        "monthly_cost_usd": "2.50",
        "monthly_price": "92.00",
        "currency": "INR",
        "sip_trunk_enabled": False,
        "is_default": True,
        "release_protection": False,
        "auto_renew": True,
        "renews_at": instant,
        "created_at": instant,
    }


@pytest.mark.parametrize(
    "words",
    ["+91 80-4718", "080 4718", "0804718", "(80) 4718", "４７１８", "8047180000", "  4718 ", "+918047180000"],
)
def test_finds_a_number_however_it_is_written(program: Program, workspace: Workspace, words: str) -> None:
    make_number(workspace, "+918047180000", calling_code="91", country="IN")
    make_number(workspace, "+12125550100")
    assert found(program, search=words) == ["+918047180000"]


def test_finds_by_nickname_label_and_id(program: Program, workspace: Workspace) -> None:
    number = make_number(workspace, "+12125550100", nickname="Büro Nord", label="Cost 7%")
    make_number(workspace, "+12125550101", nickname="Other")
    for words in ("büro", "COST 7%", number.pk):
        assert found(program, search=words) == ["+12125550100"]
    assert found(program, search="7_") == found(program, search="phn_nobody") == []
    assert program.http.get(f"{NUMBERS}?search=").json()["total"] == 2


def test_is_narrowed_by_each_filter_and_by_all_together(
    program: Program, workspace: Workspace, make_agent: MakeAgent
) -> None:
    version = make_agent().versions.get()
    make_number(workspace, "+12125550100", outbound_version=version)
    make_number(workspace, "+12125550101", carrier="sip_trunk")
    make_number(
        workspace, "+918047180000", calling_code="91", country="IN", type="mobile", inbound_version=version
    )
    for country in ("IN", "in", "In"):
        assert found(program, country_code=country) == ["+918047180000"]
    assert found(program, type="mobile") == ["+918047180000"]
    assert found(program, provider="sip_trunk") == ["+12125550101"]
    assert found(program, agent_id=version.agent_id, sort="phone_number") == ["+12125550100", "+918047180000"]
    assert found(program, agent_id="agt_nobody") == []
    both = {"agent_id": version.agent_id, "country_code": "us", "status": "active", "search": "555"}
    assert found(program, **both) == ["+12125550100"]
    assert found(program, **both | {"type": "mobile"}) == []


def test_leaves_out_what_has_left_unless_it_is_asked_for(
    program: Program, workspace: Workspace, now: datetime
) -> None:
    """As the table does; automation that names a status gets all that have it."""
    for n, status in enumerate(("active", "pending", "releasing", "released", "failed", "failed")):
        number = make_number(workspace, f"+1212555010{n}", status=status)
    dismiss_number(number, by=SYSTEM, now=now)
    usual = found(program, sort="phone_number")
    assert usual == ["+12125550100", "+12125550101", "+12125550102", "+12125550104"]
    assert found(program, status="released") == ["+12125550103"]
    assert found(program, status="failed", sort="phone_number") == ["+12125550104", "+12125550105"]
    assert found(program, status="releasing") == ["+12125550102"]


def test_sorts_as_it_is_told(program: Program, workspace: Workspace, now: datetime) -> None:
    for n, renews in ((1, 2), (2, None), (3, 1)):
        number = make_number(workspace, f"+1212555010{n}", created_at=now + timedelta(seconds=n))
        if renews:
            make_rental(number, now + timedelta(days=renews))
    orders = {
        "created_at": "123",
        "-created_at": "321",
        "phone_number": "123",
        "-phone_number": "321",
        "renews_at": "312",
        "-renews_at": "132",
    }
    for sort, expected in orders.items():
        assert "".join(number[-1] for number in found(program, sort=sort)) == expected


def test_shows_only_the_workspaces_own(
    program: Program, charlie_program: Program, workspace: Workspace, charlie_workspace: Workspace
) -> None:
    make_number(workspace, "+12125550100")
    make_number(charlie_workspace, "+12125550101")
    assert found(program) == ["+12125550100"]
    assert found(charlie_program) == ["+12125550101"]
    assert found(program, search="+12125550101") == []


def test_asks_the_database_as_little_for_many_as_for_one(
    program: Program, workspace: Workspace, now: datetime, make_agent: MakeAgent
) -> None:
    version = make_agent().versions.get()

    def queries() -> int:
        number = make_number(workspace, inbound_version=version, outbound_version=version)
        make_order(number, "fulfilled"), make_rental(number, now)
        program.get(NUMBERS)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert program.get(NUMBERS).status_code == 200
        return len(captured)

    one = queries()
    assert {queries() for _ in range(4)} == {one}
    assert one == 3  # the key, how many there are, a page of them


@pytest.mark.parametrize(
    "query",
    [
        {"page": "0"},
        {"page": "1000001"},
        {"limit": "101"},
        {"limit": "x"},
        {"country_code": "IND"},
        {"country_code": "1N"},
        {"type": "satellite"},
        {"status": "gone"},
        {"provider": "nobody"},
        {"sort": "colour"},
        {"agent_id": "x" * 41},
        {"search": "x" * 101},
        {"search": "\x00"},
    ],
)
def test_is_refused_with_400_for_what_it_does_not_know(program: Program, query: dict[str, str]) -> None:
    response = program.get(NUMBERS, **query)
    assert code(response) == (400, "invalid_request")
    assert response.json()["message"].startswith(f"{next(iter(query))}: ")


def test_is_refused_with_401_and_403(program: Program, workspace: Workspace, now: datetime) -> None:
    assert code(program.http.get(NUMBERS, headers={"authorization": "Bearer dnx_x"})) == (401, "key_invalid")
    other = make_program(workspace, now, "numbers:write", "calls:read")
    assert code(other.get(NUMBERS)) == (403, "key_scope_missing")
