"""Reading the books as they stand at one moment, and saying loudly when something is wrong with them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from dialnexa import audit, heartbeats
from dialnexa.actors import Actor
from dialnexa.models import LedgerEntry
from phone_numbers.models import LedgerProof, Rental
from phone_numbers.proofs.checks import CHECKS, Check
from phone_numbers.proofs.standing import last_proof
from phone_numbers.renting.periods import period_start

log = logging.getLogger(__name__)
TURN = "ledger proof"  # of a sweeper, once a day
SHOWN_MOST = 20  # rows of one check that are kept
FIRST = "SELECT bad.*, count(*) OVER () FROM ({}) AS bad (about, says) LIMIT {}"
LATE = timedelta(hours=1)  # rent that is due is looked at within seconds; after an outage within minutes
CALENDAR = Check("calendar", "Every number is paid until a month's end, counted from its purchase.", "")
Row = tuple[str, str]


def prove_books(*, now: datetime) -> LedgerProof:
    """Hold the books against themselves and against rentals, orders and calls, and keep what was found.

    Everything is read in one snapshot, without a lock: work goes on meanwhile and raises no false alarm. Call
    it outside of any transaction.
    """
    began = time.monotonic()
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        checks = [_look(check, now) for check in CHECKS]
        checks.append(_look_at_calendar())
        entries = LedgerEntry.objects.count()
    return _keep(checks, entries, int((time.monotonic() - began) * 1000), now)


def ask_for_proof(after: LedgerProof, *, by: Actor, now: datetime, reason: str) -> None:
    """Have the books proved by a sweeper within seconds: with many entries that takes longer than a page may.

    ``after`` is the proof that somebody looked at; its history says who asked.
    """
    with transaction.atomic():
        heartbeats.make_due(TURN)
        audit.record(after, "ask", by=by, now=now, reason=reason)


def forget_proofs(*, now: datetime) -> int:
    """Delete old proofs (see settings.PROOFS_KEPT and PROOFS_FAILED_KEPT), never the last; how many."""
    old = Q(ok=True, at__lt=now - timedelta(days=settings.PROOFS_KEPT))
    bad = Q(ok=False, at__lt=now - timedelta(days=settings.PROOFS_FAILED_KEPT))
    last = last_proof()
    return LedgerProof.objects.filter(old | bad).exclude(pk=last.pk if last else "").delete()[0]


def _keep(checks: list[dict[str, Any]], entries: int, took_ms: int, now: datetime) -> LedgerProof:
    """What the proof before did not find is told to staff."""
    ok, before = not any(check["count"] for check in checks), last_proof()
    proof = LedgerProof(at=now, ok=ok, took_ms=took_ms, entries=entries, checks=checks)
    is_news = proof.wrong - (before.wrong if before else set())
    proof.next_mail_at = now if is_news else None
    proof.save(force_insert=True)
    _say(proof)
    return proof


def _look(check: Check, now: datetime) -> dict[str, Any]:
    began = time.monotonic()
    query = FIRST.format(check.sql, SHOWN_MOST)
    with connection.cursor() as cursor:
        cursor.execute(query, {"late": now - LATE})
        rows = cursor.fetchall()
    found = [(about or "", says) for about, says, _ in rows]
    return _result(check, found, rows[0][2] if rows else 0, began)


def _look_at_calendar() -> dict[str, Any]:
    """By the function that sets the days; the database counts months otherwise when clocks change."""
    began, rows = time.monotonic(), list(_off_calendar())
    return _result(CALENDAR, rows[:SHOWN_MOST], len(rows), began)


def _off_calendar() -> Iterator[Row]:
    rentals = Rental.objects.values_list("pk", "anchor", "paid_periods", "time_zone", "paid_through")
    for pk, anchor, paid, zone, through in rentals.iterator(chunk_size=5000):
        expected = period_start(anchor, paid, zone)
        if expected != through:
            yield pk, f"It is paid until {through}; {paid} months end on {expected}."


def _result(check: Check, found: list[Row], count: int, began: float) -> dict[str, Any]:
    took = int((time.monotonic() - began) * 1000)
    return {"code": check.code, "title": check.title, "count": count, "took_ms": took, "found": found}


def _say(proof: LedgerProof) -> None:
    for check in proof.checks:
        if check["count"]:
            first = "; ".join(f"{about}: {says}" for about, says in check["found"][:3])
            log.error("THE BOOKS ARE NOT IN ORDER (%s, %s rows): %s", check["code"], check["count"], first)
