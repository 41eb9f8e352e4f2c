"""The drift desk …"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from dialnexa.models import AuditEntry, User
from phone_numbers.models import CarrierSweep, Drift, PhoneNumber
from phone_numbers.routes.readiness import read_readiness
from tests.conftest import ACCOUNTS, AUTH_ID, client_of
from tests.numbers.conftest import Turned
from tests.numbers.drift.conftest import Change, Own, Sweep, drifts

pytestmark = pytest.mark.django_db
DESK, LIST = "/admin/drift/", "/admin/numbers/drift/"


@pytest.fixture
def orphan(own: Own, change: Change, sweep: Sweep) -> Drift:
    own()
    change("own", number="14155550001", account=AUTH_ID)
    change("alter", number="14155550001", monthly="1.15")
    sweep()
    sweep()
    return Drift.objects.get()


def do(client: Client, action: str, drift: Drift) -> str:
    sent = {"id": drift.pk, "reason": "Looked at it"}
    page = client.post(f"{LIST}do/{action}/", sent, follow=True)
    return page.content.decode()


def test_shows_evidence_and_what_it_costs_a_month(orphan: Drift, staff_client: Client) -> None:
    shown = staff_client.get(DESK).content.decode()
    assert "$1.15" in shown
    assert "Plivo lists it as ours (14155550001" in shown
    assert "Complete" in shown
    assert "Carriers list otherwise than we do" in staff_client.get("/admin/").content.decode()


def test_says_loudly_that_a_list_is_not_believed(
    own: Own, change: Change, sweep: Sweep, staff_client: Client
) -> None:
    change("disown", number=own().e164[1:])
    sweep()
    shown = staff_client.get(DESK).content.decode()
    assert "Plivo’s list lacks 1 of our 1 numbers. Nothing was marked" in shown
    assert "Not believed" in shown


def test_says_when_a_list_is_incomplete(own: Own, change: Change, sweep: Sweep, staff_client: Client) -> None:
    own()
    change("mode", lists="short")
    sweep()
    assert "It was begun 3 times." in staff_client.get(DESK).content.decode()


@pytest.mark.parametrize(
    ("action", "state", "told"),
    [
        ("recheck", "open", "still so, and two sweeps agree."),
        ("release", "released", "the carrier is told until it is certain."),
        ("ignore", "ignored", "ignored, until it is another difference."),
    ],
)
def test_decides_with_a_click_and_a_reason(
    action: str, state: str, told: str, orphan: Drift, staff_client: Client
) -> None:
    assert told in do(staff_client, action, orphan)
    assert drifts() == [("orphan", state, True)]


def test_repairs_with_a_click(own: Own, change: Change, sweep: Sweep, staff_client: Client) -> None:
    number = own()
    change("alter", number=number.e164[1:], monthly="1.20")
    sweep()
    sweep()
    assert "we reckon with the carrier’s price" in do(staff_client, "repair", Drift.objects.get())
    assert PhoneNumber.objects.get().carrier_monthly_cost == Decimal("1.2")


def test_says_why_it_can_not_be_done(orphan: Drift, staff_client: Client) -> None:
    assert "there is no workspace to give it to" in do(staff_client, "adopt", orphan)


def test_offers_what_fits(orphan: Drift, staff_client: Client) -> None:
    shown = staff_client.get(f"{LIST}{orphan.pk}/change/").content.decode()
    offered = [name for name in ("recheck", "adopt", "repair", "release", "ignore") if f"do/{name}/" in shown]
    assert offered == ["recheck", "release", "ignore"]


def test_reads_a_list_again_when_asked_to(orphan: Drift, staff_client: Client) -> None:
    sweeps = CarrierSweep.objects.filter(finished_at=None)
    assert not sweeps.exists()
    sent = {"id": orphan.last_sweep_id, "reason": "To be sure"}
    staff_client.post("/admin/numbers/carriersweep/do/sweep/", sent)
    assert sweeps.get().carrier == "plivo"


def test_reads_a_carrier_s_list_at_a_press(others: None, staff_client: Client) -> None:
    assert "Read Twilio’s list now" in staff_client.get(DESK).content.decode()
    for _ in range(2):
        told = staff_client.post(DESK, {"carrier": "twilio"}, follow=True).content.decode()
        assert "A worker reads Twilio’s list now" in told
    begun = CarrierSweep.objects.get()
    assert (begun.carrier, begun.finished_at) == ("twilio", None)
    assert "Read Twilio’s list now" not in staff_client.get(DESK).content.decode()
    assert AuditEntry.objects.filter(subject_id=begun.pk, event="ask").count() == 2


def test_refuses_a_carrier_nobody_has_configured(sandbox: Any, staff_client: Client) -> None:
    told = staff_client.post(DESK, {"carrier": "acme"}, follow=True).content.decode()
    assert "No carrier &#x27;acme&#x27; is configured" in told


def test_lets_only_those_read_a_list_who_may(sandbox: Any, staff: User) -> None:
    staff.is_superuser = False
    staff.save()
    staff.user_permissions.set(Permission.objects.filter(codename="view_drift"))
    client = client_of(staff)
    assert "Read it now" not in client.get(DESK).content.decode()
    assert client.post(DESK, {"carrier": "plivo"}).status_code == 403


def test_says_that_a_list_names_no_prices(
    own: Own, others: None, change: Change, sweep: Sweep, staff_client: Client
) -> None:
    own()
    change("own", number="14155550001", account=ACCOUNTS["twilio"])
    sweep()
    assert "names no prices" not in staff_client.get(DESK).content.decode()
    sweep("twilio")
    assert "this carrier’s list names no prices" in staff_client.get(DESK).content.decode()


def test_tells_when_a_list_was_read_in_the_reader_s_zone(orphan: Drift, staff: User) -> None:
    staff.time_zone = "Asia/Kolkata"
    staff.save()
    shown = client_of(staff).get(f"{LIST}{orphan.pk}/change/").content.decode()
    there = orphan.last_sweep.started_at.astimezone(ZoneInfo("Asia/Kolkata"))
    assert f"Plivo {there:%Y-%m-%d %H:%M}" in shown


def test_is_for_staff_who_may_see_differences(orphan: Drift, client: Client) -> None:
    assert client.get(DESK).status_code == 302


def test_leaves_a_lost_number_to_be_seen_where_its_owner_looks(own: Own, clock: Turned) -> None:
    number = own(missing_since=clock.now)
    active = read_readiness(number, now=clock.now)[0]
    assert active.sentence.startswith("Plivo does not carry it at the moment: calls fail")
    assert active.state == "blocked"
