"""Staff …"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, Notice, User, Workspace
from kyc import reviews
from kyc.admin.decisions import DECISIONS
from kyc.admin.forms import seen
from kyc.gate import may_rent
from kyc.models import KycCase
from kyc.terms import last_day
from tests.conftest import client_of, make_user
from tests.kyc.papers import make_document

GB = ("GB", "local")
REASON = "Papers seen"


def url(case: KycCase, event: str) -> str:
    return reverse("admin:kyc_kyccase_decide", args=[case.pk, event])


def decide(client: Client, case: KycCase, event: str, **form: Any) -> Any:
    """Post the decision's form as the page would; gives the answer, the case read anew."""
    filled = {"reason": REASON, "seen": seen(case), **form}
    if event == "verify":
        filled.setdefault("until", "2030-12-31")
    answer = client.post(url(case, event), filled, follow=True)
    case.refresh_from_db()
    return answer


def offered(client: Client, case: KycCase) -> list[str]:
    shown = client.get(reverse("admin:kyc_kyccase_change", args=[case.pk]))
    return [decision.label for decision, _ in shown.context["offers"]]


@pytest.fixture
def case(workspace: Workspace, now: datetime) -> KycCase:
    """Acme's British papers, waiting for a decision: a passport and a lease."""
    case = reviews.open_case(workspace, "GB")
    KycCase.objects.filter(pk=case.pk).update(entity_type="individual", legal_name="Alice Adams")
    case.refresh_from_db()
    for kind in ("passport", "lease"):
        make_document(case, kind)
    reviews.submit(case, by=SYSTEM, now=now)
    return case


@pytest.fixture
def verified(case: KycCase, now: datetime) -> KycCase:
    reviews.verify(case, by=SYSTEM, now=now, reason="In order")
    return case


def test_see_only_what_is_legal_now(staff_client: Client, case: KycCase, now: datetime) -> None:
    assert offered(staff_client, case) == ["Approve", "Reject", "Request more"]
    reviews.verify(case, by=SYSTEM, now=now, reason="In order")
    assert offered(staff_client, case) == ["Suspend"]
    reviews.suspend(case, by=SYSTEM, now=now, reason="Fraud")
    assert offered(staff_client, case) == ["Reinstate"]


def test_approve_and_unlock_renting(
    staff_client: Client, case: KycCase, workspace: Workspace, now: datetime, staff: User
) -> None:
    shown = decide(staff_client, case, "verify").content.decode()
    assert "Approved until 31 December 2030." in shown
    assert may_rent(workspace, *GB, now=now).allowed
    assert set(case.documents.values_list("status", flat=True)) == {"accepted"}
    entry = AuditEntry.objects.get(subject_id=case.pk, event="verify")
    assert (entry.actor, entry.channel, entry.reason) == (staff, "staff", REASON)
    assert Notice.objects.get().title == "Verified for United Kingdom"


def test_approve_to_the_end_of_a_day_where_the_workspace_is(
    staff_client: Client, case: KycCase, workspace: Workspace
) -> None:
    decide(staff_client, case, "verify", until="2030-12-31")
    assert case.verified_until is not None
    assert case.verified_until.isoformat() == "2030-12-31T18:30:00+00:00"
    assert not may_rent(workspace, *GB, now=case.verified_until).allowed
    assert may_rent(workspace, *GB, now=case.verified_until - timedelta(seconds=1)).allowed


def test_are_offered_a_year(staff_client: Client, case: KycCase, now: datetime) -> None:
    shown = staff_client.get(reverse("admin:kyc_kyccase_change", args=[case.pk]))
    initial = shown.context["offers"][0][1]["until"].value()
    today = now.astimezone(ZoneInfo("Asia/Kolkata")).date()
    assert timedelta(days=365) <= initial - today <= timedelta(days=366)


