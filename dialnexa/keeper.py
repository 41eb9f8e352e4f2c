"""Keeps one embedded server running for as long as anybody uses it.

``embedded`` starts this file by its path, with a bare interpreter, so it imports the standard library only.
Three lock files decide everything, and the kernel frees them however their holders die:

``users``   shared by every process that uses the server; who gets it alone knows that nobody is left
``keeper``  held by the one keeper of this server
``server``  inherited by the server and its children; while it is held, one of them is alive

The keeper starts the server, starts it again when it dies, and stops it when the last user is gone.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

# As root PostgreSQL refuses to run. An id that belongs to no account can't be logged into, runs nothing else,
# and needs no change to the machine's list of users.
SERVER_ID = 60787
SOCKET_PATH_LIMIT = 107
LOOK_EVERY = 0.25  # seconds
PATIENCE = 20.0  # seconds a server gets to stop, politely, before it is killed
LOG_LIMIT = 5_000_000  # bytes
QUICK_FAILURES = 5


def try_lock(path: Path, kind: int = fcntl.LOCK_EX) -> int | None:
    """Take the lock without waiting: a descriptor to keep open, or None when somebody has it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def is_locked(path: Path) -> bool:
    handle = try_lock(path)
    if handle is not None:
        os.close(handle)
    return handle is None


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel to signal this process when its parent dies (Linux; elsewhere nothing happens)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, int(number), 0, 0, 0)


