"""An installation set up as the README says …"""

from __future__ import annotations

from tests.dialnexa.test_settings import ELSEWHERE, SECRETS
from tests.processes import clean_env, run

PRODUCTION = SECRETS | {
    "DATABASE_URL": "postgres://u:p@127.0.0.1:9/numbers",  # nothing is asked for
    "REDIS_URL": "redis://127.0.0.1:9",
    "DIALNEXA_SECRET_KEY": "".join(chr(33 + n) for n in range(90)),
    "DIALNEXA_ALLOWED_HOSTS": "numbers.example",
    "DIALNEXA_PLIVO_AUTH_ID": "MAXXXXXXXXXXXXXXXXXX",
    "DIALNEXA_PLIVO_AUTH_TOKEN": "x" * 40,
}
CHECK = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")


def test_leaves_django_nothing_to_warn_of() -> None:
    assert set(ELSEWHERE) <= set(PRODUCTION)
    ended = run(*CHECK, env=clean_env(**PRODUCTION))
    assert "no issues (0 silenced)" in ended.stdout, ended.stderr
    assert ended.returncode == 0


def test_is_warned_of_what_is_weak() -> None:
    ended = run(*CHECK, env=clean_env(**PRODUCTION | {"DIALNEXA_SECRET_KEY": "short", "DIALNEXA_TLS": "0"}))
    assert ended.returncode != 0
    assert "security.W008" in ended.stderr
    assert "security.W009" in ended.stderr


def test_keeps_its_cookies_to_itself_and_to_https() -> None:
    names = [
        f"{kind}_COOKIE_{what}" for kind in ("SESSION", "CSRF") for what in ("NAME", "SECURE", "SAMESITE")
    ]
    names += ["SESSION_COOKIE_HTTPONLY", "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS"]
    code = f"from django.conf import settings; print(*[getattr(settings, name) for name in {names}])"
    ended = run("-c", code, env=clean_env(**PRODUCTION, DJANGO_SETTINGS_MODULE="dialnexa.settings"))
    cookies = "__Host-sessionid True Lax __Host-csrftoken True Lax"
    assert ended.stdout.strip() == f"{cookies} True {365 * 24 * 60 * 60} True", ended.stderr
