"""What numbers cost: one line per country and type of number.

Columns: ``country`` (ISO 3166-1, for example ``IN``), ``type`` (local, mobile, toll_free, national),
``monthly`` (more than zero) and, if wanted, ``setup`` (once, at purchase; empty is zero).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import BinaryIO

from django.db import transaction

from telephony.catalogue import countries_of
from telephony.deck_files import Columns, Row, Unusable, read_lines, show
from telephony.decks import (
    MOST_EXAMPLES,
    Deck,
    Finding,
    PriceHistory,
    Report,
    Seen,
    read_amount,
    read_country,
)
from telephony.models import Country, NumberKind, RentalRate

COLUMNS = Columns(("country", "type", "monthly"), ("setup",), amounts=("monthly", "setup"))


@dataclass(frozen=True, slots=True)
class RentalLine:
    line: int
    country: str
    type: str
    setup: Decimal
    monthly: Decimal


def import_rental_rates(file: BinaryIO, deck: Deck, *, dry_run: bool = False) -> Report:
    """Add the deck's prices, whole or not at all; with ``dry_run`` only say what would happen."""
    report = Report()
    countries = set(Country.objects.values_list("iso", flat=True))
    parse = partial(_parse, carrier=deck.carrier, countries=countries, seen=Seen())
    lines = list(read_lines(file, parse, COLUMNS, refuse=report.refuse))
    with transaction.atomic():
        new = _judge(lines, deck, report)
        report.findings = _gaps(lines, deck)
        if not report.bad and not dry_run:
            _write(new, deck)
    return report


def _parse(number: int, row: Row, *, carrier: str, countries: Collection[str], seen: Seen) -> RentalLine:
    line = RentalLine(
        line=number,
        country=read_country(row, countries, carrier),
        type=_kind(row["type"]),
        setup=read_amount(row, "setup", default="0"),
        monthly=read_amount(row, "monthly"),
    )
    if not line.monthly:
        raise Unusable("monthly is zero; a number that is sold has a monthly price")
    seen.refuse_second((line.country, line.type), number, "country and type")
    return line


def _kind(text: str) -> str:
    kind = text.lower().replace("-", "_").replace(" ", "_")
    if kind not in NumberKind.values:
        raise Unusable(f"unknown type {show(text)}. Use {', '.join(NumberKind.values)}")
    return kind


def _judge(lines: Iterable[RentalLine], deck: Deck, report: Report) -> list[RentalLine]:
    """The lines that need a row; counts them all in the report."""
    rates = RentalRate.objects.filter(carrier=deck.carrier, currency=deck.currency)
    history = PriceHistory(
        deck, (((rate.country_id, rate.type), rate.valid_from, (rate.setup, rate.monthly)) for rate in rates)
    )
    return [
        line
        for line in lines
        if report.count(history, (line.country, line.type), (line.setup, line.monthly), line.line)
    ]


def _gaps(lines: Iterable[RentalLine], deck: Deck) -> list[Finding]:
    """Countries on offer where the carrier sells and its numbers have no price."""
    priced = {line.country for line in lines}
    rates = RentalRate.objects.filter(carrier=deck.carrier, currency=deck.currency)
    missing = countries_of(deck.carrier).exclude(iso__in=priced)
    isos = missing.exclude(pk__in=rates.values("country")).order_by("iso").values_list("iso", flat=True)
    title = f"Countries without {deck.currency} rents"
    return [Finding("country_gap", title, len(isos), tuple(isos[:MOST_EXAMPLES]))] if isos else []


def _write(lines: Iterable[RentalLine], deck: Deck) -> None:
    """One row per line. A row of the same start is one that has not begun (``PriceHistory`` saw to it)."""
    rates = [
        RentalRate(
            carrier=deck.carrier,
            country_id=line.country,
            type=line.type,
            currency=deck.currency,
            setup=line.setup,
            monthly=line.monthly,
            valid_from=deck.valid_from,
        )
        for line in lines
    ]
    RentalRate.objects.bulk_create(
        rates,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["carrier", "country", "type", "currency", "valid_from"],
        update_fields=["setup", "monthly"],
    )
