"""Releasing a linked number …"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from dialnexa import wallet
from dialnexa.audit import entries_about
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber, SipTrunk
from phone_numbers.releasing import protect_number, release_number, tell_carrier
from phone_numbers.routes.routing import route_number
from phone_numbers.sweeping import take_due_releases
from tests.numbers.conftest import Turned
from tests.numbers.test_routing import make_version
from tests.numbers.trunks import link, trunk_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]


@pytest.fixture
def number(workspace: Workspace, clock: Turned, by: Any) -> PhoneNumber:
    """Linked, and answered by somebody."""
    number = link(workspace, clock.now, phone_number="+918047182200")
    route_number(number, inbound=make_version(workspace, "Front desk", clock.now), by=by, now=clock.now)
    return number


def test_says_no_longer_that_the_trunk_answers(
    number: PhoneNumber, by: Any, clock: Turned, alice_client: Client
) -> None:
    trunk = trunk_of(number)
    trunk.checked_at, trunk.health_text = clock.now, "It answers."
    trunk.save()
    page = f"/w/acme/numbers/{number.pk}/"
    assert "It answers." in alice_client.get(page).content.decode()
    release_number(number, by=by, now=clock.now)
    assert "It answers." not in alice_client.get(page).content.decode()


def test_is_done_at_once_and_wipes_the_password(number: PhoneNumber, by: Any, clock: Turned) -> None:
    before = wallet.balance(number.workspace)
    release_number(number, by=by, now=clock.now, reason="Ported away")
    fresh = PhoneNumber.objects.get(pk=number.pk)
    assert (fresh.status, fresh.released_at, fresh.inbound_version_id) == ("released", clock.now, None)
    assert fresh.next_release_at is None
    trunk = trunk_of(fresh)
    assert (trunk.sealed_password, trunk.next_check_at) == (None, None)
    assert wallet.balance(number.workspace) == before
    events = [(entry.event, entry.reason) for entry in entries_about([number.pk])][-3:]
    assert events == [
        ("route", "Released."),
        ("release", "Ported away"),
        ("released", "It stays with your own carrier."),
    ]


def test_tells_no_carrier(number: PhoneNumber, by: Any, clock: Turned) -> None:
    release_number(number, by=by, now=clock.now)
    assert take_due_releases(now=clock.turn(days=1)) == []
    tell_carrier(number.pk, tell=clock)
    assert PhoneNumber.objects.get(pk=number.pk).status == "released"


def test_lets_it_be_linked_again_by_anybody(
    number: PhoneNumber, charlie_workspace: Workspace, by: Any, clock: Turned
) -> None:
    release_number(number, by=by, now=clock.now)
    assert link(charlie_workspace, clock.now, phone_number=number.e164).status == "active"


def test_is_refused_while_it_is_protected(number: PhoneNumber, by: Any, clock: Turned) -> None:
    protect_number(number, protected=True, by=by, now=clock.now)
    with pytest.raises(Refusal, match="number_in_use"):
        release_number(number, by=by, now=clock.now)
    assert trunk_of(number).sealed_password is not None


def test_is_refused_while_it_is_being_linked(number: PhoneNumber, by: Any, clock: Turned) -> None:
    pending = PhoneNumber.objects.create(
        workspace=number.workspace,
        e164="+918047182201",
        country="IN",
        calling_code="91",
        national_number="8047182201",
        type="local",
        carrier="sip_trunk",
    )
    SipTrunk.objects.create(number=pending, workspace=number.workspace, host="127.0.0.1", auth_mode="ip")
    with pytest.raises(Refusal, match="is still being linked"):
        release_number(pending, by=by, now=clock.now)


def test_works_from_its_page(number: PhoneNumber, alice_client: Client) -> None:
    url = f"/w/acme/numbers/{number.pk}/"
    before = alice_client.get(url).content.decode()
    assert "stays with your own carrier" in before
    assert "goes back to" not in before
    page = alice_client.post(f"{url}release/", {"confirm": "2200"}, follow=True).content.decode()
    assert "It stays with your own carrier." in page
    assert "It costs nothing more" not in page
    assert "Wiped" in page
    assert PhoneNumber.objects.get(pk=number.pk).status == "released"
