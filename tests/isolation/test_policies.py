"""The database, asked by the web processes' role …"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction

from dialnexa import wallet
from dialnexa.isolation.roles import WEB, Role, is_powerful, make_roles
from dialnexa.isolation.scope import everywhere, within
from dialnexa.models import AuditEntry, LedgerAccount, LedgerEntry, Workspace
from phone_numbers.models import PhoneNumber, RentalPrice
from telephony.models import NetworkGroup, WorkspaceNetworkGroup
from tests.isolation.wall import as_web, web_role
from tests.numbers.rows import make_number, make_rental

pytestmark = pytest.mark.django_db
# What has no policy, and why. Everything else with a workspace, or one hop from it, has one.
EXEMPT = {
    "auth_permission": "what rights there are",
    "auth_group_permissions": "what support staff may do",
    "auth_group": "what support staff may do",
    "django_content_type": "what models there are",
    "django_session": "read before anybody knows whose it is, by a key nobody guesses",
    "account_emailaddress": "a person's, not a workspace's: signing in looks it up",
    "account_emailconfirmation": "a person's: a token in a mail",
    "mfa_authenticator": "a person's, who may be in many workspaces",
    "usersessions_usersession": "a person's",
    "dialnexa_user": "a person, who may be in many workspaces: signing in looks them up",
    "dialnexa_user_groups": "what support staff may do",
    "dialnexa_user_user_permissions": "what support staff may do",
    "dialnexa_heartbeat": "which of our processes live",
    "telephony_country": "the catalogue",
    "telephony_networkgroup": "the catalogue",
    "telephony_prefix": "the catalogue",
    "telephony_deniedprefix": "the catalogue",
    "telephony_callrate": "the catalogue",
    "telephony_rentalrate": "the catalogue",
    "telephony_siprate": "the catalogue",
    "telephony_rateversion": "the catalogue",
}


def asked(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]


@pytest.fixture
def two(workspace: Workspace, charlie_workspace: Workspace, wall: None) -> tuple[PhoneNumber, PhoneNumber]:
    """A number of Acme's and one of Charlie's."""
    return make_number(workspace), make_number(charlie_workspace, e164="+919876500002")


def test_has_a_policy_for_every_table_that_is_a_workspaces(db: None) -> None:
    walled = set(asked("SELECT relname FROM pg_class WHERE relrowsecurity"))
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert tables - walled == set(EXEMPT)
    assert walled == set(asked("SELECT DISTINCT tablename FROM pg_policies"))


def test_shows_one_workspaces_rows_whatever_is_asked(two: tuple[PhoneNumber, PhoneNumber]) -> None:
    acme, other = two
    every = "SELECT id FROM numbers_phonenumber WHERE workspace_id = %s OR 1=1"
    with as_web(), within(acme.workspace_id):
        assert asked(every, other.workspace_id) == [acme.pk]
        assert list(Workspace.objects.all()) == [acme.workspace]
        assert set(LedgerAccount.objects.values_list("workspace", flat=True)) == {acme.workspace_id, None}


def test_shows_nothing_to_who_did_not_say_whose(two: tuple[PhoneNumber, PhoneNumber]) -> None:
    with as_web():
        assert asked("SELECT id FROM numbers_phonenumber") == []
        assert asked("SELECT id FROM dialnexa_workspace") == []
        assert not PhoneNumber.objects.filter(pk=two[0].pk).update(nickname="mine")


def test_shows_everything_to_who_says_so(two: tuple[PhoneNumber, PhoneNumber]) -> None:
    with as_web():
        with everywhere("a test"):
            assert len(asked("SELECT id FROM numbers_phonenumber")) == 2
        assert asked("SELECT id FROM numbers_phonenumber") == []


def test_asks_the_row_it_belongs_to(two: tuple[PhoneNumber, PhoneNumber], now: datetime) -> None:
    for number in two:
        RentalPrice.objects.create(rental=make_rental(number, now), monthly_price=1, starts_at=now)
    assert RentalPrice.objects.count() == 2
    with as_web(), within(two[0].workspace_id):
        assert [price.rental.number for price in RentalPrice.objects.all()] == [two[0]]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE numbers_phonenumber SET workspace_id = %(other)s",
        "INSERT INTO telephony_sipswitch (workspace_id, enabled) VALUES (%(other)s, true)",
        "UPDATE dialnexa_auditentry SET event = 'x'",
        "DELETE FROM dialnexa_ledgerentry",
        "DELETE FROM django_migrations",
        "ALTER TABLE numbers_phonenumber DISABLE ROW LEVEL SECURITY",
    ],
)
def test_takes_nothing_into_another_workspace(two: tuple[PhoneNumber, PhoneNumber], statement: str) -> None:
    acme, other = two
    with as_web(), within(acme.workspace_id), pytest.raises(DatabaseError) as refused, transaction.atomic():
        connection.cursor().execute(statement, {"other": other.workspace_id})
    said = str(refused.value)
    assert "row-level security" in said or "permission denied" in said or "must be owner" in said


def test_moves_no_money_of_another_workspace(two: tuple[PhoneNumber, PhoneNumber]) -> None:
    (mine, other) = (wallet.account("wallet", "INR", number.workspace) for number in two)
    entry = LedgerEntry(
        workspace=two[0].workspace, kind="credit", reference="theft", debit=other, credit=mine, amount=1
    )
    entry.currency = "INR"
    with as_web(), within(two[0].workspace_id), pytest.raises(DatabaseError, match="row-level security"):
        entry.save(force_insert=True)


def test_keeps_the_scope_where_a_savepoint_is_rolled_back(two: tuple[PhoneNumber, PhoneNumber]) -> None:
    acme, other = two
    with as_web():
        with pytest.raises(DatabaseError), within(acme.workspace_id), transaction.atomic():
            asked("SELECT 1 / 0")
        with within(other.workspace_id), transaction.atomic():
            assert asked("SELECT id FROM numbers_phonenumber") == [other.pk]
        assert asked("SELECT id FROM numbers_phonenumber") == []


def test_writes_and_is_recorded_in_its_own_workspace(two: tuple[PhoneNumber, PhoneNumber]) -> None:
    acme, _ = two
    group = NetworkGroup.objects.get(country="DE")
    with as_web(), within(acme.workspace_id):
        WorkspaceNetworkGroup.objects.create(workspace=acme.workspace, network_group=group, enabled=True)
        AuditEntry.objects.filter(workspace=acme.workspace).first()


def test_has_no_role_that_passes_policies_by(wall: None) -> None:
    assert is_powerful(web_role()) is False
    assert is_powerful("nobody of this name") is None
    with pytest.raises(ImproperlyConfigured, match="Use another name"):
        make_roles(Role(asked("SELECT current_user")[0], WEB))
