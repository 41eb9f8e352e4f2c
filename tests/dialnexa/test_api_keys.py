"""dialnexa.api_keys …"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.api_keys import SCOPES, create_api_key
from dialnexa.errors import Refusal
from dialnexa.models import ApiKey, AuditEntry, User, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Workspace:
    return Workspace.objects.create(slug="shop", name="Shop")


def test_makes_a_key_that_is_stored_as_a_digest_only(shop: Workspace, now: datetime) -> None:
    key, secret = create_api_key(shop, " CRM ", ["numbers:read"], by=SYSTEM, now=now)
    stored = ApiKey.objects.get()
    assert secret.startswith("dnx_")
    assert len(secret) == 37
    assert (stored.name, stored.hint, stored.scopes) == ("CRM", secret[-4:], ["numbers:read"])
    assert stored.digest == hashlib.sha512(secret.encode()).hexdigest()
    assert secret not in repr(list(ApiKey.objects.values())) + repr(list(AuditEntry.objects.values()))
    assert key == stored


def test_makes_another_secret_every_time(shop: Workspace, now: datetime) -> None:
    keys = {create_api_key(shop, "CRM", SCOPES, by=SYSTEM, now=now)[1] for _ in range(50)}
    assert len(keys) == 50


def test_records_who_made_it(shop: Workspace, alice: User, now: datetime) -> None:
    end = now + timedelta(days=1)
    by = Actor(Channel.BROWSER, "Alice", alice)
    key, secret = create_api_key(shop, "CRM", {"wallet:read", "calls:read"}, by=by, now=now, expires_at=end)
    entry = AuditEntry.objects.get()
    assert (key.created_by, key.created_at, key.expires_at) == (alice, now, end)
    assert (entry.workspace, entry.subject_id, entry.event, entry.actor) == (shop, key.id, "create", alice)
    assert entry.after == {
        "name": "CRM",
        "hint": secret[-4:],
        "scopes": ["calls:read", "wallet:read"],
        "expires_at": end.isoformat(),
    }


@pytest.mark.parametrize(
    "name, scopes, days, code",
    [
        ("", ["calls:read"], 1, "key_name_invalid"),
        ("  ", ["calls:read"], 1, "key_name_invalid"),
        ("x" * 81, ["calls:read"], 1, "key_name_invalid"),
        ("a\0b", ["calls:read"], 1, "key_name_invalid"),
        ("CRM", ["calls:read", "root"], 1, "scope_unknown"),
        ("CRM", [], 1, "scope_missing"),
        ("CRM", ["calls:read"], 0, "key_expiry_past"),
    ],
)
def test_refuses(shop: Workspace, now: datetime, name: str, scopes: list[str], days: int, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        create_api_key(shop, name, scopes, by=SYSTEM, now=now, expires_at=now + timedelta(days=days))
    assert refused.value.code == code
    assert not ApiKey.objects.exists()


def test_prints_the_key_and_nothing_else(shop: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_api_key", "shop", "--scopes", "all")
    printed = capsys.readouterr().out
    key = ApiKey.objects.get()
    assert key.digest == hashlib.sha512(printed.removesuffix("\n").encode()).hexdigest()
    assert key.scopes == list(SCOPES)
    assert key.expires_at is None


def test_takes_scopes_name_and_days(shop: Workspace) -> None:
    call_command(
        "create_api_key", "shop", "--scopes", "calls:read, calls:write", "--name", "CI", "--days", "7"
    )
    key = ApiKey.objects.get()
    assert (key.name, key.scopes) == ("CI", ["calls:read", "calls:write"])
    assert key.expires_at == key.created_at + timedelta(days=7)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["nobody", "--scopes", "all"], "There is no workspace 'nobody'"),
        (["shop", "--scopes", "everything"], "Unknown scopes: everything"),
        (["shop", "--scopes", ""], "Choose at least one"),
        (["shop", "--scopes", "all", "--days", "-1"], "expired already"),
        (["shop", "--scopes", "all", "--days", "9999999999"], "too large"),
    ],
)
def test_explains_what_it_can_not_do(shop: Workspace, arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("create_api_key", *arguments)
    assert not ApiKey.objects.exists()


@pytest.mark.processes
def test_keeps_its_output_clean_as_a_process(process_env: dict[str, str]) -> None:
    Workspace.objects.create(slug="shop", name="Shop")
    done = subprocess.run(
        [sys.executable, "manage.py", "create_api_key", "shop", "--scopes", "all"],
        env=process_env | {"DIALNEXA_DEBUG": "1", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert ApiKey.objects.get().digest == hashlib.sha512(done.stdout.removesuffix("\n").encode()).hexdigest()
