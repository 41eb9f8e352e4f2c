"""What calls cost: one line per prefix, or one for a whole network group.

Columns: ``country`` (ISO 3166-1, for example ``IN``), ``network_group`` (its name, for example
``India mobile``; made if missing), ``per_minute`` and, if wanted, ``prefix`` (leading digits with the calling
code, ``+`` allowed; empty prices the whole group), ``direction`` (outbound, the default, or inbound),
``pulse_seconds`` (billing step, 60 by default) and ``connection_fee`` (per call, 0 by default).

A prefix also becomes part of its network group: a workspace that turns the group on may call it. Prefixes
are only ever added, and each is in one group: in two, a call would have two prices. The group "Whole country"
that ``load_catalogue`` made is removed when a country gets groups with prefixes, unless a workspace uses it
or it has rates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import BinaryIO

from django.db import transaction
from django.db.models import Exists, OuterRef

from telephony import deck_tables
from telephony.call_lines import COLUMNS, LineReader
from telephony.catalogue import WHOLE_COUNTRY
from telephony.deck_files import read_lines, show
from telephony.deck_lint import lint_prices, plain
from telephony.decks import MOST_EXAMPLES, Deck, Finding, Report
from telephony.models import NetworkGroup, WorkspaceNetworkGroup

JUMP = Decimal("0.5")  # a change by more than this share is pointed out
UNUSABLE = ("second", "claimed", "begun")


def import_call_rates(file: BinaryIO, deck: Deck, *, dry_run: bool = False) -> Report:
    """Add the deck's groups, prefixes and prices, whole or not at all; ``dry_run`` only tells.

    Memory does not grow with the deck.
    """
    report = Report()
    reader = LineReader(deck.carrier)
    with transaction.atomic():
        deck_tables.stage(read_lines(file, reader.parse, COLUMNS, refuse=report.refuse))
        _judge(deck, report)
        report.findings = list(_findings(deck))
        if not report.bad and not dry_run:
            deck_tables.write(deck)
            _drop_placeholders(deck_tables.countries_with_prefixes(), deck.carrier)
    return report


def _judge(deck: Deck, report: Report) -> None:
    counts = deck_tables.judge(deck)
    named = list(deck_tables.refused())
    for line, reason in named:
        report.refuse(line, reason)
    report.bad_count += sum(counts.get(verdict, 0) for verdict in UNUSABLE) - len(named)
    report.added, report.changed = counts.get("added", 0), counts.get("changed", 0)
    report.unchanged = counts.get("unchanged", 0)
    report.kept = deck_tables.kept()


def _findings(deck: Deck) -> Iterator[Finding]:
    yield from _past(deck)
    groups = [f"{name} ({country})" for country, name in deck_tables.new_groups()]
    if groups:
        yield Finding("new_group", "New network groups", len(groups), tuple(groups[:MOST_EXAMPLES]))
    yield from _jumps()
    yield from lint_prices(deck_tables.prices_then(deck), currency=deck.currency)


def _past(deck: Deck) -> Iterator[Finding]:
    """Allowed for what had no price; a changed price is refused there."""
    if deck.valid_from < deck.now:
        start = f"{deck.valid_from:%Y-%m-%d %H:%M} UTC is over. Only what had no price can begin in the past"
        yield Finding("past", "A start in the past", 1, (start,))


def _jumps() -> Iterator[Finding]:
    """Prices that change by more than half: often a point in the wrong place."""
    count, rows = deck_tables.jumps(JUMP, MOST_EXAMPLES)
    if count:
        title = "Prices that change by more than half"
        yield Finding("jump", title, count, tuple(_say_jump(*row) for row in rows))


def _say_jump(line: int, prefix: str, name: str, was: Decimal, becomes: Decimal) -> str:
    what = f"+{prefix}" if prefix else show(name)
    return f"line {line}: a minute to {what} goes from {plain(was)} to {plain(becomes)}"


def _drop_placeholders(countries: Iterable[str], carrier: str) -> None:
    """Beside finer groups an unused "Whole country" would only confuse."""
    used = WorkspaceNetworkGroup.objects.filter(network_group=OuterRef("pk"))
    placeholders = NetworkGroup.objects.filter(carrier=carrier, country__in=countries, name=WHOLE_COUNTRY)
    placeholders.filter(~Exists(used), call_rates=None, prefixes=None).delete()
