"""An invitation …"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection

from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.invitations import (
    DAY_LIMIT,
    accept_invitation,
    find_invitation,
    invite,
    note_sent,
    renew_invitation,
    withdraw_invitation,
)
from dialnexa.memberships import change_role, remove_member
from dialnexa.models import AuditEntry, Invitation, Membership, User, Workspace
from tests.conftest import make_user
from tests.dialnexa.database import database_text

pytestmark = pytest.mark.django_db
DANA = "dana@example.com"
DAY = timedelta(days=1)


def as_(user: User) -> Actor:
    return Actor(Channel.BROWSER, str(user), user)


@pytest.fixture
def shop(alice: User) -> Workspace:
    """Alice is its owner."""
    shop = Workspace.objects.create(slug="shop", name="Shop")
    shop.memberships.create(user=alice, role="owner")
    return shop


@pytest.fixture
def adam(shop: Workspace) -> User:
    """An admin of the shop."""
    adam = make_user("Adam")
    shop.memberships.create(user=adam, role="admin")
    return adam


@pytest.fixture
def dana() -> User:
    return make_user("Dana")


def refusal_of(invitation: Invitation, user: User, now: datetime) -> tuple[str, int]:
    with pytest.raises(Refusal) as refused:
        accept_invitation(invitation, user, by=as_(user), now=now)
    assert not Membership.objects.filter(workspace=invitation.workspace, user=user).exists()
    return refused.value.code, refused.value.status


# --- inviting -----------------------------------------------------------------------------------------


def test_is_good_for_seven_days_and_keeps_no_token(shop: Workspace, alice: User, now: datetime) -> None:
    invitation, token = invite(shop, " Dana@Example.com ", "admin", by=as_(alice), now=now)
    stored = Invitation.objects.get()
    assert (stored.email, stored.role, stored.invited_by) == (DANA, "admin", alice)
    assert stored.expires_at == now + 7 * DAY
    assert find_invitation(token) == invitation == stored
    assert len(token) >= 43
    assert token not in database_text()
    entry = AuditEntry.objects.get()
    assert (entry.event, entry.workspace, entry.after["email"]) == ("invite", shop, DANA)


def test_says_the_same_whether_the_address_has_an_account(
    shop: Workspace, alice: User, dana: User, now: datetime
) -> None:
    known, _ = invite(shop, dana.email, "member", by=as_(alice), now=now)
    unknown, _ = invite(shop, "nobody@example.com", "member", by=as_(alice), now=now)
    seen = [(x.role, x.expires_at, x.sent_at, x.accepted_at) for x in (known, unknown)]
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    "email", ["", "dana", "dana@", "a@b.c, d@e.f", "d\x00@example.com", "a\n@example.com"]
)
def test_refuses_what_is_no_address(shop: Workspace, alice: User, now: datetime, email: str) -> None:
    with pytest.raises(Refusal) as refused:
        invite(shop, email, "member", by=as_(alice), now=now)
    assert (refused.value.code, refused.value.details["field"]) == ("email_invalid", "email")


def test_refuses_a_role_there_is_not(shop: Workspace, alice: User, now: datetime) -> None:
    with pytest.raises(Refusal) as refused:
        invite(shop, DANA, "king", by=as_(alice), now=now)
    assert refused.value.code == "role_unknown"


def test_explains_that_somebody_is_a_member(shop: Workspace, alice: User, adam: User, now: datetime) -> None:
    with pytest.raises(Refusal, match="adam@example.com is a member already") as refused:
        invite(shop, "ADAM@example.com", "owner", by=as_(alice), now=now)
    assert (refused.value.code, refused.value.status) == ("already_member", 409)


def test_is_open_once_for_an_address(shop: Workspace, alice: User, now: datetime) -> None:
    invitation, _ = invite(shop, DANA, "viewer", by=as_(alice), now=now)
    with pytest.raises(Refusal) as refused:
        invite(shop, DANA, "admin", by=as_(alice), now=now + DAY)
    assert refused.value.code == "already_invited"
    again, _ = invite(shop, DANA, "member", by=as_(alice), now=now + 7 * DAY)
    assert again.pk == invitation.pk
    assert (again.role, again.expires_at) == ("member", now + 14 * DAY)
    other = Workspace.objects.create(slug="other", name="Other")
    assert invite(other, DANA, "viewer", by=SYSTEM, now=now)


@pytest.mark.django_db(transaction=True)
def test_is_made_once_when_two_people_invite_at_once(shop: Workspace, alice: User, now: datetime) -> None:
    def ask(_: int) -> str:
        try:
            invite(shop, DANA, "member", by=as_(alice), now=now)
            return "invited"
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as people:
        assert sorted(people.map(ask, range(4))) == ["already_invited"] * 3 + ["invited"]


@pytest.mark.parametrize(
    "asker, role, code",
    [
        ("admin", "owner", "owner_only"),
        ("member", "viewer", "role_not_allowed"),
        ("viewer", "viewer", "role_not_allowed"),
        ("", "viewer", "role_not_allowed"),
    ],
)
def test_gives_no_role_its_author_may_not_give(
    shop: Workspace, alice: User, now: datetime, asker: str, role: str, code: str
) -> None:
    eve = make_user("Eve")
    if asker:
        shop.memberships.create(user=eve, role=asker)
    with pytest.raises(Refusal) as refused:
        invite(shop, DANA, role, by=as_(eve), now=now)
    assert (refused.value.code, refused.value.status) == (code, 403)
    hers, token = invite(shop, DANA, "owner", by=as_(alice), now=now)
    if asker != "owner":
        for verb in (renew_invitation, withdraw_invitation):
            with pytest.raises(Refusal) as refused:
                verb(hers, by=as_(eve), now=now)
            assert refused.value.status == 403
    assert find_invitation(token) == hers


def test_floods_no_letter_box(shop: Workspace, alice: User, now: datetime) -> None:
    invitation, _ = invite(shop, DANA, "member", by=as_(alice), now=now)
    note_sent(invitation, now=now)
    soon = now + timedelta(seconds=59)
    with pytest.raises(Refusal) as refused:
        renew_invitation(invitation, by=as_(alice), now=soon)
    assert (refused.value.code, refused.value.status) == ("invitation_just_sent", 429)
    withdraw_invitation(invitation, by=as_(alice), now=soon)
    with pytest.raises(Refusal) as refused:
        invite(shop, DANA, "member", by=as_(alice), now=soon)
    assert refused.value.code == "invitation_just_sent"
    assert invite(shop, DANA, "member", by=as_(alice), now=now + timedelta(seconds=60))


def test_is_one_of_a_hundred_mails_a_day(shop: Workspace, alice: User, now: datetime) -> None:
    for n in range(DAY_LIMIT - 1):
        invite(shop, f"dana{n}@example.com", "member", by=as_(alice), now=now)
    last, _ = invite(shop, DANA, "member", by=as_(alice), now=now)
    with pytest.raises(Refusal) as refused:
        invite(shop, "one@toomany.example", "member", by=as_(alice), now=now)
    assert refused.value.code == "too_many_invitations"
    with pytest.raises(Refusal):
        renew_invitation(last, by=as_(alice), now=now)
    assert renew_invitation(last, by=as_(alice), now=now + DAY)


# --- accepting ----------------------------------------------------------------------------------------


def test_makes_the_invited_person_a_member_once(
    shop: Workspace, alice: User, dana: User, now: datetime
) -> None:
    invitation, _ = invite(shop, DANA, "admin", by=as_(alice), now=now)
    membership = accept_invitation(invitation, dana, by=as_(dana), now=now + 6 * DAY)
    assert (membership.user, membership.workspace, membership.role) == (dana, shop, "admin")
    events = list(AuditEntry.objects.filter(actor=dana).values_list("event", flat=True))
    assert sorted(events) == ["accept_invitation", "add_member"]
    remove_member(membership, by=as_(alice), now=now + 6 * DAY)
    assert refusal_of(invitation, dana, now + 6 * DAY) == ("invitation_used", 410)


@pytest.mark.django_db(transaction=True)
def test_is_accepted_once_when_the_button_is_pressed_twice(
    shop: Workspace, alice: User, dana: User, now: datetime
) -> None:
    invitation, token = invite(shop, DANA, "member", by=as_(alice), now=now)

    def press(_: int) -> str:
        try:
            found = find_invitation(token)
            assert found
            accept_invitation(found, dana, by=as_(dana), now=now)
            return "in"
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as presses:
        assert sorted(presses.map(press, range(4))) == ["in"] + ["invitation_used"] * 3
    assert AuditEntry.objects.filter(event="add_member").count() == 1


def test_runs_out(shop: Workspace, alice: User, dana: User, now: datetime) -> None:
    invitation, _ = invite(shop, DANA, "member", by=as_(alice), now=now)
    assert refusal_of(invitation, dana, now + 7 * DAY) == ("invitation_expired", 410)
    assert accept_invitation(invitation, dana, by=as_(dana), now=now + 7 * DAY - timedelta(seconds=1))


def test_can_be_withdrawn(shop: Workspace, alice: User, dana: User, now: datetime) -> None:
    invitation, _ = invite(shop, DANA, "member", by=as_(alice), now=now)
    withdraw_invitation(invitation, by=as_(alice), now=now)
    assert refusal_of(invitation, dana, now) == ("invitation_withdrawn", 410)
    for verb in (withdraw_invitation, renew_invitation):
        with pytest.raises(Refusal) as refused:
            verb(invitation, by=as_(alice), now=now)
        assert (refused.value.code, refused.value.status) == ("invitation_withdrawn", 409)


def test_is_for_the_invited_address_alone(
    shop: Workspace, alice: User, charlie: User, dana: User, now: datetime
) -> None:
    invitation, _ = invite(shop, DANA, "member", by=as_(alice), now=now)
    assert refusal_of(invitation, charlie, now) == ("invitation_not_yours", 403)
    address = EmailAddress.objects.create(user=charlie, email="Dana@example.com", verified=False)
    assert refusal_of(invitation, charlie, now) == ("invitation_not_yours", 403)
    address.verified = True
    address.save()
    assert accept_invitation(invitation, charlie, by=as_(charlie), now=now).role == "member"


def test_works_with_the_newest_link_alone(shop: Workspace, alice: User, dana: User, now: datetime) -> None:
    invitation, first = invite(shop, DANA, "member", by=as_(alice), now=now)
    second = renew_invitation(invitation, by=as_(alice), now=now + 8 * DAY)
    assert find_invitation(first) is None
    found = find_invitation(second)
    assert found
    assert found.expires_at == now + 15 * DAY
    assert accept_invitation(found, dana, by=as_(dana), now=now + 9 * DAY)
    assert find_invitation("") is None


def test_is_worth_what_its_author_may_still_give(
    shop: Workspace, alice: User, adam: User, dana: User, now: datetime
) -> None:
    theirs, _ = invite(shop, DANA, "admin", by=as_(adam), now=now)
    adams = shop.memberships.get(user=adam)
    change_role(adams, "viewer", by=as_(alice), now=now)
    assert refusal_of(theirs, dana, now) == ("invitation_not_backed", 410)
    remove_member(adams, by=as_(alice), now=now)
    assert refusal_of(theirs, dana, now) == ("invitation_not_backed", 410)
    renew_invitation(theirs, by=as_(alice), now=now)
    assert accept_invitation(theirs, dana, by=as_(dana), now=now).role == "admin"


def test_leaves_the_role_of_somebody_who_became_a_member_meanwhile(
    shop: Workspace, alice: User, dana: User, now: datetime
) -> None:
    invitation, _ = invite(shop, DANA, "admin", by=as_(alice), now=now)
    shop.memberships.create(user=dana, role="viewer")
    assert accept_invitation(invitation, dana, by=as_(dana), now=now).role == "viewer"
    invitation.refresh_from_db()
    assert invitation.accepted_at == now
