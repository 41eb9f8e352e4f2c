"""A large list …"""

from __future__ import annotations

import tracemalloc
from datetime import datetime
from typing import Any

import pytest

from telephony.batches.judging import Choices
from telephony.batches.reading import read_source
from telephony.batches.report import Report, check_list
from tests.bench.lists import rules as rules_of
from tests.bench.validation import make_list, ours, prefixes_of

ROWS = 40_000


def peak_of(work: Any) -> int:
    """Bytes that were held at the same time, beside what is kept for good."""
    work()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_is_judged_in_bounded_memory() -> None:
    """A small one of what ``python -m tests.bench.validation`` does with a million rows."""
    data, prefixes = make_list(ROWS, messy=0.1), prefixes_of()
    assert ours(data, prefixes) > 10_000
    assert peak_of(lambda: ours(data, prefixes)) < 300 * ROWS  # the numbers seen, the text once more


@pytest.mark.django_db
@pytest.mark.usefixtures("catalogue")
def test_has_its_report_in_bounded_memory(now: datetime) -> None:
    """A small one of what ``python -m tests.bench.lists`` does with a million rows."""
    data, rules = make_list(ROWS, messy=0.2), rules_of()

    def report() -> Report:
        return check_list(read_source(data), rules, Choices("IN"), currency="INR", now=now)

    found = report()
    assert found.rows == ROWS
    assert {len(group["rows"]) for group in (*found.groups, *found.repairs)} <= set(range(101))
    assert peak_of(report) < 300 * ROWS
