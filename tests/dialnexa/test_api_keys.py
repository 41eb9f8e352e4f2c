"""dialnexa.api_keys …"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.api_keys import SCOPES, create_api_key, digest, is_live, new_key_id, revoke_api_key
from dialnexa.errors import Refusal
from dialnexa.ids import ID_PATTERN
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
        "monthly_spend_cap": None,
    }


def test_has_the_cap_it_was_given(shop: Workspace, now: datetime) -> None:
    cap = Decimal("2500.50")
    key, _ = create_api_key(shop, "CRM", ["calls:read"], by=SYSTEM, now=now, monthly_spend_cap=cap)
    key.refresh_from_db()
    assert key.monthly_spend_cap == cap
    assert AuditEntry.objects.get().after["monthly_spend_cap"] == "2500.50"


@pytest.mark.parametrize("cap", ["-0.01", "NaN", "Infinity", "0.001", "10000000000"])
def test_refuses_an_impossible_cap(shop: Workspace, now: datetime, cap: str) -> None:
    with pytest.raises(Refusal) as refused:
        create_api_key(shop, "CRM", ["calls:read"], by=SYSTEM, now=now, monthly_spend_cap=Decimal(cap))
    assert refused.value.code == "cap_invalid"
    assert not ApiKey.objects.exists()


def test_is_made_once_however_often_its_form_is_sent(shop: Workspace, now: datetime) -> None:
    once = new_key_id()
    key, secret = create_api_key(shop, "CRM", ["calls:read"], by=SYSTEM, now=now, key_id=once)
    with pytest.raises(Refusal) as refused:
        create_api_key(shop, "CRM", ["calls:read"], by=SYSTEM, now=now, key_id=once)
    assert (refused.value.code, refused.value.status) == ("key_exists", 409)
    stored = ApiKey.objects.get()
    assert stored.pk == once == key.pk
    assert stored.digest == digest(secret)
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize(
    "offered", ["", "key_1", "phn_" + "0" * 26, "key_" + "U" * 26, "key_" + "0" * 26 + "\n"]
)
def test_takes_no_nonsense_for_its_id(offered: str) -> None:
    made = new_key_id(offered)
    assert ID_PATTERN.fullmatch(made)
    assert made != offered
    assert new_key_id(made) == made


def test_stops_at_once_when_it_is_revoked(shop: Workspace, now: datetime) -> None:
    key, _ = create_api_key(shop, "CRM", ["calls:read"], by=SYSTEM, now=now)
    assert is_live(key, now)
    revoke_api_key(key, by=SYSTEM, now=now, reason="Leaked.")
    key.refresh_from_db()
    assert not is_live(key, now)
    assert AuditEntry.objects.get(event="revoke").reason == "Leaked."
    with pytest.raises(Refusal) as refused:
        revoke_api_key(key, by=SYSTEM, now=now)
    assert refused.value.code == "key_revoked"


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


def test_takes_scopes_name_days_and_cap(shop: Workspace) -> None:
    options = ["--scopes", "calls:read, calls:write", "--name", "CI", "--days", "7", "--cap", "2,500.50"]
    call_command("create_api_key", "shop", *options)
    key = ApiKey.objects.get()
    assert key.monthly_spend_cap == Decimal("2500.50")
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
        (["shop", "--scopes", "all", "--cap", "1e3"], "plain digits"),
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
