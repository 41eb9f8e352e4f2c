"""``manage.py sandbox_carrier``: the practice carrier, in a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from telephony.carriers.sandbox.engine import Engine
from telephony.carriers.sandbox.inventory import PER_RANGE
from telephony.carriers.sandbox.server import serve_forever


class Command(BaseCommand):
    help = "Runs the carriers' APIs on loopback, over one stock kept in --data-dir, to be broken at will."
    requires_system_checks = ()  # it needs neither database nor Redis

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
        parser.add_argument("--port", type=int, default=8900, help="0 picks a free port")
        parser.add_argument("--data-dir", type=Path, default=None, help="without it nothing is kept")
        parser.add_argument("--stock", type=int, default=PER_RANGE, help="numbers per country and type")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            serve_forever(
                options["host"],
                options["port"],
                options["data_dir"],
                self._announce,
                per_range=options["stock"],
                engine=_engine(),
            )
        except (OSError, ValueError) as error:
            raise CommandError(f"The sandbox carrier can't run: {error}") from error

    def _announce(self, url: str) -> None:
        self.stdout.write(f"Sandbox carrier at {url}")
        self.stdout.flush()


def _engine() -> Engine | None:
    """What brings calls in over SIP, if the application knows an engine called sandbox."""
    secret = dict(settings.SIP_ENGINES).get("sandbox")
    return Engine(f"{settings.PUBLIC_BASE_URL}/carrier/sip", secret) if secret else None