@pytest.mark.parametrize(
    "until, sentence",
    [
        ("2020-01-01", "must not be over already"),
        ("9999-12-31", "longer than 10 years"),
        ("", "Choose the last day"),
        ("soon", "Enter a valid date"),
    ],
)
def test_choose_a_day_to_come(staff_client: Client, case: KycCase, until: str, sentence: str) -> None:
    answer = decide(staff_client, case, "verify", until=until, reason="All seen")
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert "All seen" in answer.content.decode()
    assert case.status == "submitted"


def test_may_choose_today(staff_client: Client, case: KycCase, workspace: Workspace, now: datetime) -> None:
    decide(staff_client, case, "verify", until=last_day(now, workspace).isoformat())
    assert case.status == "verified"


def test_reject_documents_each_with_its_reason(
    staff_client: Client, case: KycCase, staff: User, workspace: Workspace, now: datetime
) -> None:
    lease = case.documents.get(kind="lease")
    wrong = {f"wrong-{lease.pk}": "on", f"why-{lease.pk}": "Page 2 is missing."}
    shown = decide(staff_client, case, "reject", reason="Nearly there", **wrong).content.decode()
    assert "The customer reads the reasons" in shown
    assert (case.status, case.reason) == ("rejected", "Nearly there")
    states = {each.kind: (each.status, each.reason) for each in case.documents.all()}
    assert states == {"passport": ("uploaded", ""), "lease": ("rejected", "Page 2 is missing.")}
    entry = AuditEntry.objects.get(subject_id=lease.pk, event="reject")
    assert (entry.actor, entry.channel, entry.reason) == (staff, "staff", "Page 2 is missing.")
    assert "Lease or tenancy agreement: Page 2 is missing." in Notice.objects.get().body
    assert "Nearly there" in may_rent(workspace, *GB, now=now).sentence


def test_must_name_what_is_wrong(staff_client: Client, case: KycCase) -> None:
    lease = case.documents.get(kind="lease")
    for wrong, sentence in (
        ({}, "Tick the documents that are wrong"),
        ({f"wrong-{lease.pk}": "on"}, "Say what is wrong with it."),
        ({f"why-{lease.pk}": "Cut off"}, "Tick the document, or empty its reason."),
        ({f"wrong-{lease.pk}": "on", f"why-{lease.pk}": "x" * 501}, "at most 500 characters"),
    ):
        answer = decide(staff_client, case, "reject", reason="As I say", **wrong)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert "As I say" in answer.content.decode()
    assert case.status == "submitted"
    assert not Notice.objects.exists()


def test_reject_what_holds_no_documents_with_a_reason_alone(
    staff_client: Client, workspace: Workspace, now: datetime
) -> None:
    bare = reviews.open_case(workspace, "DE")
    reviews.submit(bare, by=SYSTEM, now=now, without_papers=True)
    decide(staff_client, bare, "reject", reason="Nothing is here")
    assert bare.status == "rejected"


def test_request_more(staff_client: Client, case: KycCase) -> None:
    answer = decide(staff_client, case, "request_more", kinds=["pan", "gst"], reason="Who pays?")
    assert "More is asked for." in answer.content.decode()
    assert (case.status, case.reason, case.asked_for) == ("rejected", "Who pays?", ["pan", "gst"])
    assert set(case.documents.values_list("status", flat=True)) == {"uploaded"}


@pytest.mark.parametrize("kinds", [[], ["dowry"], ["lease"]])
def test_request_only_what_the_table_has_and_the_case_lacks(
    staff_client: Client, case: KycCase, kinds: list[str]
) -> None:
    assert decide(staff_client, case, "request_more", kinds=kinds).status_code == 422
    assert (case.status, case.asked_for) == ("submitted", [])


