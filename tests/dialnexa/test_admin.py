"""The support desk …"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.api_keys import create_api_key
from dialnexa.models import ApiKey, AuditEntry, Heartbeat, LedgerEntry, Membership, User, Workspace
from tests.conftest import PASSWORD, client_of, make_user

BEFORE = Decimal(10_000)


def do(model: str, action: str) -> str:
    return reverse(f"admin:{model}_do", args=[action])


def page(model: str, pk: Any) -> str:
    return reverse(f"admin:{model}_change", args=[pk])


def credit_form(client: Client, workspace: Workspace, **changes: Any) -> dict[str, Any]:
    """What a browser would post: the form as it was given, filled in, and the answer to being asked again."""
    form = client.get(do("dialnexa_workspace", "credit-wallet"), {"id": workspace.pk}).context["form"]
    filled = {"amount": "250.50", "reason": "Goodwill for the outage", "reference": form["reference"].value()}
    return {"id": workspace.pk, **filled, "confirmed": "Add ₹250.50 to Acme", **changes}


# --- who may come in ----------------------------------------------------------------------------------


def test_sends_strangers_to_the_one_sign_in_page(db: None, client: Client) -> None:
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == f"{reverse('account_login')}?next=/admin/"


def test_refuses_customers(alice_client: Client) -> None:
    assert alice_client.get("/admin/", follow=True).status_code == 403
    assert alice_client.get("/admin/find/?q=alice", follow=True).status_code == 403


def test_takes_no_password_of_its_own(staff: User, client: Client) -> None:
    client.post("/admin/login/", {"username": staff.email, "password": PASSWORD})
    assert client.get("/admin/").status_code == 302


def test_signs_out_by_post_alone(staff_client: Client) -> None:
    assert staff_client.get("/admin/logout/").status_code == 405
    staff_client.post("/admin/logout/")
    assert staff_client.get("/admin/").status_code == 302


def test_shows_staff_only_what_they_were_given(workspace: Workspace, alice: User) -> None:
    clerk = make_user("Clara", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_workspace"))
    client = client_of(clerk)
    assert client.get(page("dialnexa_workspace", workspace.pk)).status_code == 200
    assert client.get(page("dialnexa_user", alice.pk)).status_code == 403
    assert client.get("/admin/find/", {"q": alice.email}).context["groups"] == []
    assert client.get(do("dialnexa_workspace", "credit-wallet"), {"id": workspace.pk}).status_code == 403
    assert client.post(do("dialnexa_workspace", "credit-wallet"), {"id": workspace.pk}).status_code == 403


# --- crediting a wallet -------------------------------------------------------------------------------


def test_credits_a_wallet_with_a_reason(staff_client: Client, workspace: Workspace, staff: User) -> None:
    answer = staff_client.post(
        do("dialnexa_workspace", "credit-wallet"), credit_form(staff_client, workspace)
    )
    assert answer.headers["Location"] == page("dialnexa_workspace", workspace.pk)
    assert wallet.balance(workspace) == BEFORE + Decimal("250.50")
    entry = AuditEntry.objects.get(subject_id=workspace.pk, event="wallet_credited", channel="staff")
    assert (entry.actor, entry.reason) == (staff, "Goodwill for the outage")
    assert entry.request_id
    assert LedgerEntry.objects.get(pk=entry.after["entry"]).memo == "Goodwill for the outage"


def test_credits_once_when_the_form_is_sent_twice(staff_client: Client, workspace: Workspace) -> None:
    form = credit_form(staff_client, workspace)
    staff_client.post(do("dialnexa_workspace", "credit-wallet"), form)
    again = staff_client.post(do("dialnexa_workspace", "credit-wallet"), form, follow=True)
    assert "nothing was booked twice" in again.content.decode()
    assert wallet.balance(workspace) == BEFORE + Decimal("250.50")
    assert AuditEntry.objects.filter(event="wallet_credited", channel="staff").count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"reason": "   "},
        {"reason": "x" * 201},
        {"amount": ""},
        {"amount": "-5"},
        {"amount": "0"},
        {"amount": "0.001"},
        {"amount": "1e3"},
        {"amount": "1E3"},
        {"amount": "NaN"},
        {"amount": "Infinity"},
        {"amount": "1_000"},
        {"amount": "0x10"},
        {"amount": "१०००"},
        {"amount": "１０"},
        {"amount": "10,5"},
        {"amount": "+5"},
        {"amount": "10000000000"},
        {"reference": ""},
        {"reference": "again"},
    ],
)
def test_refuses_a_credit_without_reason_amount_or_reference(
    staff_client: Client, workspace: Workspace, wrong: dict[str, str]
) -> None:
    form = credit_form(staff_client, workspace, **wrong)
    answer = staff_client.post(do("dialnexa_workspace", "credit-wallet"), form)
    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == wrong.keys()
    assert wallet.balance(workspace) == BEFORE


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("1000", "Add ₹1,000.00 to Acme"),
        ("1,00,000.5", "Add ₹1,00,000.50 to Acme"),
        (" ₹0.01 ", "Add ₹0.01 to Acme"),
    ],
)
def test_asks_back_what_it_will_add_to_whom(
    staff_client: Client, workspace: Workspace, typed: str, told: str
) -> None:
    form = credit_form(staff_client, workspace, amount=typed, confirmed="")
    asked = staff_client.post(do("dialnexa_workspace", "credit-wallet"), form)
    assert (asked.status_code, asked.context["echo"]) == (200, told)
    assert f">{told}</button>" in asked.content.decode()
    assert wallet.balance(workspace) == BEFORE
    again = staff_client.post(do("dialnexa_workspace", "credit-wallet"), form | {"confirmed": "yes"})
    assert again.context["echo"] == told
    staff_client.post(do("dialnexa_workspace", "credit-wallet"), form | {"confirmed": told})
    assert wallet.balance(workspace) > BEFORE


def test_asks_back_again_when_the_amount_is_another_than_was_confirmed(
    staff_client: Client, workspace: Workspace
) -> None:
    form = credit_form(staff_client, workspace, amount="2505")
    asked = staff_client.post(do("dialnexa_workspace", "credit-wallet"), form)
    assert asked.context["echo"] == "Add ₹2,505.00 to Acme"
    assert wallet.balance(workspace) == BEFORE


def test_lets_staff_go_back_and_change_the_amount(staff_client: Client, workspace: Workspace) -> None:
    form = credit_form(staff_client, workspace) | {"edit": "1"}
    page = staff_client.post(do("dialnexa_workspace", "credit-wallet"), form)
    assert page.context["echo"] == ""
    assert 'value="250.50"' in page.content.decode()
    assert wallet.balance(workspace) == BEFORE


def test_leads_from_the_list_to_the_page_that_asks_why(staff_client: Client, workspace: Workspace) -> None:
    chosen = {"action": "credit-wallet", "_selected_action": [workspace.pk]}
    answer = staff_client.post(reverse("admin:dialnexa_workspace_changelist"), chosen)
    assert answer.headers["Location"] == f"{do('dialnexa_workspace', 'credit-wallet')}?id={workspace.pk}"
    assert wallet.balance(workspace) == BEFORE


def test_credits_one_wallet_at_a_time(
    staff_client: Client, workspace: Workspace, charlie_workspace: Workspace
) -> None:
    both = [workspace.pk, charlie_workspace.pk]
    listed = {"action": "credit-wallet", "_selected_action": both}
    staff_client.post(reverse("admin:dialnexa_workspace_changelist"), listed)
    form = credit_form(staff_client, workspace) | {"id": both}
    assert staff_client.post(do("dialnexa_workspace", "credit-wallet"), form).status_code == 404
    assert [wallet.balance(each) for each in (workspace, charlie_workspace)] == [BEFORE, BEFORE]


@pytest.mark.parametrize("ids", [[], ["ws_nobody"], ["\x00"], ["' OR 1=1"]])
def test_knows_no_action_without_an_object(
    staff_client: Client, workspace: Workspace, ids: list[str]
) -> None:
    assert staff_client.get(do("dialnexa_workspace", "credit-wallet"), {"id": ids}).status_code == 404
    assert staff_client.get(do("dialnexa_workspace", "nonsense"), {"id": workspace.pk}).status_code == 404


# --- members and keys ---------------------------------------------------------------------------------


def test_changes_a_role_with_a_reason(staff_client: Client, workspace: Workspace, bob: User) -> None:
    member = Membership.objects.get(user=bob)
    form = {"id": member.pk, "role": "admin", "reason": "Asked by the owner"}
    staff_client.post(do("dialnexa_membership", "change-role"), form)
    member.refresh_from_db()
    assert member.role == "admin"
    entry = AuditEntry.objects.get(event="change_role", subject_id=str(member.pk))
    assert (entry.before, entry.after, entry.reason) == (
        {"role": "member"},
        {"role": "admin"},
        "Asked by the owner",
    )


@pytest.mark.parametrize("action", ["change-role", "remove-member"])
def test_keeps_the_last_owner(staff_client: Client, workspace: Workspace, alice: User, action: str) -> None:
    owner = Membership.objects.get(user=alice)
    form = {"id": owner.pk, "role": "viewer", "reason": "A mistake"}
    answer = staff_client.post(do("dialnexa_membership", action), form, follow=True)
    assert "A workspace needs an owner" in answer.content.decode()
    owner.refresh_from_db()
    assert owner.role == "owner"


def test_adds_nobody_who_has_not_confirmed_the_address(
    staff_client: Client, workspace: Workspace, charlie: User
) -> None:
    form = {"id": workspace.pk, "email": charlie.email, "role": "owner", "reason": "Asked"}
    answer = staff_client.post(do("dialnexa_workspace", "add-member"), form, follow=True)
    assert "has not confirmed that address yet" in answer.content.decode()
    assert not Membership.objects.filter(workspace=workspace, user=charlie).exists()


def test_adds_and_removes_a_member(staff_client: Client, workspace: Workspace, charlie: User) -> None:
    EmailAddress.objects.create(user=charlie, email=charlie.email, verified=True, primary=True)
    form = {"id": workspace.pk, "email": charlie.email.upper(), "role": "viewer", "reason": "Asked"}
    staff_client.post(do("dialnexa_workspace", "add-member"), form)
    member = Membership.objects.get(workspace=workspace, user=charlie)
    staff_client.post(do("dialnexa_membership", "remove-member"), {"id": member.pk, "reason": "Left"})
    assert not Membership.objects.filter(pk=member.pk).exists()
    events = AuditEntry.objects.filter(subject_id=str(member.pk), subject_type="membership")
    assert set(events.values_list("event", "reason")) == {("add_member", "Asked"), ("remove_member", "Left")}


@pytest.fixture
def key(workspace: Workspace, now: datetime) -> ApiKey:
    return create_api_key(workspace, "CRM", ["numbers:read"], by=SYSTEM, now=now)[0]


def test_revokes_a_key_once(staff_client: Client, key: ApiKey) -> None:
    form = {"id": key.pk, "reason": "Leaked on GitHub"}
    staff_client.post(do("dialnexa_apikey", "revoke-key"), form)
    key.refresh_from_db()
    first = key.revoked_at
    answer = staff_client.post(do("dialnexa_apikey", "revoke-key"), form, follow=True)
    key.refresh_from_db()
    assert first is not None
    assert key.revoked_at == first
    assert "was revoked before" in answer.content.decode()
    assert AuditEntry.objects.get(subject_id=key.pk, event="revoke").reason == "Leaked on GitHub"


def test_shows_no_digest_and_no_password(staff_client: Client, key: ApiKey, alice: User) -> None:
    for url in (page("dialnexa_apikey", key.pk), reverse("admin:dialnexa_apikey_changelist")):
        shown = staff_client.get(url).content.decode()
        assert key.hint in shown
        assert key.digest not in shown
    shown = staff_client.get(page("dialnexa_user", alice.pk)).content.decode()
    assert alice.password.split("$")[-1] not in shown
    assert "md5$" not in shown


# --- people -------------------------------------------------------------------------------------------


def user_form(user: User, **changes: Any) -> dict[str, Any]:
    names = {"email": user.email, "first_name": user.first_name, "last_name": user.last_name}
    return {**names, "time_zone": user.time_zone, "is_active": "on", "reason": "Checked", **changes}


@pytest.fixture
def clerk(db: None) -> User:
    """Staff who may change users, and nothing else."""
    clerk = make_user("Clara", is_staff=True)
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=["view_user", "change_user"]))
    return clerk


def test_lets_a_superuser_make_staff_with_a_reason(staff_client: Client, alice: User) -> None:
    staff_client.post(page("dialnexa_user", alice.pk), user_form(alice, is_staff="on", reason="Joined us"))
    alice.refresh_from_db()
    assert alice.is_staff
    entry = AuditEntry.objects.get(subject_id=alice.pk, event="changed_by_staff")
    assert (entry.before, entry.after, entry.reason) == ({"is_staff": False}, {"is_staff": True}, "Joined us")


def test_wants_a_reason_for_every_change(staff_client: Client, alice: User) -> None:
    form = user_form(alice, first_name="Alicia", reason=" ")
    assert staff_client.post(page("dialnexa_user", alice.pk), form).status_code == 200
    alice.refresh_from_db()
    assert alice.first_name == "Alice"


def test_lets_nobody_else_hand_out_powers(clerk: User, alice: User) -> None:
    powers = {"is_staff": "on", "is_superuser": "on", "email": "mine@example.com", "first_name": "Alicia"}
    client_of(clerk).post(page("dialnexa_user", alice.pk), user_form(alice, **powers))
    alice.refresh_from_db()
    assert alice.first_name == "Alicia"
    assert (alice.is_staff, alice.is_superuser, alice.email) == (False, False, "alice@example.com")


def test_lets_nobody_else_change_colleagues(clerk: User, staff: User) -> None:
    answer = client_of(clerk).post(page("dialnexa_user", staff.pk), user_form(staff, first_name="Mallory"))
    assert answer.status_code == 403


def test_refuses_a_time_zone_that_does_not_exist(staff_client: Client, alice: User) -> None:
    form = user_form(alice, time_zone="Mars/Olympus")
    answer = staff_client.post(page("dialnexa_user", alice.pk), form)
    assert "Enter a time zone by its name" in answer.content.decode()
    alice.refresh_from_db()
    assert alice.time_zone == "Asia/Kolkata"


# --- the books ----------------------------------------------------------------------------------------


def test_adds_up_platform_accounts(staff_client: Client, workspace: Workspace, now: datetime) -> None:
    account = wallet.account("external", "INR")
    wallet.credit(workspace, Decimal("1.25"), reference="more", memo="More", by=SYSTEM, now=now)
    assert "−₹10,001.25" in staff_client.get(page("dialnexa_ledgeraccount", account.pk)).content.decode()


def test_counts_processes_that_fell_silent(staff_client: Client, now: datetime) -> None:
    for name in ("sweeper", "keys"):  # the second is no process, but work done once in a while
        Heartbeat.objects.create(name=name, at=now.replace(year=now.year - 1))
    silent = [row for row in staff_client.get("/admin/").context["watches"] if "Silent" in row["title"]]
    assert [row["count"] for row in silent] == [1]


# --- finding ------------------------------------------------------------------------------------------


def found(client: Client, q: str) -> Any:
    """Where a search lands: an address, or the names of the kinds it lists."""
    answer = client.get("/admin/find/", {"q": q})
    return answer.headers.get("Location") or [str(group["name"]) for group in answer.context["groups"]]


def test_lands_on_people_and_workspaces(staff_client: Client, workspace: Workspace, alice: User) -> None:
    assert found(staff_client, f" {alice.email.upper()} ") == page("dialnexa_user", alice.pk)
    assert found(staff_client, alice.pk) == page("dialnexa_user", alice.pk)
    assert found(staff_client, workspace.pk.upper()) == page("dialnexa_workspace", workspace.pk)
    assert found(staff_client, "acme") == page("dialnexa_workspace", workspace.pk)


def test_lands_on_keys_and_transfers(staff_client: Client, key: ApiKey) -> None:
    entry = LedgerEntry.objects.get(reference="credit:opening acme")
    assert found(staff_client, key.pk) == page("dialnexa_apikey", key.pk)
    assert found(staff_client, entry.pk) == page("dialnexa_ledgerentry", entry.pk)
    assert found(staff_client, "credit:opening acme") == page("dialnexa_ledgerentry", entry.pk)


def test_finds_what_a_request_did(staff_client: Client, workspace: Workspace, key: ApiKey) -> None:
    form = credit_form(staff_client, workspace)
    url = do("dialnexa_workspace", "credit-wallet")
    answer = staff_client.post(url, form, headers={"X-Request-ID": "req_support.case-7"})
    assert answer.headers["X-Request-ID"] == "req_support.case-7"
    entry = AuditEntry.objects.get(request_id="req_support.case-7")
    assert found(staff_client, "req_support.case-7") == page("dialnexa_auditentry", entry.pk)


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "   ",
        "\x00",
        "a\x00b",
        "phn_" + "0" * 26,
        "ws_" + "z" * 26,
        "req_" + "0" * 26,
        "zzz_" + "0" * 26,
        "<script>alert(1)</script>",
        "' OR 1=1 --",
        "%' UNION SELECT",
        "x" * 5000,
        "９" * 300,
        "\ud800".encode("utf-8", "replace").decode(),
        "+",
        "@",
        "№ 5",
        "0000",
        "00000000",
    ],
)
def test_says_when_nothing_matches(staff_client: Client, workspace: Workspace, garbage: str) -> None:
    answer = staff_client.get("/admin/find/", {"q": garbage})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


def test_lists_what_it_may_mean(
    staff_client: Client, workspace: Workspace, alice: User, charlie: User
) -> None:
    assert found(staff_client, "example.com") == ["Users"]
