"""A large credit …"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from dialnexa import wallet
from dialnexa.actors import Actor, Channel
from dialnexa.approvals import approve, ask_for_credit, credit_or_ask, decline, needs_approval
from dialnexa.errors import IllegalTransition, Refusal
from dialnexa.models import ApprovalRequest, AuditEntry, User, Workspace
from tests.conftest import client_of, make_user

pytestmark = pytest.mark.django_db
LARGE = Decimal("200000.01")
CREDIT = "/admin/dialnexa/workspace/do/credit-wallet/"
APPROVE = "/admin/dialnexa/approvalrequest/do/approve/"


def staff_member(user: User) -> Actor:
    return Actor(Channel.STAFF, user.email, user)


@pytest.fixture
def second(db: None) -> User:
    return make_user("Sara", is_staff=True, is_superuser=True)


@pytest.fixture
def asked(workspace: Workspace, staff: User, now: datetime) -> ApprovalRequest:
    by = staff_member(staff)
    return ask_for_credit(workspace, LARGE, reference="staff:crd_1", reason="Transfer 4711", by=by, now=now)


def post_credit(client: Client, workspace: Workspace, amount: str, told: str) -> Any:
    form = client.get(CREDIT, {"id": workspace.pk}).context["form"]
    filled = {"amount": amount, "reason": "Transfer 4711", "reference": form["reference"].value()}
    return client.post(CREDIT, {"id": workspace.pk, **filled, "confirmed": told}, follow=True)


def test_waits_for_a_second_person(staff_client: Client, second: User, workspace: Workspace) -> None:
    before = wallet.balance(workspace)
    page = post_credit(staff_client, workspace, "200000.01", "Add ₹2,00,000.01 to Acme")
    assert "somebody else has to approve" in page.content.decode()
    assert wallet.balance(workspace) == before
    asked = ApprovalRequest.objects.get()
    form = {"id": asked.pk, "reason": "Seen in the bank", "confirmed": "Add ₹2,00,000.01 to Acme"}
    refused = staff_client.post(APPROVE, form, follow=True).content.decode()
    assert "Somebody else has to decide" in refused
    assert wallet.balance(workspace) == before
    client_of(second).post(APPROVE, form)
    assert wallet.balance(workspace) == before + LARGE


def test_is_booked_once(asked: ApprovalRequest, second: User, workspace: Workspace, now: datetime) -> None:
    before = wallet.balance(workspace)
    again = ApprovalRequest.objects.get(pk=asked.pk)
    approve(asked, by=staff_member(second), now=now, reason="Seen")
    with pytest.raises(IllegalTransition):
        approve(again, by=staff_member(second), now=now, reason="Seen")
    assert wallet.balance(workspace) == before + LARGE


def test_is_not_booked_when_declined(
    asked: ApprovalRequest, second: User, workspace: Workspace, now: datetime
) -> None:
    before = wallet.balance(workspace)
    decline(asked, by=staff_member(second), now=now, reason="No such transfer")
    with pytest.raises(IllegalTransition):
        approve(asked, by=staff_member(second), now=now, reason="Yet")
    assert wallet.balance(workspace) == before
    events = AuditEntry.objects.filter(subject_id=asked.pk).order_by("id").values_list("event", flat=True)
    assert list(events) == ["ask_for_credit", "decline"]


def test_is_not_decided_by_who_asked_even_around_the_code(
    asked: ApprovalRequest, staff: User, now: datetime
) -> None:
    with pytest.raises(Refusal, match="second_person_needed"):
        approve(asked, by=staff_member(staff), now=now, reason="Mine")
    rows = ApprovalRequest.objects.filter(pk=asked.pk)
    with pytest.raises(IntegrityError, match="another_person_decides"), transaction.atomic():
        rows.update(status="approved", decided_by=staff)
    with pytest.raises(IntegrityError, match="decided_by_somebody"), transaction.atomic():
        rows.update(status="approved")


def test_is_one_above_the_limit_of_its_currency(settings: Any, staff: User, now: datetime) -> None:
    settings.CREDIT_ALONE, asking = {"INR": Decimal(100)}, dict[str, Any](by=staff_member(staff), now=now)
    assert not needs_approval(Decimal(100), "INR", **asking)
    assert needs_approval(Decimal("100.01"), "INR", **asking)
    assert needs_approval(Decimal("0.01"), "CHF", **asking)


def test_is_any_to_a_workspace_of_ones_own(
    workspace: Workspace, staff: User, second: User, now: datetime
) -> None:
    for user in (staff, second):
        workspace.memberships.create(user=user, role="viewer")
    by = staff_member(staff)
    asked = credit_or_ask(workspace, Decimal(1), reference="one", reason="Goodwill", by=by, now=now)
    assert isinstance(asked, ApprovalRequest)
    with pytest.raises(Refusal, match="second_person_needed"):
        approve(asked, by=staff_member(second), now=now, reason="Seen")


def test_is_no_smaller_in_pieces(
    settings: Any, workspace: Workspace, staff: User, second: User, now: datetime
) -> None:
    settings.CREDIT_ALONE = {"INR": Decimal(100)}

    def give(amount: int, reference: str, by: User = staff, at: datetime = now) -> str:
        actor = staff_member(by)
        done = credit_or_ask(
            workspace, Decimal(amount), reference=reference, reason="Goodwill", by=actor, now=at
        )
        return type(done).__name__

    assert give(60, "one") == "LedgerEntry"
    with pytest.raises(wallet.AlreadyBooked):
        give(60, "one")
    assert give(41, "two") == "ApprovalRequest"
    assert give(40, "three") == "LedgerEntry"
    approve(ApprovalRequest.objects.get(), by=staff_member(second), now=now, reason="Seen")
    assert give(100, "four", by=second) == "LedgerEntry"  # what two agreed on is nobody's alone
    assert give(100, "five", at=now + timedelta(days=1)) == "LedgerEntry"


@pytest.mark.django_db(transaction=True)
def test_is_no_smaller_in_pieces_sent_at_once(settings: Any, now: datetime) -> None:
    settings.CREDIT_ALONE = {"INR": Decimal(100)}
    shop, staff = Workspace.objects.create(slug="shop", name="Shop"), make_user("Stan", is_staff=True)
    before = wallet.balance(shop)

    def give(reference: str) -> None:
        try:
            credit_or_ask(shop, Decimal(60), reference=reference, reason="x", by=staff_member(staff), now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(give, "abcd"))
    assert wallet.balance(shop) - before == 60
    assert ApprovalRequest.objects.count() == 3