@dataclass
class Server(ABC):
    """A server and its folder. ``programs`` is the folder its program files are in."""

    home: Path
    programs: Path
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    socket_name: ClassVar[str] = ""

    @property
    def id(self) -> int:
        """The user the server runs as."""
        return SERVER_ID if os.geteuid() == 0 else os.geteuid()

    def own(self, folder: Path) -> Path:
        """Make ``folder`` the server's own, closed to everybody else."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(folder, SERVER_ID, SERVER_ID)
        folder.chmod(0o700)
        return folder

    @abstractmethod
    def prepare(self) -> None:
        """Make what has to be there before the server can start."""

    def sockets(self) -> Path:
        """The private folder of the socket; a short one where the path would be too long for a socket.

        Access to it is the password: only this user (and root) can reach the socket, so it asks for no other.
        """
        folder = self.own(self.home / "run")
        if len(os.fsencode(folder / self.socket_name)) > SOCKET_PATH_LIMIT:
            folder = self.short_folder()
        write_once(self.home / "sockets", str(folder), replace=True)
        return folder

    def short_folder(self) -> Path:
        """The one used before, so that the address stays, or a new one."""
        before = Path(read(self.home / "sockets") or "/")
        if before.is_dir() and not before.is_symlink() and before.stat().st_uid == self.id:
            return before
        return self.own(Path(tempfile.mkdtemp(prefix="dialnexa-")))

    def tidy(self) -> None:
        """Remove what is of no use once the server has been stopped."""
        folder = Path(read(self.home / "sockets") or self.home)
        if folder.name.startswith("dialnexa-"):
            shutil.rmtree(folder, ignore_errors=True)

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments."""

    def config(self) -> str:
        """What the server reads from its standard input."""
        return ""

    def start(self, lock: int) -> subprocess.Popen[bytes]:
        """Start it, holding ``lock`` in its name; it stops by itself should this process be killed."""
        self.prepare()
        process = subprocess.Popen(  # noqa: S603  our own program
            self.command(),
            stdin=subprocess.PIPE,
            pass_fds=[lock],
            preexec_fn=lambda: die_with_parent(self.stop_signal),
            start_new_session=True,
            env=ENVIRONMENT,
            cwd="/",
            **self.identity(),
        )
        assert process.stdin
        process.stdin.write(self.config().encode())
        process.stdin.close()
        return process

    def identity(self) -> dict[str, Any]:
        """The arguments that make a child of root run as the server's user."""
        if os.geteuid() != 0:
            return {}
        return {"user": self.id, "group": self.id, "extra_groups": []}


ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class PostgreSQL(Server):
    socket_name: ClassVar[str] = ".s.PGSQL.5432"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # "fast": sessions are ended, everything is written

    def prepare(self) -> None:
        data = self.home / "data"
        if not data.exists():
            self.initialise(data)
        (data / "postmaster.pid").unlink(missing_ok=True)  # stale: we hold the lock, so no server is alive

    def initialise(self, data: Path) -> None:
        """Make an empty cluster with one database. It appears under its name only once it is complete."""
        unfinished = self.home / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        maker = self.maker(unfinished)
        subprocess.run(  # noqa: S603  our own program
            [
                str(self.programs / "bin/initdb"),
                *("-D", str(unfinished), "-U", "postgres", "-A", "trust", "-E", "UTF8"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"),
                *(["--no-sync"] if not fsync() else []),
            ],
            check=True,
            **maker,
        )
        single = [str(self.programs / "bin/postgres"), "--single", "-D", str(unfinished), "postgres"]
        subprocess.run(single, input=b"CREATE DATABASE dialnexa\n", check=True, **maker)  # noqa: S603  ours
        for path in [unfinished, *unfinished.rglob("*")]:
            os.chown(path, self.id, -1 if os.geteuid() else self.id, follow_symlinks=False)
        unfinished.rename(data)

    def maker(self, folder: Path) -> dict[str, Any]:
        """How to run initdb: as root it wants a user with a name, so it gets one for this moment."""
        settings: dict[str, Any] = {"env": ENVIRONMENT, "cwd": "/", "stdout": subprocess.DEVNULL}
        if os.geteuid() != 0:
            return settings
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        return settings | {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def command(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets()),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "synchronous_commit": "on",
            "fsync": "on" if fsync() else "off",
            "full_page_writes": "on" if fsync() else "off",
            "log_statement": "none",
            "log_min_error_statement": "panic",  # statements may hold secrets; the application logs its own
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(self.programs / "bin/postgres"), "-D", str(self.home / "data"), *settings]


class Redis(Server):
    socket_name: ClassVar[str] = "redis.sock"

    def prepare(self) -> None:
        self.own(self.home / "data")

    def command(self) -> list[str]:
        return [str(self.programs / "redis-server"), "-"]

    def config(self) -> str:
        return "\n".join(
            (
                f"dir {quoted(self.home / 'data')}",
                f"unixsocket {quoted(self.sockets() / self.socket_name)}",
                "unixsocketperm 700",
                "port 0",  # another user could take a port of ours while the server restarts
                "daemonize no",
                "databases 64",
                "appendonly yes",
                "appendfsync everysec",
                'save ""',
                "maxmemory-policy noeviction",
                "loglevel warning",
                "",
            )
        )


def quoted(path: Path) -> str:
    """The path as a word of Redis' configuration."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


SERVERS: dict[str, type[Server]] = {"postgres": PostgreSQL, "redis": Redis}


def fsync() -> bool:
    """Off only in tests, which may lose their data when the machine (not the process) dies."""
    return os.environ.get("DIALNEXA_EMBEDDED_FSYNC", "on") != "off"


def read(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


def write_once(path: Path, text: str, *, replace: bool = False) -> None:
    """Write a private file, whole or not at all; an existing one stays unless ``replace``."""
    if path.exists() and not replace:
        return
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    unfinished.rename(path)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def say(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S UTC', time.gmtime())} keeper: {line}\n")


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def stop(server: Server, process: subprocess.Popen[bytes]) -> None:
    """Politely, then not; returns when the server and all its children are gone."""
    lock = server.home / "server"
    for number, seconds in ((server.stop_signal, PATIENCE), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGCONT)  # a paused server can't stop
            os.kill(process.pid, number)
        if wait_until(lambda: process.poll() is not None and not is_locked(lock), seconds):
            return


def start(server: Server) -> subprocess.Popen[bytes] | None:
    """Start the server once nothing of a former one is alive; None when that does not end."""
    held: list[int | None] = []

    def locked() -> bool:
        held.append(try_lock(server.home / "server"))
        return held[-1] is not None

    if not wait_until(locked, PATIENCE):
        return None
    lock = held[-1]
    assert lock is not None
    try:
        return server.start(lock)
    finally:
        os.close(lock)


def keep(server: Server) -> int:
    """Start, watch, start again, and stop once nobody uses it. Gives up after a few quick failures."""
    ending: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda got, _: ending.append(got))
    failures = 0
    while failures < QUICK_FAILURES:
        time.sleep(failures / 4)
        started = time.monotonic()
        process = start(server)
        if process is None:
            say("A former server does not end.")
            return 1
        while process.poll() is None:
            alone = try_lock(server.home / "users")
            if alone is not None or ending:
                stop(server, process)
                server.tidy()
                return 0
            time.sleep(LOOK_EVERY)
        say(f"{server.home.name} ended with {process.returncode}; starting it again.")
        failures = failures + 1 if time.monotonic() - started < 2 else 0
    return 1


def main(name: str, home: str, programs: str) -> int:
    """What runs as a process of its own: ``keeper.py postgres <folder> <folder of its programs>``."""
    folder = Path(home)
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    if os.fstat(log).st_size > LOG_LIMIT:
        os.ftruncate(log, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    mine = try_lock(folder / "keeper")
    if mine is None:
        return 0
    os.ftruncate(mine, 0)
    os.pwrite(mine, str(os.getpid()).encode(), 0)
    return keep(SERVERS[name](folder, Path(programs)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
