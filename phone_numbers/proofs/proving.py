"""Reading the books as they stand at one moment, and saying loudly when something is wrong with them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from dialnexa.models import LedgerEntry
from phone_numbers.models import LedgerProof, Rental
from phone_numbers.proofs.checks import CHECKS, Check
from phone_numbers.renting.periods import period_start

log = logging.getLogger(__name__)
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
    proof = LedgerProof.objects.create(
        at=now,
        ok=not any(check["count"] for check in checks),
        took_ms=int((time.monotonic() - began) * 1000),
        entries=entries,
        checks=checks,
    )
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
