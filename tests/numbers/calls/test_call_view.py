"""A call's page …"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from dialnexa import audit
from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.call_list.rows import CallRow
from phone_numbers.calls.placing import Asked, place_call
from phone_numbers.models import PhoneNumber
from telephony.models import Call, CarrierExchange
from tests.conftest import client_of, make_user
from tests.numbers.calls.conftest import LONDON
from tests.numbers.rows import make_call

pytestmark = pytest.mark.django_db
CALLER = "+919820012345"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def call(workspace: Workspace, number: PhoneNumber, now: datetime) -> Call:
    asked = Asked(metadata={"ticket": "4711"}, notes={"mood": "<b>good</b>"})
    return place_call(workspace, number, LONDON, by=SYSTEM, now=now, asked=asked)


def page_of(client: Client, call: Call) -> str:
    return client.get(f"/w/acme/calls/{call.pk}/").content.decode()


def test_shows_what_decided_it_and_what_it_costs(alice_client: Client, call: Call) -> None:
    page = page_of(alice_client, call)
    for step in call.trace:
        assert f'data-code="{step["code"]}"' in page
    assert "₹1.25, in pulses of 60 s" in page
    assert "United Kingdom all" in page
    assert "₹37.50 reserved" in page
    assert "Call placed" in page


def test_shows_what_was_sent_along_as_text(alice_client: Client, call: Call) -> None:
    page = page_of(alice_client, call)
    assert "4711" in page
    assert "&lt;b&gt;good&lt;/b&gt;" in page


def test_looks_at_itself_while_the_call_is_open(alice_client: Client, call: Call, now: datetime) -> None:
    here = f"/w/acme/calls/{call.pk}/"
    assert f"{here}?had=created" in page_of(alice_client, call)
    assert alice_client.get(here, {"had": "created"}, headers=HTMX).status_code == 204
    call.transition("fail", by=SYSTEM, now=now, charged=0, ended_at=now, reason_code="x")
    assert "?had=" not in page_of(alice_client, call).partition('id="call-page"')[2]


def test_hangs_up_without_scripts(alice_client: Client, call: Call) -> None:
    answer = alice_client.post(f"/w/acme/calls/{call.pk}/hang-up/", follow=True)
    call.refresh_from_db()
    assert call.status == "cancelled"
    assert "Cancelled before dialling." in answer.content.decode()


def test_says_why_a_call_was_rejected(alice_client: Client, number: PhoneNumber, now: datetime) -> None:
    told = {"direction": "inbound", "from_text": CALLER, "to_text": number.e164, "status": "failed"}
    call = make_call(number, now, reason="The rent is overdue.", charged=0, ended_at=now, **told)
    page = page_of(alice_client, call)
    assert "The rent is overdue." in page
    assert "Rejected" in page
    assert "hang-up" not in page


def test_offers_no_end_to_who_can_t_give_it(alice_client: Client, number: PhoneNumber, now: datetime) -> None:
    told = {"direction": "inbound", "from_text": CALLER, "to_text": number.e164, "answered_at": now}
    call = make_call(number, now, carrier_call_id="a", status="received", **told)
    Call.objects.update(carrier="sip_trunk")
    page = page_of(alice_client, call)
    assert "It ends when one of the two hangs up." in page
    assert "hang-up" not in page
    assert "Came in" in page


@pytest.mark.parametrize(
    ("status", "note"), [("failed", "Plivo says: Invalid Number"), ("busy", ""), ("completed", "")]
)
def test_repeats_a_carrier_s_words_only_where_they_say_why(
    number: PhoneNumber, now: datetime, status: str, note: str
) -> None:
    call = make_call(number, now, status=status, cause="Invalid Number", charged=0, ended_at=now)
    assert CallRow(call).note == note


def test_tells_what_happened_in_its_order(call: Call, now: datetime) -> None:
    """Who had to wait for the row had looked at the clock before."""
    audit.record(call, "accept", by=SYSTEM, now=now + timedelta(milliseconds=6))
    audit.record(call, "fail", by=SYSTEM, now=now)
    assert [entry.event for entry in audit.entries_about([call.pk])] == ["place", "accept", "fail"]


def test_keeps_the_carrier_s_words_for_staff(
    alice_client: Client, staff_client: Client, call: Call, workspace: Workspace
) -> None:
    CarrierExchange.objects.create(
        workspace=workspace,
        about=call.pk,
        carrier="plivo",
        method="POST",
        url="https://x.test",
        duration_ms=9,
    )
    assert "https://x.test" not in page_of(alice_client, call)
    sam = make_user("Sue", is_staff=True)
    workspace.memberships.create(user=sam, role="viewer")
    page = page_of(client_of(sam), call)
    assert "https://x.test" in page
    assert "Hang up" not in page


def test_is_not_there_for_others(charlie_client: Client, call: Call) -> None:
    assert charlie_client.get(f"/w/chocolate/calls/{call.pk}/").status_code == 404
    assert charlie_client.get(f"/w/acme/calls/{call.pk}/").status_code == 404
