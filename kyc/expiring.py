"""The clock of verifications: they run out, and that is said before. Any number of sweepers may call this."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from dialnexa.actors import system
from kyc import reviews
from kyc.models import KycCase
from kyc.telling import tell_reminder
from kyc.terms import REMINDERS

CLOCK = system("KYC clock")
BATCH = 100  # cases of one transaction


def expire_due(now: datetime, limit: int = 500) -> int:
    """Let verifications that have run out expire, at most ``limit``; says how many."""
    done = 0
    while done < limit and (count := _expire_some(now, min(BATCH, limit - done))):
        done += count
    return done


def _expire_some(now: datetime, most: int) -> int:
    with transaction.atomic():
        cases = _locked(Q(verified_until__lte=now), most)
        for case in cases:
            reviews.expire(case, by=CLOCK, now=now)
    return len(cases)


def remind_due(now: datetime, limit: int = 500) -> int:
    """Announce the ends that are near, each once for every step in REMINDERS; says how many.

    A case that has missed a step hears only of the nearest.
    """
    return sum(_remind(days, now, limit) for days in REMINDERS)


def _remind(days: int, now: datetime, most: int) -> int:
    near = Q(verified_until__gt=now, verified_until__lte=now + timedelta(days=days))
    untold = Q(reminded_days__isnull=True) | Q(reminded_days__gt=days)
    with transaction.atomic():
        cases = _locked(near & untold, most)
        KycCase.objects.filter(pk__in=[case.pk for case in cases]).update(reminded_days=days)
        for case in cases:
            tell_reminder(case, days, now=now)
    return len(cases)


def _locked(due: Q, most: int) -> list[KycCase]:
    rows: QuerySet[KycCase] = KycCase.objects.filter(due, status=KycCase.Status.VERIFIED)
    rows = rows.select_related("workspace").order_by("verified_until", "pk")
    return list(rows.select_for_update(skip_locked=True, of=("self",))[:most])
