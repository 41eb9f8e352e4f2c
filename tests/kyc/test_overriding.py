"""Papers that do not suffice …"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.approvals import approve
from dialnexa.errors import Refusal
from dialnexa.models import ApprovalRequest, AuditEntry, User
from kyc.models import KycCase, KycDocument
from kyc.overriding import verify_or_ask, wanting
from kyc.reviews import reject, submit
from tests.conftest import client_of, make_user
from tests.kyc.papers import make_document
from tests.kyc.test_admin_decisions import case as case
from tests.kyc.test_admin_decisions import decide

pytestmark = pytest.mark.django_db
APPROVE = "/admin/dialnexa/approvalrequest/do/approve/"


@pytest.fixture
def short(case: KycCase) -> KycCase:
    """The passport did not pass."""
    KycDocument.objects.filter(case=case, kind="passport").update(status="rejected")
    return case


@pytest.fixture
def second(db: None) -> User:
    return make_user("Sara", is_staff=True, is_superuser=True)


def by(user: User) -> Actor:
    return Actor(Channel.STAFF, user.email, user)


def test_waits_for_a_second_reviewer(staff_client: Client, short: KycCase, second: User) -> None:
    assert "somebody else has to approve it" in decide(staff_client, short, "verify").content.decode()
    assert short.status == "submitted"
    asked = ApprovalRequest.objects.get()
    assert "without" in asked.details["what"]
    assert "passport" in asked.details["what"]
    form = {"id": asked.pk, "reason": "Seen in person", "confirmed": str(asked)}
    assert "you asked for it yourself" in staff_client.post(APPROVE, form, follow=True).content.decode()
    client_of(second).post(APPROVE, form)
    short.refresh_from_db()
    assert (short.status, short.verified_until is not None) == ("verified", True)
    entry = AuditEntry.objects.get(subject_id=short.pk, event="verify")
    assert (entry.actor, "asked for by" in entry.reason) == (second, True)


def test_is_asked_for_once(short: KycCase, staff: User, second: User, now: datetime) -> None:
    verify_or_ask(short, by=by(staff), now=now, reason="Known well", until=None)
    with pytest.raises(Refusal, match="asked_before"):
        verify_or_ask(short, by=by(second), now=now, reason="Known well", until=None)
    assert ApprovalRequest.objects.count() == 1


def test_is_decided_by_those_who_decide_on_papers(short: KycCase, staff: User, now: datetime) -> None:
    asked = verify_or_ask(short, by=by(staff), now=now, reason="Known well", until=None)
    assert asked
    with pytest.raises(Refusal, match="not_yours_to_decide"):
        approve(asked, by=by(make_user("Bill", is_staff=True)), now=now, reason="Why not")
    short.refresh_from_db()
    assert short.status == "submitted"


def test_is_not_approved_once_the_papers_are_others(
    short: KycCase, staff: User, second: User, now: datetime
) -> None:
    asked = verify_or_ask(short, by=by(staff), now=now, reason="Known well", until=None)
    assert asked
    reject(short, by=by(second), now=now, reason="Not legible")
    short.documents.get(kind="passport").transition("replace", by=SYSTEM, now=now)
    make_document(short, "passport")
    submit(short, by=SYSTEM, now=now + timedelta(hours=1))
    with pytest.raises(Refusal, match="kyc_moved"):
        approve(asked, by=by(second), now=now + timedelta(hours=2), reason="Seen")
    asked.refresh_from_db()
    short.refresh_from_db()
    assert (asked.status, short.status) == ("open", "submitted")


def test_is_nobodys_question_when_all_is_there(case: KycCase, staff: User, now: datetime) -> None:
    assert wanting(case) == ""
    assert verify_or_ask(case, by=by(staff), now=now, reason="In order", until=None) is None
    case.refresh_from_db()
    assert case.status == "verified"
