"""The list of calls …"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from dialnexa.models import Workspace
from phone_numbers.call_list.table import COUNTED, PAGE_SIZE
from phone_numbers.models import PhoneNumber
from telephony.models import AgentVersion, Call
from tests.numbers.rows import make_call, make_number

pytestmark = pytest.mark.django_db
CALLER = "+919820012345"
LIST = "/w/acme/calls/"
HTMX = {"HX-Request": "true"}
MINUTE = timedelta(minutes=1)


def shown(client: Client, **query: str) -> list[str]:
    """The ids of the calls on the page, in order."""
    return [row.call.pk for row in client.get(LIST, query).context["rows"]]


def over(number: PhoneNumber, now: datetime, status: str, **fields: Any) -> Call:
    told = {"charged": 0, "duration": 0, "ended_at": now} | fields
    return make_call(number, now, status=status, **told)


def test_teaches_while_there_are_none(alice_client: Client) -> None:
    page = alice_client.get(LIST).content.decode()
    assert "No calls yet" in page
    assert 'aria-current="page">' in page.replace("\n", "")


def test_has_the_newest_first_and_pages_by_key(
    alice_client: Client, number: PhoneNumber, now: datetime
) -> None:
    made = [make_call(number, now - n * MINUTE).pk for n in range(PAGE_SIZE + 2)]
    first = shown(alice_client)
    assert first == made[:PAGE_SIZE]
    assert shown(alice_client, after=first[-1]) == made[PAGE_SIZE:]
    assert shown(alice_client, before=made[PAGE_SIZE]) == made[:PAGE_SIZE]


def test_has_chips_with_counts(alice_client: Client, number: PhoneNumber, now: datetime) -> None:
    for status in ("completed", "busy", "no_answer", "failed"):
        over(number, now, status)
    make_call(number, now)
    chips = alice_client.get(LIST).context["table"].chips
    counts = {chip.key: count for chip, count in chips}
    assert counts == {"all": "5", "open": "1", "completed": "1", "missed": "2", "failed": "1"}
    missed = alice_client.get(LIST, {"chip": "missed"}).context["rows"]
    assert {row.word for row in missed} == {"Busy", "No answer"}


def test_counts_no_further_than_it_has_to(alice_client: Client, number: PhoneNumber, now: datetime) -> None:
    call = make_call(number, now)
    fields = {name: getattr(call, name) for name in ("workspace", "number", "carrier", "currency")}
    Call.objects.bulk_create(Call(direction="outbound", created_at=now, **fields) for _ in range(COUNTED + 5))
    chips = alice_client.get(LIST).context["table"].chips
    assert chips[0][1] == f"{COUNTED:,}+"


def test_narrows(
    alice_client: Client,
    workspace: Workspace,
    number: PhoneNumber,
    version: AgentVersion,
    now: datetime,
) -> None:
    other = make_number(workspace)
    out = make_call(number, now - timedelta(days=3), agent_version=version).pk
    told = {"direction": "inbound", "from_text": CALLER, "to_text": other.e164}
    into = make_call(other, now, **told).pk
    assert shown(alice_client, direction="inbound") == [into]
    assert shown(alice_client, number=number.pk) == [out]
    assert shown(alice_client, agent=version.agent_id) == [out]
    assert shown(alice_client, q="98200 12345") == [into]
    assert shown(alice_client, q="020 7946") == [out]
    assert shown(alice_client, q=out) == [out]
    assert shown(alice_client, since=f"{now - timedelta(days=1):%Y-%m-%d}") == [into]
    assert shown(alice_client, until=f"{now - timedelta(days=2):%Y-%m-%d}") == [out]
    assert shown(alice_client, since="nonsense", chip="nonsense", agent="\x00") == [into, out]


def test_says_why_a_call_was_rejected(alice_client: Client, number: PhoneNumber, now: datetime) -> None:
    told = {"direction": "inbound", "from_text": CALLER, "to_text": number.e164}
    over(number, now, "failed", reason="Nobody answers this number.", **told)
    page = alice_client.get(LIST).content.decode()
    assert "Rejected" in page
    assert "Nobody answers this number." in page


def test_lets_rows_of_open_calls_look_at_themselves(
    alice_client: Client, number: PhoneNumber, now: datetime
) -> None:
    call = make_call(number, now)
    row = f"{LIST}{call.pk}/row/"
    assert f"{row}?had=created" in alice_client.get(LIST).content.decode()
    assert alice_client.get(row, {"had": "created"}, headers=HTMX).status_code == 204
    Call.objects.filter(pk=call.pk).update(rang_at=now)
    assert "data-poll" in alice_client.get(row, {"had": "created"}, headers=HTMX).content.decode()
    assert alice_client.get(row).status_code == 302


def test_exports_what_it_shows(alice_client: Client, number: PhoneNumber, now: datetime) -> None:
    over(number, now, "completed", charged=2, duration=65)
    over(number, now, "failed", reason="=1+1")
    answer = alice_client.get(f"{LIST}export.csv", {"chip": "completed"})
    rows = list(csv.DictReader(b"".join(answer).decode("utf-8-sig").splitlines()))
    assert [(row["status"], row["seconds"], row["charged"]) for row in rows] == [("Completed", "65", "2")]
    everything = b"".join(alice_client.get(f"{LIST}export.csv")).decode()
    assert "'=1+1" in everything


def test_asks_the_same_however_many_there_are(
    alice_client: Client, number: PhoneNumber, now: datetime, django_assert_max_num_queries: Any
) -> None:
    for n in range(30):
        make_call(number, now - n * MINUTE)
    with django_assert_max_num_queries(24):
        alice_client.get(LIST)
