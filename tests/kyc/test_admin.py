"""The KYC desk …"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, User, Workspace
from kyc import reviews
from kyc.documents import add_document, describe
from kyc.gate import may_rent
from kyc.inspecting import inspect
from kyc.models import KycCase
from kyc.requirements import groups_of
from tests.kyc.papers import png

GB = ("GB", "local")


def do(action: str) -> str:
    return reverse("admin:kyc_kyccase_do", args=[action])


def decide(client: Client, case: KycCase, action: str, **form: Any) -> str:
    """Post the action's form; gives the page it ends on."""
    answer = client.post(do(action), {"id": case.pk, "reason": "Papers seen", **form}, follow=True)
    case.refresh_from_db()
    return answer.content.decode()


@pytest.fixture
def case(workspace: Workspace, now: datetime) -> KycCase:
    """Acme's British papers, waiting for a decision."""
    case = reviews.open_case(workspace, "GB")
    reviews.submit(case, by=SYSTEM, now=now, without_papers=True)
    return case


def test_unlocks_renting_by_verifying(
    staff_client: Client, case: KycCase, workspace: Workspace, now: datetime, staff: User
) -> None:
    assert not may_rent(workspace, *GB, now=now).allowed
    decide(staff_client, case, "verify")
    assert may_rent(workspace, *GB, now=now).allowed
    entry = AuditEntry.objects.get(subject_id=case.pk, event="verify")
    assert (entry.actor, entry.channel, entry.reason) == (staff, "staff", "Papers seen")


def test_verifies_to_the_end_of_a_day_where_the_workspace_is(
    staff_client: Client, case: KycCase, workspace: Workspace, now: datetime
) -> None:
    decide(staff_client, case, "verify", until="2099-12-31")
    assert case.verified_until is not None
    assert case.verified_until.isoformat() == "2099-12-31T18:30:00+00:00"
    assert not may_rent(workspace, *GB, now=case.verified_until).allowed
    assert may_rent(workspace, *GB, now=case.verified_until - timedelta(seconds=1)).allowed


def test_refuses_a_day_that_is_over(staff_client: Client, case: KycCase) -> None:
    assert "must not be over already" in decide(staff_client, case, "verify", until="2020-01-01")
    assert case.status == "submitted"


@pytest.mark.parametrize("action", ["verify", "reject"])
def test_wants_a_reason(staff_client: Client, case: KycCase, action: str) -> None:
    assert "Say why" in decide(staff_client, case, action, reason="  ")
    assert case.status == "submitted"


def test_tells_the_customer_why_it_rejects(
    staff_client: Client, case: KycCase, workspace: Workspace, now: datetime
) -> None:
    decide(staff_client, case, "reject", reason="The passport has expired.")
    assert case.status == "rejected"
    assert "The passport has expired." in may_rent(workspace, *GB, now=now).sentence


def test_suspends_and_reinstates(
    staff_client: Client, case: KycCase, workspace: Workspace, now: datetime
) -> None:
    decide(staff_client, case, "verify")
    decide(staff_client, case, "suspend", reason="Complaints")
    assert not may_rent(workspace, *GB, now=now).allowed
    decide(staff_client, case, "reinstate")
    assert may_rent(workspace, *GB, now=now).allowed


def test_says_when_a_decision_is_out_of_turn(staff_client: Client, case: KycCase) -> None:
    assert "not changed" in decide(staff_client, case, "suspend")
    assert case.status == "submitted"
    assert not AuditEntry.objects.filter(subject_id=case.pk, event="suspend").exists()


def test_decides_many_at_once_each_on_its_own(
    staff_client: Client, case: KycCase, workspace: Workspace, now: datetime
) -> None:
    verified = KycCase.objects.get(workspace=workspace, country="IN")
    both = {"id": [case.pk, verified.pk], "reason": "Seen"}
    shown = staff_client.post(do("verify"), both, follow=True).content.decode()
    case.refresh_from_db()
    assert case.status == "verified"
    assert "not changed" in shown


def test_takes_no_status_from_a_form(staff_client: Client, case: KycCase) -> None:
    url = reverse("admin:kyc_kyccase_change", args=[case.pk])
    assert staff_client.post(url, {"status": "verified"}).status_code == 403
    case.refresh_from_db()
    assert case.status == "submitted"


def test_offers_only_what_fits(staff_client: Client, case: KycCase) -> None:
    shown = staff_client.get(reverse("admin:kyc_kyccase_change", args=[case.pk]))
    assert [offer["label"] for offer in shown.context["offers"]] == ["Verify", "Reject"]


def test_counts_what_waits_on_the_front_page(staff_client: Client, case: KycCase) -> None:
    watch = next(row for row in staff_client.get("/admin/").context["watches"] if "KYC" in row["title"])
    assert watch["count"] == 1
    assert case.pk in staff_client.get(watch["url"]).content.decode()


def test_is_found_by_its_id(staff_client: Client, case: KycCase) -> None:
    answer = staff_client.get("/admin/find/", {"q": case.pk})
    assert answer.headers["Location"] == reverse("admin:kyc_kyccase_change", args=[case.pk])


def test_gives_out_documents_as_attachments_and_notes_who_took_them(
    staff_client: Client, workspace: Workspace, now: datetime, staff: User
) -> None:
    case = reviews.open_case(workspace, "GB")
    describe(case, entity_type="individual", legal_name="Alice", by=SYSTEM, now=now)
    kind = groups_of(case)[0].kinds[0]
    document = add_document(case, kind, inspect(png(), "id.png"), by=SYSTEM, now=now)
    shown = staff_client.get(reverse("admin:kyc_kyccase_change", args=[case.pk])).content.decode()
    assert "id.png" in shown
    answer = staff_client.get(reverse("admin:kyc_kycdocument_file", args=[document.pk]))
    assert answer.content[:4] == b"\x89PNG"
    assert answer["Content-Disposition"].startswith("attachment")
    entry = AuditEntry.objects.get(subject_id=document.pk, event="view")
    assert (entry.actor, entry.channel) == (staff, "staff")


def test_gives_documents_to_nobody_else(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    case = reviews.open_case(workspace, "GB")
    describe(case, entity_type="individual", legal_name="Alice", by=SYSTEM, now=now)
    kind = groups_of(case)[0].kinds[0]
    document = add_document(case, kind, inspect(png(), "id.png"), by=SYSTEM, now=now)
    url = reverse("admin:kyc_kycdocument_file", args=[document.pk])
    assert alice_client.get(url, follow=True).status_code == 403
    assert not AuditEntry.objects.filter(event="view").exists()
