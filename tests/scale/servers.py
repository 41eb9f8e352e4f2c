"""Private PostgreSQL, Redis and PgBouncer: Debian's programs, set up by the files of deploy/, not as root."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from dialnexa.keeper import die_with_parent, free_port
from tests.chaos.sabotage import ROOT

DEPLOY = ROOT / "deploy"
HOST = "numbers.example.com"
PACKAGES = {"initdb": "postgresql", "redis-server": "redis-server", "pgbouncer": "pgbouncer", "wrk": "wrk"}
NOBODY = pwd.getpwnam("nobody").pw_uid  # the servers refuse to run as root; initdb wants a name
ROOM = "shared_buffers = '256MB'\neffective_cache_size = '1GB'\n"  # other programs need some, too
STOP_WITHIN = 15.0  # seconds
ADDRESS = re.compile(r"^DATABASE_URL=postgres://(\w+):(\w+)@127\.0\.0\.1:5432/numbers$", re.MULTILINE)


def find(name: str) -> str:
    """Where Debian has it; empty when it is not installed."""
    folders = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    return shutil.which(name, path=":".join([*folders, "/usr/bin", "/usr/sbin"])) or ""


def missing() -> list[str]:
    """The packages that are not installed."""
    return [package for program, package in PACKAGES.items() if not find(program)]


def put(text: str, *places: tuple[str, str]) -> str:
    """The text with the first of each pair, which it holds once, replaced. Raises LookupError."""
    for word, other in places:
        if text.count(word) != 1:
            raise LookupError(f"{word!r} is there {text.count(word)} times, not once.")
        text = text.replace(word, other)
    return text


class Servers:
    """``settings``: the folder that stands for /etc/dialnexa, as the guide fills it.

    ``direct(role)`` and ``pooled(role)`` are addresses of the database, straight and through PgBouncer;
    ``broker`` is Redis'. Roles: ``owner``, ``web``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.settings = folder, folder / "etc"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.postgres, self.redis, self.pgbouncer = (free_port() for _ in range(3))
        self.superuser = f"postgres://postgres:{secrets.token_hex(16)}@127.0.0.1:{self.postgres}/postgres"

    def start(self) -> None:
        self.settings.mkdir(mode=0o755)
        subprocess.run(
            [sys.executable, str(DEPLOY / "bin" / "fill-environment"), HOST, str(self.settings)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        self.users = dict(ADDRESS.findall("".join(path.read_text() for path in self.settings.glob("*.env"))))
        self._start_postgres()
        self._start_redis()
        self.pool()
        self._begin("pgbouncer", "-q", str(self.folder / "pgbouncer.ini"))
        _wait(self.pooled("owner"))

    def direct(self, role: str) -> str:
        return (
            f"postgres://dialnexa_{role}:{self.users[f'dialnexa_{role}']}@127.0.0.1:{self.postgres}/numbers"
        )

    def pooled(self, role: str) -> str:
        return self.direct(role).replace(f":{self.postgres}/", f":{self.pgbouncer}/")

    @property
    def broker(self) -> str:
        told = (self.settings / "common.env").read_text()
        found = re.search(r"^REDIS_URL=(.*)127\.0\.0\.1:6379/0$", told, re.MULTILINE)
        assert found, "common.env has no address of Redis."
        return f"{found[1]}127.0.0.1:{self.redis}/0"

    def pool(self, size: int | None = None) -> None:
        """deploy's pgbouncer.ini with the addresses of here; ``size`` sessions for each user, if given.

        A PgBouncer that runs takes it over at once.
        """
        told = "".join(f'"{user}" "{password}"\n' for user, password in self.users.items())
        self._write("userlist.txt", told)
        ini = put(
            (DEPLOY / "pgbouncer" / "pgbouncer.ini").read_text(),
            ("host=db.internal port=5432", f"host=localhost port={self.postgres}"),
            ("listen_port = 6432", f"listen_port = {self.pgbouncer}\nunix_socket_dir ="),
            ("/etc/pgbouncer/userlist.txt", str(self.folder / "userlist.txt")),
            ("/etc/ssl/certs/ca-certificates.crt", str(self.folder / "server.crt")),
        )
        if size:
            ini = put(ini, ("_pool_size = 30", f"_pool_size = {size}"), ("_pool_size = 5", "_pool_size = 0"))
        self._write("pgbouncer.ini", ini)
        if "pgbouncer" in self.running:
            self.running["pgbouncer"].send_signal(signal.SIGHUP)

    def sessions(self, role: str) -> int:
        """How many PostgreSQL has, of this role."""
        question = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
        with psycopg.connect(self.superuser, autocommit=True) as server:
            row = server.execute(question, [f"dialnexa_{role}"]).fetchone()
            return int(row[0]) if row else 0

    def stop(self) -> None:
        for name, process in reversed(self.running.items()):
            process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
        for process in self.running.values():
            try:
                process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start_postgres(self) -> None:
        data, password = self.folder / "postgres", self.superuser.split(":")[2].partition("@")[0]
        self._write("password", password)
        options = ("-U", "postgres", "-A", "scram-sha-256", "--pwfile", str(self.folder / "password"))
        self._run("initdb", "-D", str(data), *options, "-E", "UTF8", "--locale=C.UTF-8")
        self._certify()
        numbers = (DEPLOY / "postgresql" / "numbers.conf").read_text()
        own = f"port = {self.postgres}\nunix_socket_directories = ''\nssl = on\n"
        own += f"ssl_cert_file = '{self.folder}/server.crt'\nssl_key_file = '{self.folder}/server.key'\n"
        with (data / "postgresql.conf").open("a") as file:
            file.write(numbers + ROOM + own)
        self._begin("postgres", "-D", str(data))
        _wait(self.superuser)
        with (self.settings / "roles.sql").open() as roles:
            subprocess.run([find("psql"), "-q", self.superuser], stdin=roles, check=True)

    def _certify(self) -> None:
        """PgBouncer is told to believe nobody who can't prove who he is."""
        self._run(
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", "server.key", "-out", "server.crt"),
        )

    def _start_redis(self) -> None:
        acl = self._write("numbers.acl", (self.settings / "redis.acl").read_text())
        text = put((DEPLOY / "redis" / "numbers.conf").read_text(), ("/etc/redis/numbers.acl", str(acl)))
        conf = self._write("redis.conf", f"{text}port {self.redis}\ndir {self.folder}\n")
        self._begin("redis-server", str(conf))

    def _write(self, name: str, text: str) -> Path:
        """A file only the servers read."""
        path = self.folder / name
        path.touch(mode=0o600)
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
        path.write_text(text)
        return path

    def _begin(self, name: str, *arguments: str) -> None:
        """In a session of its own: a Ctrl-C is for us to pass on, when nobody needs it any more."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [find(name), *arguments],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(signal.SIGINT),
                user=NOBODY if os.geteuid() == 0 else None,
                group=NOBODY if os.geteuid() == 0 else None,
            )

    def _run(self, name: str, *arguments: str) -> None:
        who = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}
        command = [find(name), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **who)  # type: ignore[call-overload]


def _wait(url: str) -> None:
    """Until somebody answers. Raises TimeoutError."""
    for _ in range(150):
        try:
            return psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise TimeoutError(f"Nothing answers at {url.rpartition('@')[2]}.")


@contextmanager
def serving(folder: Path) -> Iterator[Servers]:
    """They run; when it ends, none does."""
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    servers = Servers(folder)
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()
