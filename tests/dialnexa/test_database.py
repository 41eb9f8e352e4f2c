"""The database …"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from django.test import RequestFactory

from dialnexa import health
from dialnexa.database import LIMITS, check_limits, limit_role
from dialnexa.keeper import free_port
from tests.conftest import pgbouncer
from tests.processes import ROOT, open_folder


@pytest.fixture
def limited(transactional_db: None) -> Iterator[None]:
    """The role has its limits, for this test."""
    limit_role()
    yield
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER ROLE CURRENT_USER IN DATABASE "{connection.settings_dict["NAME"]}" RESET ALL')


def bare() -> psycopg.Connection[Any]:
    """A connection that brings no limits along."""
    arguments = connection.get_connection_params()
    for name in ("cursor_factory", "context", "options"):
        arguments.pop(name, None)
    return psycopg.connect(**arguments, autocommit=True)


def shown(name: str) -> str:
    with bare() as own:
        row = own.execute(f"SHOW {name}").fetchone()
        assert row
        return str(row[0])


def test_gives_up_what_waits_too_long(db: None) -> None:
    with connection.cursor() as cursor:
        for name, value in LIMITS.items():
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone() == (value,)


def test_limits_a_role_that_brings_no_limits_along(limited: None) -> None:
    assert {name: shown(name) for name in LIMITS} == LIMITS


@pytest.mark.django_db(transaction=True)
def test_says_when_the_role_behind_pgbouncer_has_no_limits(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    databases = ["default"]
    monkeypatch.setattr(
        "dialnexa.database.role_limits", lambda: {"lock_timeout": "0", "statement_timeout": "9"}
    )
    assert check_limits(None, databases) == []
    settings.PGBOUNCER = True
    assert check_limits(None, None) == []
    (error,) = check_limits(None, databases)
    assert "has no lock_timeout." in error.msg
    assert "limit_role" in str(error.hint)


def test_is_content_with_a_role_that_has_them(limited: None, settings: Any) -> None:
    settings.PGBOUNCER = True
    connection.close()
    assert check_limits(None, ["default"]) == []


def test_does_not_hold_up_the_question_whether_it_is_there(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "QUESTION", b"SELECT pg_sleep(8)")
    begun = time.monotonic()
    assert health.check_database() == (False, "The database does not answer.")
    assert time.monotonic() - begun < 5


# --- through PgBouncer --------------------------------------------------------------------------------

PROGRAM = """
import json, sys, django
django.setup()
from django.db import connection, transaction
from django.test import RequestFactory
from dialnexa import health
from dialnexa.database import role_limits
from dialnexa.models import AuditEntry, User
for n in range(3):
    with transaction.atomic():
        user = User.objects.create_user(f"p{n}@example.com", "x" * 20)
        User.objects.select_for_update().get(pk=user.pk)
seen = [user.email for user in User.objects.order_by("pk").iterator(chunk_size=2)]
ready = json.loads(health.readyz(RequestFactory().get("/readyz")).content)["checks"]["database"]["ok"]
print(json.dumps({"seen": seen, "limits": role_limits(), "ready": ready}))
"""


@pytest.fixture
def pooled(limited: None) -> Iterator[str]:
    """The address of this test's database through a PgBouncer with one session, in transaction mode."""
    url, port = urlsplit(os.environ["DATABASE_URL"]), free_port()
    name = connection.settings_dict["NAME"]
    server = f"host={unquote(url.hostname or '')} port={url.port or 5432} user={url.username}"
    with open_folder() as folder:
        (folder / "users.txt").write_text(f'"{url.username}" "{url.password or ""}"\n')
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\n{name} = {server} dbname={name}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {port}\nauth_type = any\nauth_file = {folder}/users.txt\nunix_socket_dir =\n"
            "pool_mode = transaction\ndefault_pool_size = 1\nmax_client_conn = 20\n"
        )
        yield from _running(folder, f"postgres://{quote(url.username or '')}@127.0.0.1:{port}/{name}")


def _running(folder: Path, url: str) -> Iterator[str]:
    as_whom: dict[str, Any] = {"user": 60787, "group": 60787} if os.geteuid() == 0 else {}  # refuses root
    process = subprocess.Popen([pgbouncer(), "pgbouncer.ini"], cwd=folder, **as_whom)
    try:
        for _ in range(100):
            try:
                psycopg.connect(url, connect_timeout=2).close()
                break
            except psycopg.OperationalError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.pgbouncer
@pytest.mark.processes
def test_works_through_pgbouncer_in_transaction_mode(pooled: str, process_env: dict[str, str]) -> None:
    env = process_env | {"DATABASE_URL": pooled, "DIALNEXA_PGBOUNCER": "1"}
    connection.close()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["seen"] == ["p0@example.com", "p1@example.com", "p2@example.com"]
    assert told["limits"] == {
        "lock_timeout": "5000",
        "statement_timeout": "15000",
        "idle_in_transaction_session_timeout": "30000",
        "synchronous_commit": "on",
    }
    assert told["ready"]


@pytest.mark.pgbouncer
@pytest.mark.processes
def test_is_refused_by_pgbouncer_without_being_told_of_it(pooled: str, process_env: dict[str, str]) -> None:
    """What the setting is for."""
    env = process_env | {"DATABASE_URL": pooled}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "unsupported startup parameter" in done.stderr


def test_says_what_it_wrote(limited: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("limit_role")
    assert "lock_timeout = 5s" in capsys.readouterr().out


def test_is_said_to_be_there_when_it_is(db: None) -> None:
    assert health.check_database() == (True, "The database answers and can be written to.")
    assert health.readyz(RequestFactory().get("/readyz")).status_code in (200, 503)
