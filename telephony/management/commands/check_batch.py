"""``manage.py check_batch list.csv --workspace demo``: what uploading it would say; nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dialnexa import clock
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from telephony.batches.checking import check_file, read_choices
from telephony.batches.downloads import corrected_lines, rejected_lines
from telephony.batches.repairs import KINDS
from telephony.batches.report import Report
from telephony.config import offered_carriers
from telephony.models import CarrierSlug
from telephony.rules import destination_rules


class Command(BaseCommand):
    help = "Check a list of numbers to call: reasons by group, repairs, estimates."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--workspace", required=True, help="its slug")
        parser.add_argument("--carrier", choices=CarrierSlug.values, help="of the number to call from")
        parser.add_argument("--country", default="", help="ISO code, for numbers written without one")
        parser.add_argument("--repair", action="append", default=[], choices=[*KINDS, "all"])
        parser.add_argument("--corrected", type=Path, help="where to write the good rows")
        parser.add_argument("--rejected", type=Path, help="where to write the others")

    def handle(self, file: Path, **options: Any) -> None:
        now = clock.now()
        carrier = options["carrier"] or offered_carriers()[0]
        taken = [*KINDS] if "all" in options["repair"] else options["repair"]
        try:
            workspace = Workspace.objects.get(slug=options["workspace"])
            choices = read_choices(options["country"].upper(), taken)
            data = file.read_bytes()
            source, report = check_file(workspace, data, choices=choices, carrier=carrier, now=now)
            rules = destination_rules(workspace, carrier, now=now)
            for path, lines in (("corrected", corrected_lines), ("rejected", rejected_lines)):
                if options[path]:
                    _write(options[path], lines(source, rules, choices))
        except Workspace.DoesNotExist:
            raise CommandError(f"No workspace is called {options['workspace']}.") from None
        except OSError as error:
            raise CommandError(str(error)) from error
        except Refusal as refusal:
            raise CommandError(refusal.sentence) from refusal
        self._print(report)

    def _print(self, report: Report) -> None:
        said = f"{report.rows:,} rows: {report.good:,} good ({report.repaired:,} repaired)"
        self.stdout.write(f"{said}, {report.rows - report.good:,} rejected.")
        for warning in report.warnings:
            self.stdout.write(f"note: {warning}")
        for group in report.groups:
            code = " ".join(part for part in (group["code"], group["country"]) if part)
            self.stdout.write(
                f"{group['count']:>9,}  {code}: {group['sentence']}\n{'':11}rows {group['where']}"
            )
        for repair in report.repairs:
            state = "taken" if repair["taken"] else f"--repair {repair['kind']}"
            self.stdout.write(f"{repair['count']:>9,}  {repair['sentence']} ({state})")
        cost = report.estimate
        self.stdout.write(
            f"Estimate: {cost['low']} to {cost['high']} {cost['currency']}, {cost['minutes'][0]:,} to "
            f"{cost['minutes'][1]:,} minutes ({cost['minutes_per_call'][0]} to {cost['minutes_per_call'][1]} "
            f"minutes a call, {cost['calls_at_once']} at once; {cost['unpriced']:,} rows without a rate)."
        )


def _write(path: Path, lines: Iterator[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)
