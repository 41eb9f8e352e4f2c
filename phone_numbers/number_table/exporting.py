"""The table as CSV: every row the filters let through, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from django.utils import timezone
from django.utils.translation import override

from dialnexa.cells import csv_lines
from phone_numbers.models import PhoneNumber
from phone_numbers.number_table.rows import Row, read_row
from phone_numbers.number_table.table import NumberTable

HEADER = (
    "number",
    "country",
    "type",
    "nickname",
    "label",
    "status",
    "reason",
    "rental_status",
    "provider",
    "call_type",
    "inbound_agent",
    "outbound_agent",
    "renews_on",
    "monthly_price",
    "currency",
    "id",
)


def export_lines(table: NumberTable, now: datetime) -> Iterator[str]:
    """CSV, line by line, in the table's order; begins with the mark that tells Excel it is UTF-8.

    Days are those of the zone that is current when this is called, as in the table.
    """
    return _lines(table, now, timezone.get_current_timezone())


def _lines(table: NumberTable, now: datetime, zone: tzinfo) -> Iterator[str]:
    numbers = table.chosen.iterator(chunk_size=500)
    return csv_lines(HEADER, (_line(number, now, zone) for number in numbers))


def _line(number: PhoneNumber, now: datetime, zone: tzinfo) -> list[str]:
    with override("en"):  # programs read it, too
        return _cells(read_row(number, now), zone)


def _cells(row: Row, zone: tzinfo) -> list[str]:
    number, agents = row.number, dict(row.agents)
    return [
        number.e164,
        number.country,
        number.get_type_display(),
        number.nickname,
        number.label,
        row.status,
        row.reason or row.doing,
        row.rental_status,
        number.get_carrier_display(),
        row.call_type,
        str(agents.get("in", "")),
        str(agents.get("out", "")),
        f"{row.renews_at.astimezone(zone):%Y-%m-%d}" if row.renews_at else "",
        f"{row.monthly_price:.2f}" if row.monthly_price is not None else "",
        row.currency,
        number.id,
    ]