def test_suspend_and_reinstate(
    staff_client: Client, verified: KycCase, workspace: Workspace, now: datetime
) -> None:
    decide(staff_client, verified, "suspend", reason="Complaints")
    assert (verified.status, verified.reason) == ("suspended", "Complaints")
    assert not may_rent(workspace, *GB, now=now).allowed
    decide(staff_client, verified, "reinstate")
    assert (verified.status, verified.reason) == ("verified", "")
    assert may_rent(workspace, *GB, now=now).allowed
    events = AuditEntry.objects.filter(subject_id=verified.pk, channel="staff").values_list(
        "event", flat=True
    )
    assert list(events.order_by("id")) == ["suspend", "reinstate"]


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda decision: decision.event)
@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_give_a_reason_for_everything(
    staff_client: Client, case: KycCase, decision: Any, reason: str, now: datetime
) -> None:
    if decision.event == "suspend":
        reviews.verify(case, by=SYSTEM, now=now, reason="In order")
    if decision.event == "reinstate":
        reviews.verify(case, by=SYSTEM, now=now, reason="In order")
        reviews.suspend(case, by=SYSTEM, now=now, reason="Fraud")
    before = case.status
    answer = decide(staff_client, case, decision.event, reason=reason)
    assert answer.status_code == 422
    assert "reason" in answer.context["attempt"].form.errors
    assert case.status == before


# --- what comes between -------------------------------------------------------------------------------


def test_are_told_when_somebody_was_faster(staff_client: Client, case: KycCase, now: datetime) -> None:
    stale = seen(case)
    reviews.verify(case, by=SYSTEM, now=now, reason="In order")
    lease = case.documents.get(kind="lease")
    wrong = {f"wrong-{lease.pk}": "on", f"why-{lease.pk}": "Cut off"}
    answer = decide(staff_client, case, "reject", seen=stale, reason="My long reason", **wrong)
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "This case has changed since you looked: it is verified now." in shown
    assert "My long reason" in shown
    assert case.status == "verified"
    assert not Notice.objects.exists()


def test_approve_no_papers_they_have_not_seen(staff_client: Client, case: KycCase, now: datetime) -> None:
    stale = seen(case)
    reviews.reject(case, by=SYSTEM, now=now, reason="Cut off")
    make_document(case, "utility_bill")
    reviews.submit(case, by=SYSTEM, now=now + timedelta(seconds=1))
    answer = decide(staff_client, case, "verify", seen=stale)
    assert answer.status_code == 409
    assert case.status == "submitted"
    assert f'value="{seen(case)}"' in answer.content.decode()


@pytest.mark.parametrize("event", [decision.event for decision in DECISIONS])
def test_do_not_decide_on_their_own_workspace(
    case: KycCase, staff: User, staff_client: Client, event: str
) -> None:
    case.workspace.memberships.create(user=staff, role="viewer")
    passport = case.documents.get(kind="passport")
    wrong = {f"wrong-{passport.pk}": "on", f"why-{passport.pk}": "Cut off", "kinds": ["pan"]}
    answer = decide(staff_client, case, event, **wrong)
    assert answer.status_code == 403
    assert "You are a member of this workspace." in answer.content.decode()
    assert f"What you wrote: {REASON}" in answer.content.decode()
    assert case.status == "submitted"
    assert offered(staff_client, case) == []


@pytest.mark.parametrize("event", [decision.event for decision in DECISIONS])
def test_need_the_right_to(case: KycCase, event: str) -> None:
    clerk = make_user("Clara", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_kyccase"))
    assert decide(client_of(clerk), case, event).status_code == 403
    assert case.status == "submitted"


def test_are_staff(alice_client: Client, client: Client, case: KycCase) -> None:
    assert decide(alice_client, case, "verify").status_code == 403
    assert decide(client, case, "verify").redirect_chain[-1][0].startswith("/accounts/login/")
    assert case.status == "submitted"


def test_decide_only_what_there_is(staff_client: Client, case: KycCase) -> None:
    assert decide(staff_client, case, "expire").status_code == 404
    assert staff_client.post(url(KycCase(pk="kyc_x"), "verify")).status_code == 404


def test_come_to_the_case_by_a_decisions_address(staff_client: Client, case: KycCase) -> None:
    answer = staff_client.get(url(case, "verify"))
    assert answer.headers["Location"] == reverse("admin:kyc_kyccase_change", args=[case.pk])
