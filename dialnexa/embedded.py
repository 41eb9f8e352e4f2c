"""The PostgreSQL and Redis the project brings along, for when DATABASE_URL or REDIS_URL is not set.

``postgres_url`` and ``redis_url`` start the server, or attach to the one another process of this project
started; it stops when the last process that asked for it has ended, however it ended (see ``keeper``).

Nobody else on the machine can read the data or take a server's place: each listens on a socket in a private
folder and nowhere else. As root the servers run under an id of their own. No mode or owner is ever changed
outside the data folder; a folder that id could not reach is refused.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from dialnexa import keeper
from dialnexa.data_folder import EmbeddedError, make, place, programs
from dialnexa.keeper import is_locked, read, try_lock, wait_until

START_LIMIT = 60.0  # seconds

_using: dict[Path, int] = {}  # the lock that says this process uses a server
_keepers: list[subprocess.Popen[bytes]] = []


def postgres_url(data_dir: Path) -> str:
    """The URL of this project's PostgreSQL, running and answering. Raises EmbeddedError."""
    home = _use("postgres", data_dir, lambda home: _answers_sql(_postgres_url(home)))
    return _postgres_url(home)


def redis_url(data_dir: Path) -> str:
    """The URL of this project's Redis, running, without a database number. Raises EmbeddedError."""
    home = _use("redis", data_dir, lambda home: _answers_ping(_redis_url(home)))
    return _redis_url(home)


def is_used(name: str, data_dir: Path) -> bool:
    """Whether this process uses that server of ours: ``postgres`` or ``redis``."""
    return place(data_dir) / name in _using


def leave(data_dir: Path) -> None:
    """This process is done with the servers. Returns when they have stopped, or at once if used by others."""
    for name in keeper.SERVERS:
        home = place(data_dir) / name
        handle = _using.pop(home, None)
        if handle is None:
            continue
        os.close(handle)
        alone = try_lock(home / "users")
        if alone is not None:
            _end(home)
            os.close(alone)
        else:
            _wait_while_stopping(home)


def stop(data_dir: Path) -> None:
    """Stop both servers now, whoever uses them."""
    for name in keeper.SERVERS:
        _end(place(data_dir) / name)


# --- starting and attaching ----------------------------------------------------------------------------


def _use(name: str, data_dir: Path, answers: Callable[[Path], bool]) -> Path:
    """Note that this process uses the server, see to it that it runs, and return its folder."""
    base = place(data_dir)
    home = make(base / name)
    if home not in _using:
        handle = os.open(home / "users", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        fcntl.flock(handle, fcntl.LOCK_SH)  # waits while a keeper stops the server
        _using[home] = handle
    if not (is_locked(home / "keeper") and answers(home)):
        _start(name, home, programs(name, base), answers)
    return home


def _start(name: str, home: Path, folder: Path, answers: Callable[[Path], bool]) -> None:
    end = time.monotonic() + START_LIMIT
    mine: subprocess.Popen[bytes] | None = None
    while not (is_locked(home / "keeper") and answers(home)):
        failed = mine is not None and mine.poll()
        if failed or time.monotonic() > end:
            raise EmbeddedError(
                f"The embedded {name} does not start. The end of {home / 'log'}:\n{_tail(home / 'log')}"
            )
        if not is_locked(home / "keeper") and (mine is None or mine.poll() is not None):
            mine = _spawn_keeper(name, home, folder)
        time.sleep(0.05)


def _spawn_keeper(name: str, home: Path, folder: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603  our own file
        [sys.executable, "-I", "-S", keeper.__file__, name, home, folder],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
    _keepers.append(process)
    return process


def _end(home: Path) -> None:
    """End the keeper, and with it the server."""
    if not home.exists() or not is_locked(home / "keeper"):
        return
    with contextlib.suppress(ProcessLookupError, ValueError):
        os.kill(int(read(home / "keeper")), signal.SIGTERM)
    wait_until(lambda: not is_locked(home / "keeper"), keeper.PATIENCE + 12)
    for process in _keepers:
        process.poll()


def _wait_while_stopping(home: Path) -> None:
    handle = os.open(home / "users", os.O_RDWR)
    fcntl.flock(handle, fcntl.LOCK_SH)
    os.close(handle)


def _tail(log: Path) -> str:
    return "\n".join(read(log).splitlines()[-8:]) or "(empty)"


# --- their addresses -----------------------------------------------------------------------------------


def _postgres_url(home: Path) -> str:
    sockets = read(home / "sockets") or str(home / "run")
    return f"postgres://postgres@{quote(sockets, safe='')}:5432/dialnexa"


def _redis_url(home: Path) -> str:
    sockets = read(home / "sockets") or str(home / "run")
    return f"unix://{quote(sockets)}/{keeper.Redis.socket_name}"


def _answers_sql(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _answers_ping(url: str) -> bool:
    import redis

    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except (redis.RedisError, ValueError):
        return False
