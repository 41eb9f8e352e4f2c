"""The export …"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from dialnexa.cells import safe_cell
from dialnexa.models import User, Workspace
from phone_numbers.models import Rental
from tests.numbers.rows import make_number, make_rental

pytestmark = pytest.mark.django_db
URL = "/w/acme/numbers/export.csv"


def rows(response: Any) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_holds_exactly_what_is_filtered_in_the_order_shown(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    b = make_number(workspace, "+12125550002", nickname="b")
    a = make_number(workspace, "+12125550001", nickname="a")
    make_number(workspace, "+918047182200", calling_code="91", country="IN")
    make_rental(a, now + timedelta(days=5))
    found = rows(alice_client.get(URL, {"country": "US", "sort": "nickname"}))
    assert [row["number"] for row in found] == [a.e164, b.e164]
    assert found[0]["monthly_price"] == "92.00"
    assert found[0]["currency"] == "INR"


def test_tells_the_days_of_the_readers_zone(alice_client: Client, alice: User, workspace: Workspace) -> None:
    make_rental(make_number(workspace), datetime(2030, 1, 31, 20, tzinfo=UTC))
    assert alice.time_zone == "Asia/Kolkata"
    assert rows(alice_client.get(URL))[0]["renews_on"] == "2030-02-01"


def test_says_of_linked_and_released_numbers_that_they_cost_nothing(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    make_number(workspace, "+12125550001", carrier="sip_trunk")
    leaving = make_rental(make_number(workspace, "+12125550002", status="releasing"), now)
    Rental.objects.filter(pk=leaving.pk).update(ended_at=now)
    found = rows(alice_client.get(URL, {"sort": "number"}))
    names = ("provider", "rental_status", "renews_on", "monthly_price")
    assert [[row[name] for name in names] for row in found] == [
        ["SIP trunk", "", "", ""],
        ["Plivo", "Ended", "", ""],
    ]


def test_holds_every_page(
    alice_client: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phone_numbers.number_table.table.PAGE_SIZE", 2)
    for _ in range(5):
        make_number(workspace)
    assert len(rows(alice_client.get(URL))) == 5


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+1+1", "-2+3", "@SUM(A1)", "%0A", "\tx", "\r", "\0=1", "|cmd", "＝1", "＋1",
        "－1", "＠x", "\u200b=1", "\ufeff=1", "\xa0=1", "\u202e+1",
        " =1+1", "+12125550001=1", "+0123456789", "+1", "+٣٤٥٦٧٨٩١٠", "−1", "  \tx", "+12125550001\n",
    ],
)  # fmt: skip
def test_disarms_what_a_spreadsheet_would_run(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("x;=1", "x;'=1"),
        ("x; \u200b=1;-2", "x;' \u200b=1;'-2"),
        ("x\t=1", "x\t'=1"),
        ("\t=1", "'\t'=1"),
        ("x\n=1", "x\n'=1"),
        (";=1", ";'=1"),
        ("=1;=1", "'=1;'=1"),
    ],
)
def test_disarms_what_a_spreadsheet_would_cut_off_and_run(text: str, safe: str) -> None:
    assert safe_cell(text) == safe


@pytest.mark.parametrize("text", ["+12125550001", "Front desk", "", "a=b", "12", "क", "'=1", "a; b", "a;b=c"])
def test_leaves_plain_text_and_numbers_alone(text: str) -> None:
    assert safe_cell(text) == text


def test_survives_a_nickname_that_attacks(alice_client: Client, workspace: Workspace) -> None:
    make_number(workspace, nickname='=HYPERLINK("http://x","y")\n')
    found = rows(alice_client.get(URL))
    assert found[0]["nickname"] == '\'=HYPERLINK("http://x","y")\n'


def test_is_not_there_for_strangers(charlie_client: Client, workspace: Workspace) -> None:
    assert charlie_client.get(URL).status_code == 404
