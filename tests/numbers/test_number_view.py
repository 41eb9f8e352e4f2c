"""The number page …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from dialnexa.models import AuditEntry, User, Workspace
from phone_numbers.models import NumberOrder, PhoneNumber
from tests.conftest import PASSWORD
from tests.numbers.conftest import Carrier
from tests.numbers.rows import make_number, make_order, make_rental

pytestmark = pytest.mark.django_db


def url(number: PhoneNumber, path: str = "") -> str:
    return f"/w/acme/numbers/{number.pk}/{path}"


def test_shows_number_rental_ids_and_names(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    number = make_number(workspace, "+12125550177", nickname="Night line", region="New York")
    make_rental(number, now + timedelta(days=12))
    page = alice_client.get(url(number)).content.decode()
    for text in ("+1 212-555-0177", "Night line", "New York", "in 12 days", "₹92.00", number.pk):
        assert text in page


def test_tells_the_purchase_from_the_order_to_the_active_number(
    alice_client: Client, order: NumberOrder, advance: Callable[[NumberOrder], NumberOrder]
) -> None:
    before = alice_client.get(url(order.number)).content.decode()
    assert "In line to be bought" in before
    assert "every 2s" in before
    assert "₹92.00 reserved" in before
    advance(order)
    after = alice_client.get(url(order.number)).content.decode()
    told = ["The number is active", "Bought and charged", "A worker took the order", "Ordered"]
    assert [after.index(sentence) for sentence in told] == sorted(after.index(sentence) for sentence in told)
    assert "Alice in the browser" in after
    assert "₹92.00 charged" in after
    assert "every 2s" not in after


def test_tells_of_a_refusal_and_its_reason(
    alice_client: Client,
    order: NumberOrder,
    carrier: Carrier,
    advance: Callable[[NumberOrder], NumberOrder],
) -> None:
    carrier.breaks("unavailable")
    advance(order)
    page = alice_client.get(url(order.number)).content.decode()
    assert "Not bought; the money went back to the wallet" in page
    assert "Nothing was charged." in page
    assert "₹92.00 returned" in page
    assert "Search again" in page


def test_leads_from_an_order_to_its_number(alice_client: Client, order: NumberOrder) -> None:
    response = alice_client.get(f"/w/acme/numbers/orders/{order.pk}/")
    assert response["Location"] == url(order.number)
    assert alice_client.get("/w/acme/numbers/orders/ord_none/").status_code == 404
    assert alice_client.get("/w/acme/numbers/orders/%00/").status_code == 404


def test_renames_and_tells_who_did_it(alice_client: Client, workspace: Workspace) -> None:
    number = make_number(workspace, nickname="Old")
    response = alice_client.post(url(number, "names/"), {"nickname": " New ", "label": "Team 4"}, follow=True)
    number.refresh_from_db()
    assert (number.nickname, number.label) == ("New", "Team 4")
    page = response.content.decode()
    assert "Renamed: nickname from “Old” to “New”; label to “Team 4”" in page
    assert "Saved." in page


def test_writes_no_history_when_nothing_changed(alice_client: Client, workspace: Workspace) -> None:
    number = make_number(workspace, nickname="Same")
    alice_client.post(url(number, "names/"), {"nickname": "Same", "label": ""})
    assert not AuditEntry.objects.filter(subject_id=number.pk).exists()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("nickname", "x" * 10_000, "A nickname may have at most 255 characters; this one has 10,000."),
        ("label", "x" * 256, "A label may have at most 255 characters; this one has 256."),
        ("nickname", "a\x00b", "A nickname can&#x27;t hold line breaks or control characters."),
        ("label", "a\nb", "A label can&#x27;t hold line breaks or control characters."),
    ],
)
def test_says_beside_the_form_what_is_wrong_with_a_name(
    alice_client: Client, workspace: Workspace, field: str, value: str, sentence: str
) -> None:
    number = make_number(workspace, nickname="Old", label="Old")
    response = alice_client.post(url(number, "names/"), {"nickname": "Old", "label": "Old", field: value})
    assert response.status_code == 422
    assert sentence in response.content.decode()
    number.refresh_from_db()
    assert (number.nickname, number.label) == ("Old", "Old")


@pytest.mark.parametrize(
    ("status", "offered"),
    [("pending", True), ("active", True), ("releasing", False), ("released", False), ("failed", False)],
)
def test_offers_names_to_numbers_that_are_kept(
    status: str, offered: bool, alice_client: Client, workspace: Workspace
) -> None:
    number = make_number(workspace, nickname="Old shop", status=status)
    make_order(number, "rejected" if status == "failed" else "fulfilled")
    page = alice_client.get(url(number)).content.decode()
    assert ("Save names" in page) == offered
    assert "Old shop" in page


def test_lets_members_look_but_not_rename(bob_client: Client, workspace: Workspace) -> None:
    number = make_number(workspace, nickname="Old")
    assert "Save names" not in bob_client.get(url(number)).content.decode()
    assert bob_client.post(url(number, "names/"), {"nickname": "New"}).status_code == 403
    number.refresh_from_db()
    assert number.nickname == "Old"


def test_is_not_there_for_strangers(charlie_client: Client, workspace: Workspace) -> None:
    number = make_number(workspace, nickname="Old")
    assert charlie_client.get(url(number)).status_code == 404
    assert charlie_client.post(url(number, "names/"), {"nickname": "New"}).status_code == 404
    number.refresh_from_db()
    assert number.nickname == "Old"


def test_refuses_a_form_without_its_csrf_token(alice: User, workspace: Workspace) -> None:
    number = make_number(workspace, nickname="Old")
    client = Client(enforce_csrf_checks=True)
    client.login(email=alice.email, password=PASSWORD)
    assert client.post(url(number, "names/"), {"nickname": "New"}).status_code == 403
    number.refresh_from_db()
    assert number.nickname == "Old"
