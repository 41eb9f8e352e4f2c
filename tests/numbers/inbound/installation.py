"""An installation apart: a PostgreSQL that can be stopped, no Redis, web processes that can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import psycopg

from dialnexa import embedded
from tests.conftest import AUTH_ID
from tests.databases import load_kept
from tests.numbers.inbound.asking import Asking
from tests.processes import ROOT, clean_env, open_folder, run, wait_for

BASE = "http://localhost:8000"  # what is signed; nobody listens there


@dataclass
class Web:
    """One web process."""

    port: int
    process: subprocess.Popen[bytes]

    def post(self, call: Asking, kind: str = "answer", seconds: int = 61) -> httpx.Response:
        fields = call.question() if kind == "answer" else call.news(seconds)
        path = f"/carrier/{call.carrier}/inbound/{kind}/"
        headers = call.signature(f"{BASE}{path}", fields)
        url = f"http://127.0.0.1:{self.port}{path}"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return httpx.post(url, content=urlencode(fields), headers=headers | form, timeout=20)

    def send(self, number: int) -> None:
        """A signal to the process and its workers."""
        os.killpg(self.process.pid, number)

    def answers(self) -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", timeout=1).status_code == 200
        return False


@dataclass
class Installation:
    folder: Path
    url: str
    env: dict[str, str]
    web: list[Web] = field(default_factory=list)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def start_web(self, port: int) -> Web:
        command = [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "dialnexa.wsgi:application"),
            *("--no-ws", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
            *("--blocking-threads", "8", "--log-level", "warning"),
        ]
        with (self.folder / f"web-{port}.log").open("ab") as log:
            web = Web(
                port,
                subprocess.Popen(
                    command, cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
                ),
            )
        self.web.append(web)
        assert wait_for(web.answers, 60), (self.folder / f"web-{port}.log").read_text()[-2000:]
        return web

    @contextmanager
    def without_postgres(self) -> Iterator[None]:
        """It crashes, and is started again only afterwards."""
        keeper = int(next(self.folder.rglob("keeper")).read_text())
        os.kill(keeper, signal.SIGSTOP)
        try:
            self.crash_postgres()
            yield
        finally:
            os.kill(keeper, signal.SIGCONT)

    def crash_postgres(self) -> None:
        pid = int(next(self.folder.rglob("postmaster.pid")).read_text().splitlines()[0])
        os.kill(pid, signal.SIGQUIT)
        time.sleep(0.2)

    def stop(self) -> None:
        for web in self.web:
            with suppress(ProcessLookupError):
                web.send(signal.SIGKILL)
            web.process.wait()


@contextmanager
def installed(more: int = 0, **variables: str) -> Iterator[Installation]:
    """``more`` numbers than NUMBERS; ``variables`` are added to its environment."""
    with open_folder() as folder:
        url = embedded.postgres_url(folder)
        env = clean_env(
            DIALNEXA_DEBUG="1",
            DIALNEXA_DATA_DIR=str(folder),
            DATABASE_URL=url,
            REDIS_URL="redis://127.0.0.1:9",  # nobody answers there
            DIALNEXA_PUBLIC_BASE_URL=BASE,
            DIALNEXA_PLIVO_AUTH_ID=AUTH_ID,
            DIALNEXA_PLIVO_AUTH_TOKEN="sandbox-token",  # noqa: S106
            DIALNEXA_PLIVO_BASE_URL="http://127.0.0.1:9",
            **variables,
        )
        made = Installation(folder, url, env)
        try:
            commands: list[tuple[str, ...]] = [("-m", "tests.numbers.inbound.furnish", str(more))]
            if not load_kept(folder, url):
                commands.insert(0, ("manage.py", "migrate", "-v", "0"))
            for arguments in commands:
                done = run(*arguments, env=env, timeout=300)
                assert done.returncode == 0, done.stderr[-3000:]
            yield made
        finally:
            made.stop()
            embedded.leave(folder)
