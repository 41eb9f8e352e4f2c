"""The drift desk …"""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from phone_numbers.models import CarrierSweep, Drift, PhoneNumber
from phone_numbers.routes.readiness import read_readiness
from tests.conftest import AUTH_ID
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


def test_is_for_staff_who_may_see_differences(orphan: Drift, client: Client) -> None:
    assert client.get(DESK).status_code == 302


def test_leaves_a_lost_number_to_be_seen_where_its_owner_looks(own: Own, clock: Turned) -> None:
    number = own(missing_since=clock.now)
    active = read_readiness(number, now=clock.now)[0]
    assert active.sentence.startswith("Plivo does not carry it at the moment: calls fail")
    assert active.state == "blocked"
