"""kyc.reviews …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest

from dialnexa.actors import Actor, Channel
from dialnexa.errors import IllegalTransition, Refusal
from dialnexa.models import AuditEntry, User, Workspace
from kyc import reviews
from kyc.models import KycCase

pytestmark = pytest.mark.django_db
CUSTOMER = Actor(Channel.BROWSER, "Alice")
STAFF = Actor(Channel.STAFF, "Sam")

submit = partial(reviews.submit, without_papers=True)  # what is asked for is tested with the documents


@pytest.fixture
def case() -> KycCase:
    return reviews.open_case(Workspace.objects.create(slug="shop", name="Shop"), "GB")


@pytest.fixture
def submitted(case: KycCase, now: datetime) -> KycCase:
    submit(case, by=CUSTOMER, now=now)
    return case


@pytest.fixture
def verified(submitted: KycCase, now: datetime) -> KycCase:
    reviews.verify(submitted, by=STAFF, now=now, reason="In order")
    return submitted


def stored(case: KycCase) -> tuple[str, str]:
    row = KycCase.objects.get(pk=case.pk)
    return row.status, row.reason


def test_opens_one_case_per_country(case: KycCase) -> None:
    assert reviews.open_case(case.workspace, "GB") == case
    assert reviews.open_case(case.workspace, "IN") != case


def test_submits_and_tells_the_history(case: KycCase, now: datetime) -> None:
    submit(case, by=CUSTOMER, now=now)
    assert stored(case) == ("submitted", "")
    events = AuditEntry.objects.filter(subject_id=case.pk).order_by("id").values_list("event", "actor_name")
    assert list(events) == [("start", "Alice"), ("submit", "Alice")]


def test_verifies_until_a_day(submitted: KycCase, now: datetime) -> None:
    until = now + timedelta(days=365)
    reviews.verify(submitted, by=STAFF, now=now, reason="In order", until=until)
    assert stored(submitted) == ("verified", "")
    assert KycCase.objects.get().verified_until == until


def test_rejects_with_a_reason_the_customer_reads(submitted: KycCase, now: datetime) -> None:
    reviews.reject(submitted, by=STAFF, now=now, reason=" The passport has run out. ")
    assert stored(submitted) == ("rejected", "The passport has run out.")
    assert AuditEntry.objects.get(event="reject").reason == "The passport has run out."


def test_forgets_the_reason_when_papers_come_again(submitted: KycCase, now: datetime) -> None:
    reviews.reject(submitted, by=STAFF, now=now, reason="Cut off")
    submit(submitted, by=CUSTOMER, now=now)
    assert stored(submitted) == ("submitted", "")


def test_suspends_and_reinstates(verified: KycCase, now: datetime) -> None:
    reviews.suspend(verified, by=STAFF, now=now, reason="The address is wrong")
    assert stored(verified) == ("suspended", "The address is wrong")
    reviews.reinstate(verified, by=STAFF, now=now, reason="Put right")
    assert stored(verified) == ("verified", "")


def test_takes_papers_again_when_a_verification_has_run_out(submitted: KycCase, now: datetime) -> None:
    reviews.verify(submitted, by=STAFF, now=now - timedelta(days=1), reason="In order", until=now)
    submit(submitted, by=CUSTOMER, now=now)
    row = KycCase.objects.get()
    assert (row.status, row.verified_until) == ("submitted", None)
    assert AuditEntry.objects.filter(event="expire").exists()


def test_refuses_papers_that_are_in_review(submitted: KycCase, now: datetime) -> None:
    with pytest.raises(Refusal) as refused:
        submit(submitted, by=CUSTOMER, now=now)
    assert (refused.value.code, refused.value.status) == ("kyc_not_submittable", 409)
    assert "being reviewed already" in refused.value.sentence


def test_refuses_papers_from_the_verified_and_the_suspended(verified: KycCase, now: datetime) -> None:
    with pytest.raises(Refusal, match="verified already"):
        submit(verified, by=CUSTOMER, now=now)
    reviews.suspend(verified, by=STAFF, now=now, reason="Fraud")
    with pytest.raises(Refusal, match="Ask support"):
        submit(verified, by=CUSTOMER, now=now)


def test_refuses_the_slower_of_two_submissions(case: KycCase, now: datetime) -> None:
    stale = KycCase.objects.get()
    submit(case, by=CUSTOMER, now=now)
    with pytest.raises(Refusal, match="kyc_not_submittable"):
        submit(stale, by=CUSTOMER, now=now)
    assert AuditEntry.objects.filter(event="submit").count() == 1


Decision = Callable[..., None]


@pytest.mark.parametrize("decide", [reviews.verify, reviews.reject])
@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_asks_staff_for_a_reason(submitted: KycCase, now: datetime, decide: Decision, reason: str) -> None:
    with pytest.raises(Refusal, match="reason_"):
        decide(submitted, by=STAFF, now=now, reason=reason)
    assert stored(submitted) == ("submitted", "")


@pytest.mark.parametrize("decide", [reviews.reject, reviews.suspend, reviews.reinstate, reviews.verify])
def test_decides_nothing_about_papers_that_never_came(case: KycCase, now: datetime, decide: Decision) -> None:
    with pytest.raises(IllegalTransition):
        decide(case, by=STAFF, now=now, reason="Because")
    assert stored(case) == ("not_started", "")


@pytest.mark.parametrize("decide", [reviews.verify, reviews.reject])
def test_leaves_the_decision_to_people_outside(submitted: KycCase, now: datetime, decide: Decision) -> None:
    insider = User.objects.create_user("ina@example.com", "pass", first_name="Ina", is_staff=True)
    submitted.workspace.memberships.create(user=insider, role="viewer")
    with pytest.raises(Refusal) as refused:
        decide(submitted, by=Actor(Channel.STAFF, "Ina", insider), now=now, reason="Mine")
    assert (refused.value.code, refused.value.status) == ("own_workspace", 403)
    assert stored(submitted) == ("submitted", "")


@pytest.mark.parametrize("decide", [reviews.verify, reviews.reject])
def test_decides_only_on_what_was_seen(submitted: KycCase, now: datetime, decide: Decision) -> None:
    stale = KycCase.objects.get()
    reviews.reject(submitted, by=STAFF, now=now, reason="Cut off")
    submit(submitted, by=CUSTOMER, now=now + timedelta(minutes=1))
    with pytest.raises(IllegalTransition):
        decide(stale, by=STAFF, now=now, reason="Because")
    assert stored(submitted) == ("submitted", "")


def test_refuses_to_verify_until_a_day_that_is_over(submitted: KycCase, now: datetime) -> None:
    with pytest.raises(Refusal, match="until_in_the_past"):
        reviews.verify(submitted, by=STAFF, now=now, reason="In order", until=now)
    assert stored(submitted) == ("submitted", "")
