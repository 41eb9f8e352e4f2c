"""A release by staff …"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from dialnexa.actors import Actor, Channel
from dialnexa.approvals import approve
from dialnexa.errors import Refusal
from dialnexa.models import ApprovalRequest, User, Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.staff_releasing import release_or_ask
from tests.conftest import client_of, make_user
from tests.numbers.rows import make_number

pytestmark = pytest.mark.django_db
RELEASE = "/admin/numbers/phonenumber/do/release/"
APPROVE = "/admin/dialnexa/approvalrequest/do/approve/"


def by(user: User) -> Actor:
    return Actor(Channel.STAFF, user.email, user)


@pytest.fixture
def second(db: None) -> User:
    return make_user("Sara", is_staff=True, is_superuser=True)


def status(number: PhoneNumber) -> str:
    return PhoneNumber.objects.get(pk=number.pk).status


def test_needs_a_second_person_above_so_many_a_day(
    staff_client: Client, second: User, workspace: Workspace, settings: LazySettings
) -> None:
    settings.RELEASE_ALONE = 1
    first, more = make_number(workspace), make_number(workspace)
    for number in (first, more):
        staff_client.post(RELEASE, {"id": number.pk, "reason": "Abuse", "confirmed": ""})
    assert (status(first), status(more)) == ("releasing", "active")
    asked = ApprovalRequest.objects.get()
    form = {"id": asked.pk, "reason": "Seen", "confirmed": str(asked)}
    assert "you asked for it yourself" in staff_client.post(APPROVE, form, follow=True).content.decode()
    assert status(more) == "active"
    client_of(second).post(APPROVE, form)
    assert status(more) == "releasing"


def test_counts_a_day_and_not_what_two_agreed_on(
    staff: User, second: User, workspace: Workspace, settings: LazySettings, now: datetime
) -> None:
    settings.RELEASE_ALONE = 1

    def release(user: User, at: datetime = now) -> ApprovalRequest | None:
        return release_or_ask(make_number(workspace), by=by(user), now=at, reason="Abuse")

    assert release(staff) is None
    asked = release(staff)
    assert asked
    approve(asked, by=by(second), now=now, reason="Seen")
    assert release(second) is None  # what two agreed on was nobody's alone
    assert release(staff, now + timedelta(days=1)) is None


def test_of_ones_own_workspaces_number_needs_another(
    staff: User, workspace: Workspace, now: datetime
) -> None:
    workspace.memberships.create(user=staff, role="viewer")
    asked = release_or_ask(make_number(workspace), by=by(staff), now=now, reason="Ours")
    assert isinstance(asked, ApprovalRequest)


def test_is_approved_by_those_who_may_release(
    staff: User, workspace: Workspace, settings: LazySettings, now: datetime
) -> None:
    settings.RELEASE_ALONE = 0
    number = make_number(workspace)
    asked = release_or_ask(number, by=by(staff), now=now, reason="Abuse")
    assert asked
    with pytest.raises(Refusal, match="not_yours_to_decide"):
        approve(asked, by=by(make_user("Bill", is_staff=True)), now=now, reason="Why not")
    with pytest.raises(Refusal, match="asked_before"):
        release_or_ask(number, by=by(staff), now=now, reason="Abuse")
    assert status(number) == "active"


@pytest.mark.django_db(transaction=True)
def test_is_no_smaller_in_pieces_sent_at_once(settings: LazySettings, now: datetime) -> None:
    settings.RELEASE_ALONE = 2
    shop, staff = Workspace.objects.create(slug="shop", name="Shop"), make_user("Stan", is_staff=True)
    numbers = [make_number(shop) for _ in range(4)]

    def release(number: PhoneNumber) -> None:
        try:
            release_or_ask(number, by=by(staff), now=now, reason="Abuse")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(release, numbers))
    assert sorted(map(status, numbers)) == ["active", "active", "releasing", "releasing"]
    assert ApprovalRequest.objects.count() == 2
