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
from dialnexa.doorbell import ring
from dialnexa.models import Heartbeat, Workspace
from dialnexa.process_manager import Supervisor
from dialnexa.tasks import beat_heart

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
            self.key = self.fill(demo=not options["no_demo"])
            self.supervise()
        finally:
            (local.data_dir() / local.SHARED).unlink(missing_ok=True)
            leave_embedded()

    def fill(self, *, demo: bool) -> str:
        """Bring the database up to date; returns the demo workspace's API key, if there is one."""
        call_command("migrate", verbosity=0)
        call_command("load_catalogue", stdout=io.StringIO())
        Heartbeat.objects.all().delete()
        key = settings.DATA_DIR / "demo_api_key"
        if demo and not Workspace.objects.filter(slug="demo").exists():
            call_command("make_demo", stdout=io.StringIO())
            key.unlink(missing_ok=True)
        if not Workspace.objects.filter(slug="demo").exists():
            return ""
        if not key.exists():
            printed = io.StringIO()
            call_command("create_api_key", "demo", scopes="all", stdout=printed)
            keeper.write_once(key, printed.getvalue().strip())
        return keeper.read(key)

    def supervise(self) -> None:
        ring(beat_heart)  # so that nobody waits ten seconds for the first heartbeat
        connections.close_all()
        supervisor = Supervisor(sys.stdout, self.announce)
        python, manage = sys.executable, (sys.executable, "manage.py")
        celery = (python, "-m", "celery", "-A", "dialnexa", "--quiet")
        web = (
            *(python, "-m", "granian", "--interface", "wsgi", "dialnexa.wsgi:application", "--no-ws"),
            *("--host", "127.0.0.1", "--port", str(self.port), "--workers", "2", "--blocking-threads", "4"),
            *("--respawn-failed-workers", "--workers-kill-timeout", "5", "--log-level", "warning"),
        )
        cwd = settings.BASE_DIR
        supervisor.add("web", web, cwd=cwd, orphan_signal=signal.SIGTERM)  # it ends its own workers
        quiet = ("--without-gossip", "--without-mingle", "--concurrency", "2", "--loglevel", "WARNING")
        supervisor.add("worker", (*celery, "worker", *quiet), cwd=cwd)
        schedule = str(settings.DATA_DIR / "beat")
        beat = (*celery, "beat", "--schedule", schedule, "--pidfile", "", "--loglevel", "WARNING")
        supervisor.add("beat", beat, cwd=cwd)
        supervisor.add("sweeper", (*manage, "sweep"), cwd=cwd)
        if settings.SANDBOX_URL:
            port = str(urlsplit(settings.SANDBOX_URL).port)
            carrier = ("sandbox_carrier", "--port", port, "--data-dir", str(settings.DATA_DIR / "sandbox"))
            supervisor.add("carrier", (*manage, *carrier), cwd=cwd)
        supervisor.run()

    def announce(self) -> None:
        """Wait until everything answers, and say where."""
        url = f"http://127.0.0.1:{self.port}/readyz"
        end = time.monotonic() + READY_WITHIN
        while (missing := _missing(url)) and time.monotonic() < end:
            time.sleep(0.25)
        if missing:
            self.stdout.write(f"\nStill not ready after {READY_WITHIN:.0f} seconds: {missing}\n")
        else:
            self.stdout.write(self.welcome())
        self.stdout.flush()

    def welcome(self) -> str:
        lines = [("Open", settings.PUBLIC_BASE_URL)]
        if self.key:
            lines += [("Sign in as", "owner@demo.example"), ("API key", self.key)]
        if settings.SANDBOX_URL:
            lines.append(("Carrier", f"{settings.SANDBOX_URL}/  (a sandbox: break it there)"))
        lines += [("Data", str(settings.DATA_DIR)), ("Stop", "Ctrl-C")]
        rule = "─" * 72
        body = "\n".join(f"  {name:<11} {value}" for name, value in lines)
        return f"\n{rule}\n  {settings.PRODUCT_NAME} is running.\n\n{body}\n{rule}\n\n"


def leave_embedded() -> None:
    """Wait until servers of our own have stopped; with DATABASE_URL and REDIS_URL given there are none."""
    embedded = sys.modules.get("dialnexa.embedded")
    if embedded:
        embedded.leave(settings.DATA_DIR)


def _is_shared(name: str) -> bool:
    return name in JOINED or name.startswith("DIALNEXA_")


def _missing(url: str) -> str:
    """What /readyz still misses; empty when nothing."""
    try:
        answer = httpx.get(url, timeout=10).json()
    except (httpx.HTTPError, ValueError):
        return "The web server does not answer."
    return " ".join(check["says"] for check in answer["checks"].values() if not check["ok"])
