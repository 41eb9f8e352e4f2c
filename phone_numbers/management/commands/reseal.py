"""``manage.py reseal``: the third step of changing DIALNEXA_SEALING_KEYS (see ``dialnexa.sealing``)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dialnexa.mfa.resealing import reseal_second_steps
from phone_numbers.linking.resealing import Resealed, reseal_files, reseal_passwords


class Command(BaseCommand):
    help = "Seal passwords, KYC files and second steps under the first of DIALNEXA_SEALING_KEYS. Repeatable."

    def handle(self, *args: Any, **options: Any) -> None:
        key = next(iter(settings.SEALING_KEYS))
        for what, result in (("passwords", reseal_passwords()), ("files", reseal_files())):
            self.stdout.write(f"Sealed anew under key {key}: {result.done:,} {what}.")
            _complain(what, result)
        steps, broken = reseal_second_steps()
        self.stdout.write(f"Sealed anew under key {key}: {steps:,} second steps.")
        _complain("second steps", Resealed(steps, broken))
        self.stdout.write("Nothing is left under another key.")


def _complain(what: str, result: Resealed) -> None:
    if result.broken:
        raise CommandError(
            f"{len(result.broken):,} {what} don't open with any key and stay as they are; their owners have "
            f"to enter them again: {', '.join(result.broken[:20])}"
        )
    if result.left:
        raise CommandError(f"{result.left:,} {what} were being changed by somebody: run it again.")
