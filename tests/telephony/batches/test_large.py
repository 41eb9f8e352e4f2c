"""A large list …"""

from __future__ import annotations

import tracemalloc

from tests.bench.validation import make_list, ours, prefixes_of


def test_is_read_in_bounded_memory() -> None:
    """A small one of what ``python -m tests.bench.validation`` does with a million rows."""
    data, prefixes = make_list(40_000, messy=0.1), prefixes_of()
    ours(data, prefixes)  # what is kept for good
    tracemalloc.start()
    try:
        assert ours(data, prefixes) > 10_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 300 * 40_000  # bytes a row: the numbers seen, the text once more
