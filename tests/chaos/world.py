"""The processes of one run: the real servers, workers, sweepers and carrier, respawned when they die."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import redis

TIMINGS = {
    "DIALNEXA_CARRIER_DEADLINE": "1.5",
    "DIALNEXA_PURCHASE_LEASE": "6",
    "DIALNEXA_SETTLE_WINDOW": "8",
    "DIALNEXA_SETTLE_SPACING": "1",
    "DIALNEXA_LOOK_UP_SOONEST": "0.5",
    "DIALNEXA_LOOK_UP_LATEST": "2",
    "DIALNEXA_RETRY_SOONEST": "0.5",
    "DIALNEXA_RETRY_LATEST": "2",
    "DIALNEXA_PAPERS_CHECK_EVERY": "1",
    "DIALNEXA_PAPERS_GRACE": "2",
    "DIALNEXA_RELEASE_SOONEST": "1",
    "DIALNEXA_RELEASE_LATEST": "2",
    "DIALNEXA_SWEEP_EVERY": "0.3",
    "DIALNEXA_PURCHASES_AN_HOUR": "1000000",
    "DIALNEXA_RING_AGAIN": "1.5",
    "DIALNEXA_LOG_LEVEL": "WARNING",
}


@dataclass
class Part:
    """One process, how it is started, and ``env`` on top of all processes'; ``starts`` counts its lives."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0


@dataclass
class World:
    """Everything that runs. ``root`` is the project or a sabotaged copy, ``base`` a folder to write."""

    root: Path
    base: Path
    env: dict[str, str]
    port: int
    parts: dict[str, Part] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=self.root, env=self.env, check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed: {done.stderr[-2000:]}")
        return done.stdout

    def start(self) -> None:
        python = sys.executable
        celery = (python, "-m", "celery", "-A", "dialnexa", "worker", "--without-gossip", "--without-mingle")
        web = (
            *(python, "-m", "granian", "--interface", "wsgi", "dialnexa.wsgi:application", "--no-ws"),
            *("--host", "127.0.0.1", "--port", str(self.port), "--workers", "1", "--blocking-threads", "8"),
        )
        self._add("web", web)
        for n in (1, 2):
            options = ("-c", "2", "-n", f"chaos{n}@%h", "-l", "ERROR")
            self._add(f"worker {n}", (*celery, *options))
            self._add(f"sweeper {n}", (python, "manage.py", "sweep"))
        threading.Thread(target=self._respawn, daemon=True).start()
        self._wait_for_web()

    def _add(self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        self.parts[name] = Part(name, command, env or {})
        self._spawn(self.parts[name])

    def _spawn(self, part: Part) -> None:
        with (self.base / f"{part.name}.log").open("ab") as log:
            part.process = subprocess.Popen(
                part.command,
                cwd=self.root,
                env=self.env | dict(part.env),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        part.starts += 1

    def _respawn(self) -> None:
        while not self.stopping.wait(0.2):
            with self.lock:
                for part in self.parts.values():
                    if part.process and part.process.poll() is not None and not self.stopping.is_set():
                        self._spawn(part)

    def _wait_for_web(self) -> None:
        wait_for(lambda: httpx.get(f"{self.url}/healthz", timeout=1).status_code == 200, 120)

    def kill(self, name: str) -> str:
        """kill -9 of the whole process group: a machine that loses power."""
        process = self.parts[name].process
        if process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return f"kill -9 {name}"

    def kill_child(self, name: str) -> str:
        """kill -9 of one pool child, as the kernel's memory killer does."""
        process = self.parts[name].process
        children = psutil.Process(process.pid).children() if process and process.poll() is None else []
        if children:
            with contextlib.suppress(psutil.NoSuchProcess):
                children[0].kill()
        return f"kill -9 a child of {name}"

    def pause(self, name: str, seconds: float) -> str:
        """SIGSTOP for a while: a machine that hangs and comes back."""
        process = self.parts[name].process
        if process and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGSTOP)
                time.sleep(seconds)
                os.killpg(process.pid, signal.SIGCONT)
        return f"stop {name} for {seconds:.1f} s"

    def wipe_redis(self) -> str:
        """Every message is lost, and the server killed; its keeper starts it again."""
        with contextlib.suppress(redis.RedisError), redis.Redis.from_url(self.env["REDIS_URL"]) as client:
            pid = int(client.info("server")["process_id"])
            client.flushall()
            os.kill(pid, signal.SIGKILL)
        return "wipe and kill -9 Redis"

    def crash_postgres(self) -> str:
        """An immediate stop, as a crash; its keeper starts it again and it recovers."""
        pidfile = next(self.base.rglob("postmaster.pid"), None)
        if pidfile:
            with contextlib.suppress(ProcessLookupError, ValueError, IndexError, FileNotFoundError):
                os.kill(int(pidfile.read_text().splitlines()[0]), signal.SIGQUIT)
        return "immediate stop of PostgreSQL"

    def stop(self) -> None:
        self.stopping.set()
        with self.lock:
            for part in self.parts.values():
                self.kill(part.name)


def wait_for(answers: Callable[[], bool], seconds: float) -> None:
    """Until ``answers`` is true; connection errors count as no. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(httpx.HTTPError, OSError):
            if answers():
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answered within {seconds} s")
