"""/healthz and /readyz …"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from dialnexa import heartbeats
from dialnexa.health import newest_migrations
from dialnexa.models import User

OF_A_PROCESS = ("serving", "database", "schema", "static files")
NOBODY = "redis://127.0.0.1:9"


@pytest.fixture
def _all_alive(db: None, now: datetime) -> None:
    for name in ("worker", "sweeper"):
        heartbeats.beat(name, now=now)


def ask(client: Client, path: str = "/readyz?whole") -> tuple[int, dict[str, Any]]:
    answer = client.get(path, headers={"host": "10.0.0.7"})
    return answer.status_code, answer.json()


def test_is_alive_without_touching_the_database(client: Client) -> None:
    answer = client.get("/healthz", headers={"host": "10.0.0.7"})
    assert (answer.status_code, answer.content) == (200, b"alive\n")


@pytest.mark.usefixtures("_all_alive")
def test_is_ready_when_everything_answers(client: Client) -> None:
    status, body = ask(client)
    assert (status, body["ready"]) == (200, True)
    assert set(body["checks"]) == {*OF_A_PROCESS, "broker", "worker", "sweeper"}
    assert all(check["ok"] and check["says"] for check in body["checks"].values())


@pytest.mark.usefixtures("_all_alive")
def test_is_not_ready_without_its_broker(client: Client, settings: LazySettings) -> None:
    settings.REDIS_URL = NOBODY
    status, body = ask(client)
    assert (status, body["ready"], body["checks"]["broker"]["ok"]) == (503, False, False)
    assert body["checks"]["database"]["ok"]


def test_is_not_ready_when_a_worker_has_been_silent(client: Client, db: None, now: datetime) -> None:
    heartbeats.beat("worker", now=now - timedelta(seconds=40))
    heartbeats.beat("sweeper", now=now)
    status, body = ask(client)
    assert status == 503
    assert (body["checks"]["worker"]["ok"], body["checks"]["sweeper"]["ok"]) == (False, True)


@pytest.mark.usefixtures("_all_alive")
def test_says_so_quickly_when_the_database_is_gone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    nowhere = connection.get_connection_params() | {"host": "127.0.0.1", "port": 9}
    monkeypatch.setattr(connection, "get_connection_params", lambda: dict(nowhere))
    began = time.monotonic()
    status, body = ask(client)
    assert time.monotonic() - began < 5
    assert (status, body["checks"]["database"]["ok"], body["checks"]["worker"]["ok"]) == (503, False, False)


def test_needs_no_login_https_or_session(client: Client, staff: User, settings: LazySettings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    client.cookies["sessionid"] = "of somebody else"
    for path in ("/healthz", "/readyz"):
        answer = client.get(path)
        assert answer.status_code in (200, 503)
        assert not answer.cookies


def test_takes_requests_without_broker_worker_and_sweeper(
    client: Client, db: None, settings: LazySettings
) -> None:
    settings.REDIS_URL = NOBODY
    status, body = ask(client, "/readyz")
    assert (status, body["ready"], set(body["checks"])) == (200, True, {*OF_A_PROCESS})


def test_is_not_ready_with_a_database_that_can_only_be_read(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    parameters = connection.get_connection_params()
    replica = parameters | {"options": "-c default_transaction_read_only=on"}
    monkeypatch.setattr(connection, "get_connection_params", lambda: dict(replica))
    status, body = ask(client, "/readyz")
    assert (status, body["checks"]["database"]["ok"]) == (503, False)
    assert "only be read" in body["checks"]["database"]["says"]


def test_is_not_ready_while_a_migration_is_missing(client: Client, db: None) -> None:
    app, name = newest_migrations()[0]
    MigrationRecorder.Migration.objects.filter(app=app, name=name).delete()
    status, body = ask(client, "/readyz")
    assert (status, body["checks"]["schema"]["ok"]) == (503, False)
    assert f"{app}.{name}" in body["checks"]["schema"]["says"]


def test_is_not_ready_without_the_list_of_static_files(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staticfiles_storage, "hashed_files", {}, raising=False)
    status, body = ask(client, "/readyz")
    assert (status, body["checks"]["static files"]["ok"]) == (503, False)


def test_is_not_ready_while_it_is_being_stopped(
    client: Client, db: None, settings: LazySettings, tmp_path: Path
) -> None:
    settings.DRAIN_FILE = str(tmp_path / "draining")
    assert ask(client, "/readyz")[0] == 200
    (tmp_path / "draining").touch()
    status, body = ask(client, "/readyz")
    assert (status, body["checks"]["serving"]["ok"]) == (503, False)
