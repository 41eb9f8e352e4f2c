"""The KYC desk …"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, User, Workspace
from kyc import reviews
from kyc.documents import add_document, describe
from kyc.inspecting import inspect
from kyc.models import KycCase, KycDocument
from kyc.requirements import groups_of
from tests.conftest import client_of, make_user
from tests.kyc.papers import png

QUEUE = "/admin/kyc/kyccase/"


def page_of(case: KycCase) -> str:
    return reverse("admin:kyc_kyccase_change", args=[case.pk])


def upload(workspace: Workspace, now: datetime) -> KycDocument:
    """Alice's passport for the United Kingdom, not submitted yet."""
    case = reviews.open_case(workspace, "GB")
    describe(case, entity_type="individual", legal_name="Alice Adams", by=SYSTEM, now=now)
    return add_document(case, groups_of(case)[0].kinds[0], inspect(png(), "id.png"), by=SYSTEM, now=now)


@pytest.fixture
def case(workspace: Workspace, now: datetime) -> KycCase:
    """Acme's British papers, waiting for a decision since an hour and a half."""
    case = reviews.open_case(workspace, "GB")
    reviews.submit(case, by=SYSTEM, now=now - timedelta(minutes=90), without_papers=True)
    return case


# --- the queue ----------------------------------------------------------------------------------------


def test_puts_what_waits_first_the_oldest_on_top(
    staff_client: Client, case: KycCase, workspace: Workspace, now: datetime
) -> None:
    older = reviews.open_case(workspace, "DE")
    reviews.submit(older, by=SYSTEM, now=now - timedelta(days=3), without_papers=True)
    for address in (QUEUE, f"{QUEUE}?status__exact=submitted"):
        rows = list(staff_client.get(address).context["cl"].result_list)
        assert rows[:2] == [older, case]
    assert len(rows) == 2


def test_says_the_last_day_as_the_customer_reads_it(staff_client: Client, case: KycCase) -> None:
    end = datetime(2027, 11, 21, 18, 30, tzinfo=UTC)  # midnight after that day in India
    KycCase.objects.filter(pk=case.pk).update(status="verified", verified_until=end)
    for address in (QUEUE, reverse("admin:dialnexa_workspace_change", args=[case.workspace_id])):
        assert "21 November 2027" in staff_client.get(address).content.decode()


def test_says_how_long_each_has_waited(staff_client: Client, case: KycCase) -> None:
    KycCase.objects.filter(pk=case.pk).update(entity_type="llp")
    shown = staff_client.get(QUEUE).content.decode()
    assert "1\xa0hour, 30\xa0minutes" in shown
    assert "United Kingdom (GB)" in shown
    assert "Limited liability partnership" in shown


def test_filters_by_state_with_counts(staff_client: Client, case: KycCase) -> None:
    chips = staff_client.get(f"{QUEUE}?status__exact=verified").context["chips"]
    told = [(chip["label"], chip["count"], chip["chosen"]) for chip in chips]
    assert told == [("In review", 1, False), ("Verified", 1, True), ("All", 2, False)]
    assert case.pk in staff_client.get(QUEUE + chips[0]["query"]).content.decode()


def test_counts_what_waits_on_the_front_page(staff_client: Client, case: KycCase) -> None:
    watch = next(row for row in staff_client.get("/admin/").context["watches"] if "KYC" in row["title"])
    assert watch["count"] == 1
    assert case.pk in staff_client.get(watch["url"]).content.decode()


def test_is_found_by_its_id(staff_client: Client, case: KycCase) -> None:
    answer = staff_client.get("/admin/find/", {"q": case.pk})
    assert answer.headers["Location"] == page_of(case)


# --- a case -------------------------------------------------------------------------------------------


def test_shows_what_is_needed_and_which_document_answers_it(
    staff_client: Client, workspace: Workspace, now: datetime
) -> None:
    document = upload(workspace, now)
    shown = staff_client.get(page_of(document.case)).content.decode()
    for part in ("Alice Adams", "Individual", "Acme", "Proof of identity", "Proof of address"):
        assert part in shown
    assert "id.png" in shown
    assert "1 page ·" in shown
    assert shown.count(">Here<") == shown.count(">Missing<") == 1
    assert reverse("admin:kyc_kycdocument_file", args=[document.pk]) in shown


def test_keeps_what_was_replaced_in_sight(staff_client: Client, workspace: Workspace, now: datetime) -> None:
    first = upload(workspace, now)
    upload(workspace, now)
    shown = staff_client.get(page_of(first.case)).content.decode()
    assert "Replaced and removed: 1" in shown
    assert reverse("admin:kyc_kycdocument_file", args=[first.pk]) not in shown


def test_tells_its_history_with_the_documents(
    staff_client: Client, workspace: Workspace, now: datetime
) -> None:
    document = upload(workspace, now)
    events = staff_client.get(page_of(document.case)).context["sections"][0].events
    assert [event.title.partition(":")[0] for event in events] == ["Start", "Describe", "Upload"]


def test_takes_no_status_from_a_form(staff_client: Client, case: KycCase) -> None:
    assert staff_client.post(page_of(case), {"status": "verified"}).status_code == 403
    case.refresh_from_db()
    assert case.status == "submitted"


def test_shows_those_who_may_only_look_no_forms_and_no_files(workspace: Workspace, now: datetime) -> None:
    clerk = make_user("Clara", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_kyccase"))
    document = upload(workspace, now)
    reviews.submit(document.case, by=SYSTEM, now=now, without_papers=True)
    client = client_of(clerk)
    shown = client.get(page_of(document.case))
    assert shown.context["offers"] == []
    file = reverse("admin:kyc_kycdocument_file", args=[document.pk])
    assert file not in shown.content.decode()
    assert client.get(file).status_code == 403


# --- files --------------------------------------------------------------------------------------------


def test_gives_out_documents_as_attachments_and_notes_who_took_them(
    staff_client: Client, workspace: Workspace, now: datetime, staff: User
) -> None:
    document = upload(workspace, now)
    answer = staff_client.get(reverse("admin:kyc_kycdocument_file", args=[document.pk]))
    assert answer.content[:4] == b"\x89PNG"
    assert answer["Content-Disposition"].startswith("attachment")
    entry = AuditEntry.objects.get(subject_id=document.pk, event="view")
    assert (entry.actor, entry.channel) == (staff, "staff")


def test_gives_documents_to_nobody_else(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    url = reverse("admin:kyc_kycdocument_file", args=[upload(workspace, now).pk])
    assert alice_client.get(url, follow=True).status_code == 403
    assert not AuditEntry.objects.filter(event="view").exists()
