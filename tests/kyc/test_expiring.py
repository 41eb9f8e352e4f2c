"""The clock of verifications …"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, Notice, Workspace
from kyc import reviews
from kyc.expiring import expire_due, remind_due
from kyc.models import KycCase
from phone_numbers.management.commands.sweep import sweep

pytestmark = pytest.mark.django_db
START = datetime(2027, 1, 10, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def verify(workspace: Workspace, country: str, until: datetime, at: datetime = START) -> KycCase:
    case = reviews.open_case(workspace, country)
    reviews.submit(case, by=SYSTEM, now=at, without_papers=True)
    reviews.verify(case, by=SYSTEM, now=at, reason="In order", until=until)
    return case


def titles() -> list[str]:
    return list(Notice.objects.order_by("created_at", "id").values_list("title", flat=True))


@pytest.fixture
def case(workspace: Workspace) -> KycCase:
    """British papers of Acme, verified for forty days from START."""
    return verify(workspace, "GB", START + 40 * DAY)


def test_lets_a_verification_run_out_at_its_end(case: KycCase) -> None:
    end = START + 40 * DAY
    assert expire_due(end - timedelta(seconds=1)) == 0
    assert expire_due(end) == 1
    case.refresh_from_db()
    assert case.status == "expired"
    entry = AuditEntry.objects.get(subject_id=case.pk, event="expire")
    assert (entry.actor_name, entry.channel, entry.at) == ("KYC clock", "system", end)
    assert expire_due(end) == 0


def test_says_that_it_has_run_out(case: KycCase) -> None:
    expire_due(START + 41 * DAY)
    notice = Notice.objects.get()
    assert (notice.title, notice.tone) == ("Verification for United Kingdom has run out", "trouble")
    assert notice.body == (
        "It held until 19 February 2027. Submit current papers. "
        "Without them no number can be rented in United Kingdom."
    )
    assert (notice.right, notice.page) == ("manage", "/w/acme/kyc/GB/")


def test_leaves_the_suspended_and_the_endless_alone(case: KycCase, workspace: Workspace) -> None:
    reviews.suspend(case, by=SYSTEM, now=START, reason="Fraud")
    assert workspace.kyc_cases.get(country="IN").verified_until is None
    assert (expire_due(START + 400 * DAY), remind_due(START + 400 * DAY)) == (0, 0)


def test_takes_no_more_than_it_was_told_to(workspace: Workspace) -> None:
    for country in ("GB", "FR", "DE"):
        verify(workspace, country, START + DAY)
    assert expire_due(START + 2 * DAY, limit=2) == 2
    assert expire_due(START + 2 * DAY, limit=2) == 1


def test_reminds_once_at_every_step(case: KycCase) -> None:
    for day in range(8, 40):
        for _ in range(3):
            remind_due(START + day * DAY)
    assert [title.rpartition(" runs out ")[2] for title in titles()] == [
        "in 30 days",
        "in 14 days",
        "in 7 days",
        "tomorrow",
    ]
    first = Notice.objects.earliest("created_at")
    assert first.created_at == START + 10 * DAY
    assert "It holds until 19 February 2027." in first.body


def test_reminds_only_of_the_nearest_after_a_while_away(case: KycCase) -> None:
    assert remind_due(START + 34 * DAY) == 1
    assert titles() == ["Verification for United Kingdom runs out in 6 days"]
    assert remind_due(START + 35 * DAY) == 0


def test_does_not_announce_what_was_just_granted(workspace: Workspace) -> None:
    verify(workspace, "GB", START + 10 * DAY)
    assert remind_due(START + 2 * DAY) == 0
    assert remind_due(START + 3 * DAY) == 1
    assert titles() == ["Verification for United Kingdom runs out in 7 days"]


def test_reminds_of_the_next_verification_too(case: KycCase) -> None:
    remind_due(START + 35 * DAY)
    expire_due(START + 40 * DAY)
    verify(case.workspace, "GB", START + 100 * DAY, at=START + 41 * DAY)
    assert remind_due(START + 80 * DAY) == 1


def test_says_nothing_of_what_is_over(case: KycCase) -> None:
    assert remind_due(START + 41 * DAY) == 0


def test_calls_the_home_countrys_by_its_effect(workspace: Workspace) -> None:
    case = workspace.kyc_cases.get(country="IN")
    KycCase.objects.filter(pk=case.pk).update(verified_until=START + 7 * DAY)
    remind_due(START)
    assert "nobody can be called" in Notice.objects.get().body


def test_is_wound_by_the_sweeper_once_a_minute(case: KycCase, monkeypatch: pytest.MonkeyPatch) -> None:
    at = [START + 40 * DAY]
    monkeypatch.setattr("dialnexa.clock.now", lambda: at[0])
    sweep()
    case.refresh_from_db()
    assert case.status == "expired"
    again = verify(case.workspace, "DE", at[0] + timedelta(seconds=1), at=at[0])
    for seconds, status in ((59, "verified"), (60, "expired")):
        at[0] = START + 40 * DAY + timedelta(seconds=seconds)
        sweep()
        again.refresh_from_db()
        assert again.status == status


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb, day", [(remind_due, 26), (expire_due, 41)])
def test_is_safe_with_many_sweepers(workspace: Workspace, verb: Callable[..., int], day: int) -> None:
    for country in ("GB", "FR", "DE", "AU", "AE", "US"):
        verify(workspace, country, START + 40 * DAY)
    counts: list[int] = []
    barrier = threading.Barrier(4)

    def turn() -> None:
        barrier.wait()
        counts.append(verb(START + day * DAY))
        connection.close()

    threads = [threading.Thread(target=turn) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 6
    assert Notice.objects.count() == 6
