"""What the two import commands share: their arguments and how they print a report."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_datetime

from dialnexa import clock
from telephony.decks import Deck, Report
from telephony.models import CarrierSlug

SELLERS = [slug for slug in CarrierSlug.values if slug != CarrierSlug.SIP_TRUNK]


def start_date(text: str) -> datetime:
    """``now``, a day (its midnight UTC) or a moment (UTC unless it says otherwise)."""
    if text == "now":
        return clock.now()
    try:
        moment = parse_datetime(text) or datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a date like 2026-01-31 or 2026-01-31T18:30Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class DeckCommand(BaseCommand):
    """Import a deck file. A subclass names the verb that does."""

    verb: ClassVar[Callable[..., Report]]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--carrier", required=True, choices=SELLERS)
        parser.add_argument("--currency", required=True, help="ISO 4217, for example INR")
        parser.add_argument(
            "--valid-from", required=True, type=start_date, help="2026-01-31, 2026-01-31T18:30Z or now"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would change, and change nothing"
        )

    def handle(self, file: Path, dry_run: bool, **options: Any) -> None:
        try:
            deck = Deck(options["carrier"], options["currency"].upper(), options["valid_from"], clock.now())
            with file.open("rb") as lines:
                report = type(self).verb(lines, deck, dry_run=dry_run)
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        self._print(report, dry_run)

    def _print(self, report: Report, dry_run: bool) -> None:
        for finding in report.findings:
            self.stdout.write(f"note: {finding}")
        for line in sorted(report.bad, key=lambda bad: bad.line):
            self.stderr.write(str(line))
        if report.bad:
            raise CommandError(f"{report.bad_count} lines can't be used. Nothing was imported.")
        verb = "Would add" if dry_run else "Added"
        counts = f"{report.added} new and {report.changed} changed prices; {report.unchanged} unchanged"
        self.stdout.write(f"{verb} {counts}.")
