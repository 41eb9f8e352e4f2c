"""A membership …"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection, transaction

from dialnexa import audit
from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.memberships import add_member, change_role, remove_member, transfer_ownership
from dialnexa.models import AuditEntry, Membership, Notice, NoticeCopy, User, Workspace
from phone_numbers.naming import rename_number
from tests.conftest import make_user
from tests.numbers.rows import make_number

ROLES = ("owner", "admin", "member", "viewer")
MANAGERS = ("owner", "admin")


@pytest.fixture
def shop(db: None) -> Workspace:
    """A workspace with two people of each role, called by it: owner, owner2, admin …"""
    shop = Workspace.objects.create(slug="shop", name="Shop")
    for role in ROLES:
        for name in (role, f"{role}2"):
            shop.memberships.create(user=make_user(name), role=role)
    return shop


def by(role: str) -> Actor:
    user = User.objects.filter(email=f"{role}@example.com").first()
    return Actor(Channel.BROWSER, role, user)


def of(shop: Workspace, name: str) -> Membership:
    return shop.memberships.select_related("user").get(user__email=f"{name}@example.com")


def roles_of(shop: Workspace) -> dict[str, str]:
    rows = shop.memberships.values_list("user__email", "role")
    return {email.partition("@")[0]: role for email, role in rows}


# --- who may ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asker", ROLES)
@pytest.mark.parametrize("new", ROLES)
def test_is_made_by_managers_and_owners_by_owners(
    shop: Workspace, now: datetime, asker: str, new: str
) -> None:
    user, allowed = make_user("new"), asker == "owner" or asker == "admin" and new != "owner"
    try:
        add_member(shop, user, new, by=by(asker), now=now)
    except Refusal as refusal:
        assert (refusal.status, allowed) == (403, False)  # noqa: PT017
    assert roles_of(shop).get("new") == (new if allowed else None)


@pytest.mark.parametrize("asker", ROLES)
@pytest.mark.parametrize("before", ROLES)
@pytest.mark.parametrize("after", ROLES)
def test_is_changed_by_those_who_may(
    shop: Workspace, now: datetime, asker: str, before: str, after: str
) -> None:
    someone = of(shop, f"{before}2")
    allowed = asker == "owner" or asker == "admin" and "owner" not in (before, after)
    before_all = roles_of(shop)
    try:
        change_role(someone, after, by=by(asker), now=now)
    except Refusal as refusal:
        expected = 409 if before == after else 403
        assert refusal.status == expected  # noqa: PT017
        assert before == after or not allowed  # noqa: PT017
        assert roles_of(shop) == before_all  # noqa: PT017
    else:
        assert allowed
        assert roles_of(shop) == before_all | {f"{before}2": after}


@pytest.mark.parametrize("asker", ROLES)
@pytest.mark.parametrize("gone", ROLES)
def test_is_ended_by_those_who_may(shop: Workspace, now: datetime, asker: str, gone: str) -> None:
    allowed = asker == "owner" or asker == "admin" and gone != "owner"
    try:
        remove_member(of(shop, f"{gone}2"), by=by(asker), now=now)
    except Refusal as refusal:
        assert refusal.status == 403  # noqa: PT017
    assert (f"{gone}2" not in roles_of(shop)) == allowed


@pytest.mark.parametrize("verb", ["add", "change", "remove", "transfer"])
def test_listens_to_no_stranger_and_no_program(
    shop: Workspace, charlie: User, now: datetime, verb: str
) -> None:
    someone, before = of(shop, "viewer"), roles_of(shop)
    Workspace.objects.create(slug="own", name="Own").memberships.create(user=charlie, role="owner")
    for asker in (by("charlie"), Actor(Channel.API, "API key CRM"), by("nobody")):
        with pytest.raises(Refusal) as refused:
            match verb:
                case "add":
                    add_member(shop, charlie, "viewer", by=asker, now=now)
                case "change":
                    change_role(someone, "member", by=asker, now=now)
                case "remove":
                    remove_member(someone, by=asker, now=now)
                case "transfer":
                    transfer_ownership(someone, by=asker, now=now)
        assert refused.value.status == 403
    assert roles_of(shop) == before


def test_obeys_staff_and_the_system(shop: Workspace, staff: User, now: datetime) -> None:
    support = Actor(Channel.STAFF, "Sam", staff)
    change_role(of(shop, "viewer"), "owner", by=support, now=now, reason="Asked by post.")
    remove_member(of(shop, "owner"), by=SYSTEM, now=now)
    assert roles_of(shop)["viewer"] == "owner"
    assert AuditEntry.objects.filter(reason="Asked by post.", channel="staff").count() == 1
    told = Notice.objects.get(workspace=shop, title="Support gave viewer@example.com the role owner")
    assert NoticeCopy.objects.filter(notice=told, user__email="owner2@example.com").exists()


def test_is_nothing_staff_give_themselves_or_colleagues(shop: Workspace, now: datetime) -> None:
    sam, boss = make_user("Sam", is_staff=True), make_user("Boss", is_staff=True, is_superuser=True)
    support, superuser = Actor(Channel.STAFF, "Sam", sam), Actor(Channel.STAFF, "Boss", boss)
    with pytest.raises(Refusal, match="superuser_only"):
        add_member(shop, sam, "owner", by=support, now=now)
    add_member(shop, sam, "viewer", by=superuser, now=now)
    with pytest.raises(Refusal, match="superuser_only"):
        change_role(of(shop, "sam"), "owner", by=support, now=now)


@pytest.mark.parametrize("role", ["admin", "member", "viewer"])
def test_lets_nobody_raise_themselves(shop: Workspace, now: datetime, role: str) -> None:
    for higher in ROLES[: ROLES.index(role)]:
        with pytest.raises(Refusal) as refused:
            change_role(of(shop, role), higher, by=by(role), now=now)
        assert (refused.value.code, refused.value.status) == ("role_own", 403)
    assert roles_of(shop)[role] == role


def test_lets_managers_step_down(shop: Workspace, now: datetime) -> None:
    change_role(of(shop, "owner"), "admin", by=by("owner"), now=now)
    change_role(of(shop, "admin"), "viewer", by=by("admin"), now=now)
    assert (roles_of(shop)["owner"], roles_of(shop)["admin"]) == ("admin", "viewer")


@pytest.mark.parametrize("role", ROLES)
def test_lets_everybody_leave(shop: Workspace, now: datetime, role: str) -> None:
    remove_member(of(shop, role), by=by(role), now=now)
    assert role not in roles_of(shop)
    entry = AuditEntry.objects.get()
    assert (entry.event, entry.before) == ("leave", {"user": f"{role}@example.com", "role": role})


def test_keeps_the_last_owner(shop: Workspace, now: datetime) -> None:
    remove_member(of(shop, "owner2"), by=by("owner"), now=now)
    for verb in (
        lambda: remove_member(of(shop, "owner"), by=by("owner"), now=now),
        lambda: remove_member(of(shop, "owner"), by=SYSTEM, now=now),
        lambda: change_role(of(shop, "owner"), "admin", by=by("owner"), now=now),
    ):
        with pytest.raises(Refusal) as refused:
            verb()
        assert refused.value.code == "last_owner"
    assert roles_of(shop)["owner"] == "owner"


# --- handing over -------------------------------------------------------------------------------------


def test_is_handed_over_by_its_owner(shop: Workspace, now: datetime) -> None:
    transfer_ownership(of(shop, "viewer"), by=by("owner"), now=now)
    assert (roles_of(shop)["viewer"], roles_of(shop)["owner"]) == ("owner", "admin")
    said = AuditEntry.objects.values_list("subject_id", "before__role", "after__role", "reason")
    assert set(said) == {
        (str(of(shop, "viewer").pk), "viewer", "owner", "Ownership handed over."),
        (str(of(shop, "owner").pk), "owner", "admin", "Ownership handed over."),
    }


def test_is_handed_over_by_nobody_else(shop: Workspace, now: datetime) -> None:
    for asker in ("admin", "member", "viewer"):
        with pytest.raises(Refusal) as refused:
            transfer_ownership(of(shop, asker), by=by(asker), now=now)
        assert refused.value.code == "owner_only"
    for owner in ("owner", "owner2"):
        with pytest.raises(Refusal) as refused:
            transfer_ownership(of(shop, owner), by=by("owner"), now=now)
        assert refused.value.code == "role_unchanged"
    assert roles_of(shop)["owner"] == "owner"


@pytest.mark.django_db(transaction=True)
def test_keeps_an_owner_when_all_step_down_at_once(shop: Workspace, now: datetime) -> None:
    def step_down(name: str) -> str:
        try:
            change_role(of(shop, name), "member", by=by(name), now=now)
            return "done"
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as owners:
        assert sorted(owners.map(step_down, ["owner", "owner2"])) == ["done", "last_owner"]


@pytest.mark.django_db(transaction=True)
def test_is_not_changed_by_somebody_who_was_removed_meanwhile(shop: Workspace, now: datetime) -> None:
    asker = by("admin")
    remove_member(of(shop, "admin"), by=by("owner"), now=now)
    with pytest.raises(Refusal) as refused:
        change_role(of(shop, "viewer"), "member", by=asker, now=now)
    assert refused.value.code == "role_not_allowed"


@pytest.mark.django_db(transaction=True)
def test_changes_without_stopping_the_rest_of_the_workspace(
    workspace: Workspace, bob: User, now: datetime
) -> None:
    number = make_number(workspace)

    def note() -> None:
        """What every order, charge and rename does: insert rows that refer to the workspace."""
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '500ms'")
        audit.record(workspace, "note", by=SYSTEM, now=now)
        connection.close()

    with ThreadPoolExecutor(1) as others, transaction.atomic():
        change_role(workspace.memberships.get(user=bob), "admin", by=SYSTEM, now=now)
        rename_number(number, nickname="New", label="", by=SYSTEM, now=now)
        others.submit(note).result()
    assert AuditEntry.objects.filter(event="note").count() == 1
