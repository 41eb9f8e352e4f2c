"""``manage.py reseal``: the third step of changing DIALNEXA_SEALING_KEYS (see ``dialnexa.sealing``)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from phone_numbers.resealing import reseal_passwords


class Command(BaseCommand):
    help = "Seal the SIP trunks' passwords under the first of DIALNEXA_SEALING_KEYS. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        result = reseal_passwords()
        key = next(iter(settings.SEALING_KEYS))
        self.stdout.write(f"Sealed anew under key {key}: {result.done:,}.")
        if result.broken:
            raise CommandError(
                f"{len(result.broken):,} don't open with any key and stay as they are; their owners have to "
                f"enter the password again: {', '.join(result.broken[:20])}"
            )
        if result.left:
            raise CommandError(f"{result.left:,} were being changed by somebody: run it again.")
        self.stdout.write("Nothing is left under another key.")
