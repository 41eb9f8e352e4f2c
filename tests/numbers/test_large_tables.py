"""The Phone Numbers page of a workspace with more numbers than are counted …"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.number_table import counting, table
from phone_numbers.number_table.counting import occurring_kinds
from tests.numbers.rows import make_number, make_rental

pytestmark = pytest.mark.django_db
URL = "/w/acme/numbers/"


@pytest.fixture
def numbers(workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch) -> list[PhoneNumber]:
    """Seven, the newest first, where three are counted and two are a page."""
    monkeypatch.setattr(counting, "COUNTED", 3)
    monkeypatch.setattr(table, "PAGE_SIZE", 2)
    made = [
        make_number(workspace, created_at=now - timedelta(hours=n), status="failed" if n == 2 else "active")
        for n in range(7)
    ]
    make_rental(made[0], now + timedelta(days=3))
    make_rental(made[1], now - timedelta(days=3), status="expired")
    return made


def chips(response: Any) -> dict[str, str]:
    found = re.findall(r'id="chip-(\w+)".*?chip-count">([^<]+)<', response.content.decode(), re.S)
    return dict(found)


def shown(response: Any) -> list[str]:
    return re.findall(r'data-copy="(\+\d+)" aria-label', response.content.decode())


def pager(response: Any) -> str:
    (said,) = re.findall(r'class="pager">\s*<span>([^<]*)<', response.content.decode())
    return said


def test_counts_so_many_and_says_that_there_are_more(
    alice_client: Client, numbers: list[PhoneNumber]
) -> None:
    told = chips(alice_client.get(URL))
    assert told == {
        "all": "3+",
        "active": "3+",
        "unrouted": "3+",
        "expiring": "1",
        "expired": "1",
        "failed": "1",
    }


def test_says_where_a_page_is_as_far_as_is_counted(alice_client: Client, numbers: list[PhoneNumber]) -> None:
    said = [pager(alice_client.get(URL, {"after": numbers[n].pk} if n >= 0 else {})) for n in (-1, 1, 3)]
    assert said == ["1–2 of 3+", "3–4 of 3+", "3+"]


@pytest.mark.parametrize("sort", ["newest", "oldest", "number", "-number", "-nickname", "renewal"])
def test_leads_through_all_of_them_and_back(
    alice_client: Client, numbers: list[PhoneNumber], sort: str
) -> None:
    pages, url = [], f"{URL}?sort={sort}"
    while True:
        page = alice_client.get(url)
        pages.append(shown(page))
        onward = page.context["table"].later_query
        if onward is None:
            break
        url = f"{URL}?{onward}"
    there = [number for page in pages for number in page]
    assert sorted(there) == sorted(number.e164 for number in numbers)
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    back = alice_client.get(f"{URL}?{page.context['table'].earlier_query}")
    assert shown(back) == pages[-2]


def test_offers_each_kind_that_occurs_once(workspace: Workspace, numbers: list[PhoneNumber]) -> None:
    make_number(workspace, "+919876543210", country="IN", calling_code="91", type="mobile", carrier="twilio")
    make_number(workspace, "+442079460018", country="GB", calling_code="44", status="released")
    assert occurring_kinds(workspace) == [("IN", "mobile", "twilio"), ("US", "local", "plivo")]
