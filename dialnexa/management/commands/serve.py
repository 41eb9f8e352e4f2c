"""``manage.py serve``: the web server of a machine, which ends without cutting anybody off.

Told to stop, it first answers ``/readyz`` with 503, so that the load balancer sends no more; a few seconds
later Granian takes no new connections, finishes what it has, and ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from dialnexa.isolation.role_check import HINT, wall_missing
from dialnexa.keeper import die_with_parent

LONGEST = 35  # seconds: a purchase over the API may wait 30
PATIENCE = LONGEST + 5


class Command(BaseCommand):
    help = "Serve pages and API until stopped; then drain: not ready first, finished later."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=2, help="processes")
        parser.add_argument("--threads", type=int, default=16, help="of each process")

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_without_wall()
        told = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: told.set())
        with tempfile.TemporaryDirectory(prefix="dialnexa-serve-") as folder:
            drain = Path(folder) / "draining"
            server = start(options, drain)
            while server.poll() is None and not told.wait(0.2):
                pass
            sys.exit(stop(server, drain) if told.is_set() else server.returncode)


def refuse_without_wall() -> None:
    """Raises CommandError. A database that is away is no reason: ``/readyz`` says so until it is back."""
    try:
        missing = wall_missing()
    except DatabaseError:
        return
    finally:
        connection.close()
    if missing:
        raise CommandError(f"{missing} {HINT}")


def start(options: dict[str, Any], drain: Path) -> subprocess.Popen[bytes]:
    """In a session of its own: a Ctrl-C in the terminal is for us to pass on, later."""
    command = (
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "dialnexa.wsgi:application", "--no-ws"),
        *("--host", options["host"], "--port", str(options["port"])),
        *("--workers", str(options["workers"]), "--blocking-threads", str(options["threads"])),
        *("--respawn-failed-workers", "--workers-kill-timeout", str(LONGEST), "--log-level", "warning"),
        *("--log-config", str(settings.BASE_DIR / "dialnexa" / "logs" / "granian.json")),
    )
    return subprocess.Popen(  # noqa: S603  our own program
        command,
        env=os.environ | {"DIALNEXA_DRAIN_FILE": str(drain)},
        start_new_session=True,
        preexec_fn=lambda: die_with_parent(signal.SIGTERM),
    )


def stop(server: subprocess.Popen[bytes], drain: Path) -> int:
    """Not ready, then no new connections, then the end. Returns how Granian ended."""
    drain.touch()
    try:
        return server.wait(settings.DRAIN_SECONDS)  # it may have been killed meanwhile
    except subprocess.TimeoutExpired:
        server.terminate()
    try:
        return server.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()
        return server.wait()
