"""``manage.py up``: everything on this machine, until Ctrl-C. ``local.prepare`` has run before settings."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from dialnexa import keeper, local
from dialnexa.api_keys import digest
from dialnexa.doorbell import ring
from dialnexa.models import ApiKey, Heartbeat
from dialnexa.process_manager import Supervisor
from dialnexa.tasks import beat_heart

WEB_ROLE = "dialnexa_web"
READY_WITHIN = 60.0  # seconds
JOINED = ("DATABASE_URL", "REDIS_URL")  # and every DIALNEXA_ variable


class Command(BaseCommand):
    help = "Run web server, worker, beat, sweeper and sandbox carrier together, with their own servers."

    def add_arguments(self, parser: CommandParser) -> None:
        local.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if "DIALNEXA_PORT" not in os.environ:
            raise CommandError("Run it as `python manage.py up`: it decides things before settings are read.")
        self.port = int(os.environ["DIALNEXA_PORT"])
        os.environ |= {"DATABASE_URL": settings.DATABASE_URL, "REDIS_URL": settings.REDIS_URL}
        os.environ.setdefault("PYTHONWARNINGS", "ignore:You're running the worker with superuser")
        local.share({name: value for name, value in os.environ.items() if _is_shared(name)})
        try:
            said("compile_translations")
            self.stdout.write("Preparing the database …")
            self.demo = self.fill(demo=not options["no_demo"])
            self.stdout.write("Starting …")
            self.stdout.flush()
            self.supervise()
        except KeyboardInterrupt:
            self.stdout.write("Stopped before everything had started.")
        finally:
            (local.data_dir() / local.SHARED).unlink(missing_ok=True)
            leave_embedded()

    def fill(self, *, demo: bool) -> list[tuple[str, str]]:
        """Bring the database up to date; returns what to know about the demo, as lines for the welcome."""
        call_command("migrate", verbosity=0)
        if is_ours():
            said("make_roles", web=WEB_ROLE)
        said("load_catalogue")
        Heartbeat.objects.all().delete()
        if not (demo and settings.DEBUG):
            return []
        people = [line.split("  ") for line in said("make_demo").splitlines()]
        logins = [(role, f"{email}  {password}") for email, password, role in people]
        return [*logins, ("API key", demo_key())]

    def supervise(self) -> None:
        ring(beat_heart)  # so that nobody waits ten seconds for the first heartbeat
        connections.close_all()
        supervisor = Supervisor(sys.stdout, self.announce)
        for name, command in programs(self.port).items():
            # Granian ends its own workers when told to; the others may simply be killed.
            orphan_signal = signal.SIGTERM if name == "web" else signal.SIGKILL
            own = behind_the_wall() if name == "web" and is_ours() else {}
            supervisor.add(name, command, cwd=settings.BASE_DIR, orphan_signal=orphan_signal, environment=own)
        supervisor.run()

    def announce(self) -> None:
        """Wait until everything answers, and say where."""
        url = f"http://127.0.0.1:{self.port}/readyz?whole"
        end = time.monotonic() + READY_WITHIN
        while (missing := _missing(url)) and time.monotonic() < end:
            time.sleep(0.25)
        if missing:
            self.stdout.write(f"\nStill not ready after {READY_WITHIN:.0f} seconds: {missing}\n")
        else:
            self.stdout.write(self.welcome())
        self.stdout.flush()

    def welcome(self) -> str:
        url = settings.PUBLIC_BASE_URL
        lines = [("Open", url), ("Support desk", f"{url}/admin/"), *self.demo]
        if settings.SANDBOX_URL:
            lines.append(("Carrier", f"{settings.SANDBOX_URL}/  (a sandbox: break it there)"))
        lines += [("Data", str(settings.DATA_DIR)), ("Stop", "Ctrl-C")]
        rule = "─" * 72
        body = "\n".join(f"  {name:<14} {value}" for name, value in lines)
        return f"\n{rule}\n  {settings.PRODUCT_NAME} is running.\n\n{body}\n{rule}\n\n"


def web_threads() -> str:
    """At least 10: up to eight may wait for others (two purchases, searches, trunk tests, host look-ups)."""
    return str(min(16, max(10, 2 * (os.cpu_count() or 1) + 1)))


def programs(port: int) -> dict[str, tuple[str, ...]]:
    """What runs, by the name its lines have in the output."""
    manage = (sys.executable, "manage.py")
    celery = (sys.executable, "-m", "celery", "-A", "dialnexa", "--quiet")
    running = {
        "web": (
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "dialnexa.wsgi:application", "--no-ws"),
            *("--host", "127.0.0.1", "--port", str(port)),
            *("--workers", "2", "--blocking-threads", web_threads()),
            *("--respawn-failed-workers", "--workers-kill-timeout", "5", "--log-level", "warning"),
            *("--log-config", str(settings.BASE_DIR / "dialnexa" / "logs" / "granian.json")),
        ),
        "worker": (
            *(*celery, "worker", "--without-gossip", "--without-mingle"),
            *("--concurrency", "2", "--loglevel", "WARNING"),
        ),
        "beat": (
            *(*celery, "beat", "--schedule", str(settings.DATA_DIR / "beat")),
            *("--pidfile", "", "--loglevel", "WARNING"),
        ),
        "sweeper": (*manage, "sweep"),
    }
    if settings.SANDBOX_URL:
        kept = ("--data-dir", str(settings.DATA_DIR / "sandbox"))
        running["carrier"] = (
            *(*manage, "sandbox_carrier"),
            *("--port", str(urlsplit(settings.SANDBOX_URL).port), *kept),
        )
    return running


def is_ours() -> bool:
    """Whether the database server is the one we brought along; roles of others are theirs to make."""
    embedded = sys.modules.get("dialnexa.embedded")
    return embedded is not None and embedded.is_used("postgres", settings.DATA_DIR)


def behind_the_wall() -> dict[str, str]:
    """The web processes' environment: a role that sees one workspace at a time (see docs/isolation.md)."""
    parts = urlsplit(settings.DATABASE_URL)
    place = parts.netloc.rpartition("@")[2]  # our server asks nobody who reaches it for a password
    return {"DATABASE_URL": parts._replace(netloc=f"{WEB_ROLE}@{place}").geturl(), "DIALNEXA_WALLED": "1"}


def said(command: str, *arguments: str, **options: Any) -> str:
    """Run one of our commands and return what it prints."""
    printed = io.StringIO()
    call_command(command, *arguments, stdout=printed, **options)
    return printed.getvalue().strip()


def demo_key() -> str:
    """The demo workspace's API key: made once and kept, since the database only knows its digest."""
    kept = settings.DATA_DIR / "demo_api_key"
    if not ApiKey.objects.filter(digest=digest(keeper.read(kept)), revoked_at=None).exists():
        key = said("create_api_key", "demo", scopes="all", name="Printed by make run")
        keeper.write_once(kept, key, replace=True)
    return keeper.read(kept)


def leave_embedded() -> None:
    """Wait until servers of our own have stopped; with DATABASE_URL and REDIS_URL given there are none."""
    embedded = sys.modules.get("dialnexa.embedded")
    if embedded:
        embedded.leave(settings.DATA_DIR)


def _is_shared(name: str) -> bool:
    return name in JOINED or name.startswith("DIALNEXA_")


def _missing(url: str) -> str:
    """What /readyz?whole still misses; empty when nothing."""
    try:
        answer = httpx.get(url, timeout=10).json()
    except (httpx.HTTPError, ValueError):
        return "The web server does not answer."
    return " ".join(check["says"] for check in answer["checks"].values() if not check["ok"])
