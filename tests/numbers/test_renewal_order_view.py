"""The order in which numbers renew, in the browser …"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from dialnexa.models import AuditEntry, Workspace
from phone_numbers.models import Rental
from phone_numbers.renting.choices import ranked
from tests.numbers.rows import make_number, make_rental

pytestmark = pytest.mark.django_db
URL = "/w/acme/numbers/renewal-order/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def rentals(workspace: Workspace, now: datetime) -> list[Rental]:
    """Three, the longest rented first."""
    return [
        make_rental(make_number(workspace, f"+1212555010{n}"), now + timedelta(days=n)) for n in range(1, 4)
    ]


def order(workspace: Workspace) -> list[tuple[str, int | None]]:
    """The last digits, and the rank somebody gave."""
    return [(rental.number.e164[-1], rental.renewal_rank) for rental in ranked(workspace)]


def test_shows_the_longest_rented_first_until_somebody_says_otherwise(
    alice_client: Client, rentals: list[Rental]
) -> None:
    page = alice_client.get(URL).content.decode()
    places = [page.index(f">+1 212-555-010{n}<") for n in (1, 2, 3)]
    assert places == sorted(places)
    assert "Nobody has put them in order" in page


def test_moves_one_up_and_down(alice_client: Client, workspace: Workspace, rentals: list[Rental]) -> None:
    response = alice_client.post(URL, {"up": rentals[1].number_id}, follow=True)
    assert order(workspace) == [("2", 1), ("1", 2), ("3", None)]
    assert "+1 212-555-0102 renews at place 1." in response.content.decode()
    alice_client.post(URL, {"down": rentals[0].number_id})
    assert order(workspace) == [("2", 1), ("3", 2), ("1", 3)]


@pytest.mark.parametrize(("way", "which"), [("up", 0), ("down", 2)])
def test_leaves_the_order_at_its_ends(
    way: str, which: int, alice_client: Client, workspace: Workspace, rentals: list[Rental]
) -> None:
    alice_client.post(URL, {way: rentals[which].number_id})
    assert order(workspace) == [("1", None), ("2", None), ("3", None)]
    assert not AuditEntry.objects.filter(event="rank_rentals").exists()


def test_takes_positions(alice_client: Client, workspace: Workspace, rentals: list[Rental]) -> None:
    first, second, third = (f"at-{rental.number_id}" for rental in rentals)
    alice_client.post(URL, {first: "", second: "7", third: "2"})
    assert order(workspace) == [("3", 1), ("2", 2), ("1", None)]
    alice_client.post(URL, {first: "1", second: "2", third: "1"})  # the one that was moved there wins
    assert order(workspace) == [("1", 1), ("3", 2), ("2", 3)]


def test_forgets_the_order(alice_client: Client, workspace: Workspace, rentals: list[Rental]) -> None:
    alice_client.post(URL, {"up": rentals[2].number_id})
    alice_client.post(URL, {"forget": "1"})
    assert order(workspace) == [("1", None), ("2", None), ("3", None)]


@pytest.mark.parametrize("typed", ["0", "-1", "x", "1.5", "99999"])
def test_refuses_positions_that_are_none(
    typed: str, alice_client: Client, workspace: Workspace, rentals: list[Rental]
) -> None:
    response = alice_client.post(URL, {f"at-{rentals[0].number_id}": typed}, headers=HTMX)
    assert response.status_code == 422
    assert "A position is a whole number" in response.content.decode()
    assert order(workspace)[0] == ("1", None)


def test_answers_htmx_with_the_list_and_a_toast(
    alice_client: Client, workspace: Workspace, rentals: list[Rental]
) -> None:
    response = alice_client.post(URL, {"down": rentals[0].number_id}, headers=HTMX)
    assert response.content.decode().lstrip().startswith("<form")
    assert "renews at place 2." in response.headers["HX-Trigger"]


def test_lets_members_look_and_not_change(
    bob_client: Client, workspace: Workspace, rentals: list[Rental]
) -> None:
    page = bob_client.get(URL).content.decode()
    assert "+1 212-555-0103" in page
    assert "Save positions" not in page
    assert bob_client.post(URL, {"up": rentals[2].number_id}).status_code == 403


def test_explains_itself_without_numbers(alice_client: Client, workspace: Workspace) -> None:
    assert "No number is rented here." in alice_client.get(URL).content.decode()
