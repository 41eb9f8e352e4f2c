"""The list of the compatible endpoints …"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from dialnexa.actors import SYSTEM
from dialnexa.audit import record
from dialnexa.ids import uuid_of
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from tests.numbers.rows import make_number, make_rental

from .relay import ROOT, Relay


@pytest.fixture
def numbers(workspace: Workspace, now: datetime) -> list[PhoneNumber]:
    """Five, the newest first; two of one moment."""
    ages = (0, 1, 1, 2, 3)
    made = [make_number(workspace, created_at=now - timedelta(hours=age)) for age in ages]
    return sorted(made, key=lambda number: (number.created_at, number.pk), reverse=True)


def ids(response: Any) -> list[str]:
    return [item["id"] for item in response.json()["data"]]


def uuids(numbers: list[PhoneNumber]) -> list[str]:
    return [str(uuid_of(number.pk)) for number in numbers]


# --- what a number looks like -------------------------------------------------------------------------


def test_shows_a_number_as_signalwire_does(relay: Relay, workspace: Workspace, now: datetime) -> None:
    number = make_number(
        workspace, "+12125550123", nickname="Front desk", capabilities=["voice", "sms"], created_at=now
    )
    make_rental(number, now + timedelta(days=30))
    record(number, "rename", by=SYSTEM, now=now + timedelta(hours=1))
    (shown,) = relay.get().json()["data"]
    said = {name: value for name, value in shown.items() if value is not None}
    moment = "%Y-%m-%dT%H:%M:%S.000Z"
    assert said == {
        "id": str(uuid_of(number.pk)),
        "number": "+12125550123",
        "name": "Front desk",
        "capabilities": ["voice", "sms"],
        "number_type": "longcode",
        "country_code": "US",
        "created_at": now.strftime(moment),
        "updated_at": (now + timedelta(hours=1)).strftime(moment),
        "next_billed_at": (now + timedelta(days=30)).strftime(moment),
        "call_receive_mode": "voice",
    }


@pytest.mark.parametrize(
    "kind, wire",
    [("local", "longcode"), ("mobile", "longcode"), ("national", "longcode"), ("toll_free", "toll-free")],
)
def test_knows_two_types(relay: Relay, workspace: Workspace, kind: str, wire: str) -> None:
    make_number(workspace, type=kind)
    (shown,) = relay.get().json()["data"]
    assert (shown["number_type"], shown["name"], shown["next_billed_at"]) == (wire, None, None)
    assert shown["updated_at"] == shown["created_at"]


def test_shows_what_is_ours_to_use(relay: Relay, workspace: Workspace) -> None:
    active = make_number(workspace)
    papers = make_number(workspace, status="pending", carrier_number_id="12125550001")
    linked = make_number(workspace, carrier="sip_trunk")
    for status in ("pending", "releasing", "released", "failed"):
        make_number(workspace, status=status)
    assert set(ids(relay.get())) == set(uuids([active, papers, linked]))


def test_shows_nothing_of_another_workspace(relay: Relay, charlie_relay: Relay, workspace: Workspace) -> None:
    make_number(workspace)
    assert len(ids(relay.get())) == 1
    assert ids(charlie_relay.get()) == []


def test_shows_any_number_of_numbers_in_as_few_queries(
    relay: Relay,
    workspace: Workspace,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    relay.get()
    for _ in range(20):
        make_rental(make_number(workspace), now)
    with django_assert_max_num_queries(2):
        assert len(ids(relay.get(page_size=1000))) == 20


# --- filters ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query, found",
    [
        ({"filter_number": "+12125550123"}, ["desk"]),
        ({"filter_number": " 12125550123"}, ["desk"]),
        ({"filter_number": "555"}, ["night", "desk"]),
        ({"filter_number": "0124"}, ["night"]),
        ({"filter_number": "+555"}, []),
        ({"filter_name": "DESK"}, ["desk"]),
        ({"filter_name": "%"}, []),
        ({"filter_name": "line", "filter_number": "0123"}, []),
        ({"filter_name": "", "filter_number": ""}, ["night", "desk"]),
    ],
)
def test_finds_numbers(
    relay: Relay, workspace: Workspace, now: datetime, query: dict[str, str], found: list[str]
) -> None:
    desk = make_number(workspace, "+12125550123", nickname="Front desk", created_at=now - timedelta(hours=1))
    night = make_number(workspace, "+12125550124", nickname="Night line", created_at=now)
    assert ids(relay.get(**query)) == uuids([{"desk": desk, "night": night}[name] for name in found])


# --- pages --------------------------------------------------------------------------------------------


def test_leads_through_pages_and_back(relay: Relay, numbers: list[PhoneNumber]) -> None:
    seen, links = [], []
    response = relay.get(page_size=2)
    while True:
        seen += ids(response)
        links.append(response.json()["links"])
        if "next" not in links[-1]:
            break
        response = relay.follow(links[-1]["next"])
    assert seen == uuids(numbers)
    assert ["prev" in each for each in links] == [False, True, True]
    assert {each["first"] for each in links} == {f"{ROOT}?page_number=0&page_size=2"}
    assert ids(relay.follow(links[2]["prev"])) == uuids(numbers[2:4])
    assert ids(relay.follow(links[1]["prev"])) == uuids(numbers[:2])
    for each in links:
        assert relay.follow(each["self"]).json()["links"] == each


def test_keeps_its_place_while_numbers_come_and_go(
    relay: Relay, numbers: list[PhoneNumber], workspace: Workspace, now: datetime
) -> None:
    following = relay.get(page_size=2).json()["links"]["next"]
    make_number(workspace, created_at=now + timedelta(hours=1))
    PhoneNumber.objects.filter(pk=numbers[1].pk).update(status="releasing")
    assert ids(relay.follow(following)) == uuids(numbers[2:4])


def test_keeps_the_filters_in_the_links(relay: Relay, numbers: list[PhoneNumber]) -> None:
    links = relay.get(page_size=2, filter_number="+1212").json()["links"]
    assert "filter_number=%2B1212" in links["next"]
    assert len(ids(relay.follow(links["next"]))) == 2


def test_ends_where_the_numbers_end(relay: Relay, numbers: list[PhoneNumber]) -> None:
    assert set(relay.get(page_size=5).json()["links"]) == {"self", "first"}


@pytest.mark.parametrize(
    "query, field",
    [
        ({"page_size": 0}, "page_size"),
        ({"page_size": 1001}, "page_size"),
        ({"page_size": "many"}, "page_size"),
        ({"page_number": -1}, "page_number"),
        ({"page_number": 1}, "page_token"),
        ({"page_token": "PAx"}, "page_token"),
        ({"page_token": "PA00000000-0000-0000-0000-000000000000"}, "page_token"),
        ({"page_token": "xPA00000000-0000-0000-0000-000000000000"}, "page_token"),
        ({"page_token": "PA00000000-0000-0000-0000-000000000000x"}, "page_token"),
        ({"filter_name": "\x00"}, "filter_name"),
    ],
)
def test_refuses_what_is_no_page(
    relay: Relay, numbers: list[PhoneNumber], query: dict[str, Any], field: str
) -> None:
    response = relay.get(**query)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["detail"].startswith(f"{field}: ")


def test_knows_no_token_of_another_workspace(
    relay: Relay, charlie_relay: Relay, numbers: list[PhoneNumber]
) -> None:
    token = f"PA{uuid_of(numbers[0].pk)}"
    assert relay.get(page_number=1, page_token=token).status_code == 200
    assert charlie_relay.get(page_number=1, page_token=token).status_code == 422
