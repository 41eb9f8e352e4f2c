"""Owners and admins are told …"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.utils import translation

from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, Notice, User, Workspace
from dialnexa.translations.retelling import retell
from kyc import reviews
from kyc.models import KycCase
from tests.conftest import make_user
from tests.kyc.papers import make_document

pytestmark = pytest.mark.django_db
STAFF = Actor(Channel.STAFF, "Sam")


@pytest.fixture
def case(workspace: Workspace, now: datetime) -> KycCase:
    """Acme's British papers, waiting for a decision."""
    case = reviews.open_case(workspace, "GB")
    reviews.submit(case, by=SYSTEM, now=now, without_papers=True)
    return case


def told() -> tuple[str, str, str]:
    notice = Notice.objects.latest("created_at", "id")
    return notice.title, notice.body, notice.tone


def test_that_papers_are_verified_and_until_when(case: KycCase, now: datetime) -> None:
    until = datetime.fromisoformat("2099-12-31T18:30:00+00:00")  # midnight in India, where Acme is
    reviews.verify(case, by=STAFF, now=now, reason="Seen the registrar's extract", until=until)
    body = "The papers are verified until 31 December 2099. You can rent numbers in United Kingdom."
    assert told() == ("Verified for United Kingdom", body, "ok")


def test_which_documents_were_rejected_and_why(case: KycCase, now: datetime) -> None:
    lease = make_document(case, "lease")
    wrong = {lease.pk: "Page 2 is missing"}
    reviews.reject(case, by=STAFF, now=now, reason="Nearly there", documents=wrong)
    body = (
        "Nearly there. Lease or tenancy agreement: Page 2 is missing. "
        "Replace what was rejected, then submit again."
    )
    assert told() == ("Papers for United Kingdom rejected", body, "trouble")


def test_what_else_is_needed(case: KycCase, now: datetime) -> None:
    reviews.request_more(case, kinds=["pan", "gst"], by=STAFF, now=now, reason="Who pays?")
    body = "Who pays? Needed: PAN card, GST registration certificate. Add them, then submit again."
    assert told() == ("More papers needed for United Kingdom", body, "trouble")


def test_of_a_suspension_and_its_end(case: KycCase, now: datetime) -> None:
    reviews.verify(case, by=STAFF, now=now, reason="In order")
    reviews.suspend(case, by=STAFF, now=now + timedelta(hours=1), reason="Complaints")
    body = "Complaints. Ask support what is needed to lift it."
    assert told() == ("Verification for United Kingdom suspended", body, "trouble")
    reviews.reinstate(case, by=STAFF, now=now + timedelta(hours=2), reason="Cleared with legal")
    body = "The suspension is lifted. You can rent numbers in United Kingdom."
    assert told() == ("Verification for United Kingdom restored", body, "ok")


def test_of_every_rejection_anew(case: KycCase, now: datetime) -> None:
    for hours in (1, 2):
        reviews.reject(case, by=STAFF, now=now + timedelta(hours=hours), reason="Cut off")
        reviews.submit(case, by=SYSTEM, now=now + timedelta(hours=hours), without_papers=True)
    assert Notice.objects.filter(title__endswith="rejected").count() == 2


def test_and_nobody_else(case: KycCase, workspace: Workspace, alice: User, bob: User, now: datetime) -> None:
    admin = make_user("Ada")
    workspace.memberships.create(user=admin, role="admin")
    reviews.reject(case, by=STAFF, now=now, reason="Cut off")
    copies = Notice.objects.get().copies.values_list("user", flat=True)
    assert set(copies) == {alice.pk, admin.pk}


def test_nothing_by_a_set_up(case: KycCase, now: datetime) -> None:
    reviews.verify(case, by=SYSTEM, now=now, reason="Demo")
    assert not Notice.objects.exists()


def test_nothing_of_what_was_refused(case: KycCase, now: datetime) -> None:
    with pytest.raises(Refusal, match="document_not_in_case"):
        reviews.reject(case, by=STAFF, now=now, reason="Wrong", documents={"doc_x": "Wrong"})
    assert not Notice.objects.exists()
    assert not AuditEntry.objects.filter(event="reject").exists()


def test_in_english_whoever_reads_hindi_and_can_be_told_it_in_hindi(case: KycCase, now: datetime) -> None:
    with translation.override("hi"):
        reviews.verify(case, by=STAFF, now=now, reason="In order", until=now + timedelta(days=40))
        title, body, _ = told()
        retold = f"{retell(title)} {retell(body)}"
    assert (title, body[:29]) == ("Verified for United Kingdom", "The papers are verified until")
    assert "यूनाइटेड किंगडम" in retold
    assert not re.search("[A-Za-z]", retold)
