"""The lint of call decks …"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from telephony.call_decks import import_call_rates
from telephony.catalogue import load_catalogue
from telephony.deck_lint import Priced, lint_prices
from telephony.decks import MOST_EXAMPLES, Deck, Finding
from telephony.models import CallRate, NetworkGroup, Prefix


def rate(digits: str, per_minute: str | None, *, line: int = 2, group: str = "mobile", **more: Any) -> Priced:
    price = None if per_minute is None else Decimal(per_minute)
    pulse, fee = (None, None) if price is None else (60, Decimal(0))
    row = Priced("IN", "outbound", digits, group, price is not None, price, pulse, fee, line)
    return row._replace(**more)


def said(*rows: Priced) -> dict[str, tuple[str, ...]]:
    return {finding.kind: finding.examples for finding in lint_prices(rows, currency="INR")}


def test_has_nothing_to_say_about_a_plain_deck() -> None:
    assert said(rate("91", "1"), rate("9198", "1.2", line=3), rate("9199", "0.8", line=4)) == {}


def test_compares_a_price_with_the_next_shorter_prefix_s() -> None:
    rows = (
        rate("91", "1"),
        rate("919", "1.6", line=3),
        rate("9198", "16", line=4),
        rate("9199", "0.9", line=5),
    )
    assert said(*rows) == {
        "tenfold": ("line 4: +9198 costs 16, line 3: +919 1.6",),
        "far": ("line 3: +919 costs 1.6, line 2: +91 1",),
    }


@pytest.mark.parametrize(
    ("price", "kinds"),
    [
        ("1.5", set()),
        ("1.51", {"far"}),
        ("0.5", set()),
        ("0.49", {"far"}),
        ("10", {"tenfold"}),
        ("0.1", {"tenfold"}),
        ("0", {"tenfold"}),
        ("1", {"shadowed"}),
    ],
)
def test_draws_the_line_at_half_and_at_ten_times(price: str, kinds: set[str]) -> None:
    assert said(rate("91", "1"), rate("9198", price, line=3)).keys() == kinds


def test_finds_lines_that_change_no_price() -> None:
    rows = rate("91", "1", line=0), rate("919", "1", line=7), rate("9198", "1", line=8, pulse=1)
    assert said(*rows) == {"shadowed": ("line 7: +919 costs what +91 costs",)}


def test_measures_nothing_by_a_price_of_zero() -> None:
    assert said(rate("91", "0"), rate("9198", "5", line=3)) == {}


def test_says_by_what_a_tie_is_settled() -> None:
    whole = rate("9198", "1", group="all", explicit=False, line=3)
    assert said(rate("9198", "1"), whole) == {
        "tie": (
            "line 2: +9198 is priced by 'mobile' and 'all'; 'mobile' decides, because its rate names the "
            "prefix",
        )
    }
    two = rate("", "1", group="one", explicit=False), rate("", "2", group="two", explicit=False, line=0)
    assert said(*two)["tie"] == (
        "line 2: IN as a whole is priced by 'one' and 'two'; 'one' decides, because its rate begins later or "
        "was written last",
    )


def test_finds_prefixes_inside_another_group_s() -> None:
    rows = rate("918", "1"), rate("9180", "1.1", group="landline", line=0), rate("91801", "1.2", line=3)
    assert said(*rows) == {
        "overlap": (
            "+918 of 'mobile' covers +9180 of 'landline' too",
            "+9180 of 'landline' covers +91801 of 'mobile' too",
        )
    }


def test_finds_prefixes_and_countries_without_a_price() -> None:
    america = rate("", None, line=0, country="US", group="Whole country")
    rows = rate("9111", None, line=0, group="landline"), rate("9198", "1"), rate("91981", None, line=0)
    assert said(*rows, america) == {"prefix_gap": ("+9111 of 'landline'",), "country_gap": ("US",)}


def test_keeps_to_what_the_deck_has_part_in() -> None:
    rows = rate("91", "1", line=0), rate("9198", "90", line=0, group="other"), rate("9198", "1", line=0)
    assert said(*rows) == {}


def test_counts_all_and_words_a_few() -> None:
    def rows() -> Iterator[Priced]:
        yield rate("91", "1")
        for number in range(1000, 6000):
            yield rate(f"91{number}", "1", line=number)

    (found,) = lint_prices(rows(), currency="INR")
    assert (found.count, len(found.examples), found.more) == (5000, MOST_EXAMPLES, 5000 - MOST_EXAMPLES)
    assert str(found).endswith(f" … and {5000 - MOST_EXAMPLES:,} more.")


# --- beside what is in force ------------------------------------------------------------------------------


@pytest.fixture
def india(db: None, now: datetime) -> NetworkGroup:
    """With a rate of +91 from yesterday on, and a prefix that nobody has priced."""
    load_catalogue()
    NetworkGroup.objects.filter(carrier="plivo").exclude(country="IN").delete()
    group = NetworkGroup.objects.get(carrier="plivo", country="IN")
    Prefix.objects.create(network_group=group, digits="9111")
    CallRate.objects.create(
        network_group=group, prefix="919", currency="INR", per_minute=1, valid_from=now - timedelta(days=1)
    )
    return group


def lint(lines: str, now: datetime, start: datetime) -> list[Finding]:
    text = f"country,network_group,prefix,per_minute\n{lines}"
    report = import_call_rates(io.BytesIO(text.encode()), Deck("plivo", "INR", start, now), dry_run=True)
    assert report.bad == []
    return report.findings


def test_looks_at_what_will_count_beside_the_deck(india: NetworkGroup, now: datetime) -> None:
    found = lint("IN,India mobile,9198,12\nIN,Whole country,919,1\n", now, now + timedelta(days=1))
    assert {finding.kind: finding.examples for finding in found} == {
        "new_group": ("India mobile (IN)",),
        "tenfold": ("line 2: +9198 costs 12, line 3: +919 1",),
        "overlap": ("+919 of 'Whole country' covers +9198 of 'India mobile' too",),
        "prefix_gap": ("+9111 of 'Whole country'",),
    }


def test_prices_a_group_s_prefixes_by_its_whole(india: NetworkGroup, now: datetime) -> None:
    found = lint("IN,Whole country,,1\n", now, now + timedelta(days=1))
    assert {finding.kind for finding in found} == set()
    assert CallRate.objects.count() == 1


def test_points_out_a_start_in_the_past(india: NetworkGroup, now: datetime) -> None:
    (found, *_) = lint("IN,Whole country,9111,1\n", now, datetime(2025, 1, 1, tzinfo=UTC))
    assert found.kind == "past"
    assert found.examples[0].startswith("2025-01-01 00:00 UTC is over")
