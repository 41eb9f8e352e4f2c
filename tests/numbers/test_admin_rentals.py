"""Support and rents …"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.audit import entries_about
from dialnexa.errors import Refusal
from dialnexa.memberships import add_member
from dialnexa.models import User, Workspace
from phone_numbers.models import PhoneNumber, ReassignableNumber, Rental
from phone_numbers.renting.pool import get_pool
from tests.numbers.rows import make_number, make_rental

pytestmark = pytest.mark.django_db
RENTAL, POOL = "/admin/numbers/rental/", "/admin/numbers/reassignablenumber/"
WHY = {"reason": "Asked on the phone"}


@pytest.fixture
def rental(workspace: Workspace, now: datetime) -> Rental:
    return make_rental(make_number(workspace, "+12125550101"), now + timedelta(days=12))


@pytest.fixture
def pooled(workspace: Workspace, now: datetime) -> ReassignableNumber:
    """Acme lost it yesterday."""
    return ReassignableNumber.objects.create(
        number=make_number(get_pool(), "+12125550102", carrier_number_id="12125550102"),
        came_from=make_number(workspace, "+12125550102", status="released"),
        carrier_anchor=now - timedelta(days=40),
        available_at=now - timedelta(days=1),
        assignable_at=now + timedelta(days=14),
        release_at=now + timedelta(days=2),
    )


def do(client: Client, base: str, action: str, item: object, **data: str) -> str:
    """Send the action's form, and confirm what it asks back."""
    sent = {"id": item.pk} | WHY | data  # type: ignore[attr-defined]
    page = client.post(f"{base}do/{action}/", sent, follow=True)
    echo = (page.context or {}).get("echo", "")
    if echo:
        page = client.post(f"{base}do/{action}/", sent | {"confirmed": echo}, follow=True)
    return page.content.decode()


def again(item: Rental) -> Rental:
    return Rental.objects.get(pk=item.pk)


def test_changes_a_price_from_a_day_on(rental: Rental, staff_client: Client, now: datetime) -> None:
    day = now.date() + timedelta(days=30)
    page = do(staff_client, RENTAL, "change-price", rental, monthly_price="110.50", starts_on=day.isoformat())
    assert f"costs ₹110.50 from {day:%-d %B %Y} on." in page
    assert rental.prices.get().monthly_price == Decimal("110.50")
    assert "Asked on the phone" in page
    again_today = {"monthly_price": "1", "starts_on": now.date().isoformat()}
    assert "in the past" in do(staff_client, RENTAL, "change-price", rental, **again_today)


def test_decides_a_review(rental: Rental, staff_client: Client, now: datetime) -> None:
    late = {"paid_through": now - timedelta(days=70), "anchor": now - timedelta(days=100)}
    Rental.objects.filter(pk=rental.pk).update(review_since=now, next_run_at=None, **late)
    assert "Rents to decide" in staff_client.get("/admin/").content.decode()
    assert rental.pk in staff_client.get(f"{RENTAL}?state=review").content.decode()
    assert "3 months due, ₹276.00" in staff_client.get(
        f"{RENTAL}do/waive-missed/", {"id": rental.pk}
    ).content.decode().replace("\n", " ")
    assert "2 months cost nothing" in do(staff_client, RENTAL, "waive-missed", rental)
    assert again(rental).review_since is None
    assert "Nobody waits" in do(staff_client, RENTAL, "charge-missed", rental)
    assert wallet.balance(rental.workspace) == Decimal(10_000)


def test_gives_more_time(rental: Rental, staff_client: Client, now: datetime) -> None:
    assert "Give more time" not in staff_client.get(f"{RENTAL}{rental.pk}/change/").content.decode()
    Rental.objects.filter(pk=rental.pk).update(short_since=now, paid_through=now)
    assert "works unpaid until" in do(staff_client, RENTAL, "extend", rental, days="5")
    assert again(rental).short_since == now + timedelta(days=5)
    assert entries_about([rental.pk]).get(event="extend").channel == "staff"


def test_gives_a_pooled_number_to_a_workspace_that_pays(
    pooled: ReassignableNumber, workspace: Workspace, staff_client: Client
) -> None:
    sent = {"id": pooled.pk, "slug": "acme"} | WHY
    asked = staff_client.post(f"{POOL}do/assign/", sent).content.decode()
    assert "Give it to Acme and charge ₹92.00 for the first month?" in asked
    page = do(staff_client, POOL, "assign", pooled, slug="acme")
    assert "is Acme’s now, which paid ₹92.00 for the first month." in page
    number = PhoneNumber.objects.get(workspace=workspace, e164="+12125550102", status="active")
    assert number.rental.monthly_price == Decimal(92)


@pytest.mark.parametrize(
    ("slug", "sentence"),
    [
        ("chocolate", "Others may have it from"),
        ("nobody", "There is no workspace with this slug."),
        ("numbers-without-an-owner", "choose a customer&#x27;s workspace"),
    ],
)
def test_says_why_a_workspace_may_not_have_it(
    slug: str,
    sentence: str,
    pooled: ReassignableNumber,
    charlie_workspace: Workspace,
    staff_client: Client,
) -> None:
    assert sentence in do(staff_client, POOL, "assign", pooled, slug=slug)
    assert not ReassignableNumber.objects.filter(assigned_to__isnull=False).exists()


def test_keeps_a_number_or_gives_it_back(pooled: ReassignableNumber, staff_client: Client) -> None:
    assert "Numbers given back soon" in staff_client.get("/admin/").content.decode()
    assert "kept: it is not given back" in do(staff_client, POOL, "keep", pooled)
    assert not staff_client.get(f"{POOL}?state=soon").context["cl"].result_list
    assert "being given back" in do(staff_client, POOL, "give-back", pooled)
    pooled.refresh_from_db()
    assert (pooled.number.status, pooled.release_at) == ("releasing", None)
    assert "has an owner again, or went back" in do(staff_client, POOL, "give-back", pooled)


def test_finds_a_pooled_number_in_any_spelling(pooled: ReassignableNumber, staff_client: Client) -> None:
    page = staff_client.get(POOL, {"q": "(212) 555-0102"}).content.decode()
    assert "+1 212-555-0102" in page
    assert not staff_client.get(POOL, {"q": "+442071838750"}).context["cl"].result_list


def test_does_not_count_the_pool_among_the_customers(
    pooled: ReassignableNumber, staff_client: Client, alice: User, now: datetime
) -> None:
    pool = get_pool()
    assert pool.pk not in staff_client.get("/admin/dialnexa/workspace/").content.decode()
    assert pool.pk not in staff_client.get("/admin/find/?q=numbers-without-an-owner").content.decode()
    with pytest.raises(Refusal, match="Nobody can join it"):
        add_member(pool, alice, "owner", by=SYSTEM, now=now)
    assert not pool.memberships.exists()
