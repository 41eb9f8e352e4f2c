"""``manage.py move_clock 40d``: let days pass in the demo."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dialnexa.errors import Refusal
from phone_numbers.demo.clock import live_through
from phone_numbers.renting.sweep import Swept

UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1)}


class Command(BaseCommand):
    help = "Let days pass in the demo, one after the other. Time goes forwards only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("span", help="40d or 12h")

    def handle(self, *args: Any, **options: Any) -> None:
        written = re.fullmatch(r"([1-9][0-9]{0,4})([dh])", options["span"])
        if written is None:
            raise CommandError("Say how long: 40d, or 12h.")
        try:
            since, until = live_through(int(written[1]) * UNITS[written[2]], tell=self._tell)
        except Refusal as refusal:
            raise CommandError(refusal.sentence) from refusal
        self.stdout.write(f"It was {since:%-d %B %Y, %H:%M}, and is {until:%-d %B %Y, %H:%M} UTC.")

    def _tell(self, at: datetime, swept: Swept) -> None:
        """A line for each step in which rent was looked at."""
        if swept.seen or swept.given_back:
            found = f"{swept.renewed} renewed, {swept.given_up} lost, {swept.given_back} given back"
            self.stdout.write(f"{at:%-d %B %Y, %H:%M}  {swept.seen} due: {found}")
            self.stdout.flush()
