"""A stolen password …"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from dialnexa.breached_passwords import is_listed
from tests.dialnexa.test_settings import ELSEWHERE, SECRETS, load

STOLEN = [f"correct horse {n}" for n in range(200)]


@pytest.fixture(params=["{}:{}\n", "{}\n", "{}:{}\r\n"])
def listed(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Sorted, with counts of all lengths, without, and as Windows ends lines."""
    hashes = sorted(hashlib.sha1(each.encode()).hexdigest().upper() for each in STOLEN)  # noqa: S324
    path = tmp_path / "stolen"
    path.write_bytes(
        "".join(request.param.format(each, 7 ** (n % 11)) for n, each in enumerate(hashes)).encode()
    )
    return path


def test_is_found_wherever_it_stands(listed: Path) -> None:
    assert [each for each in STOLEN if not is_listed(each, listed)] == []
    assert [n for n in range(500) if is_listed(f"nobody has this {n}", listed)] == []


def test_is_found_at_the_end_of_a_list_that_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "stolen"
    path.write_text(hashlib.sha1(b"the only one").hexdigest())  # noqa: S324
    assert is_listed("the only one", path)
    path.write_text("")
    assert not is_listed("the only one", path)


def test_is_refused_with_a_sentence(listed: Path, settings: LazySettings) -> None:
    name = "dialnexa.breached_passwords.BreachedPasswordValidator"
    settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": name, "OPTIONS": {"path": str(listed)}}]
    with pytest.raises(ValidationError, match="stolen elsewhere. Choose another"):
        validate_password(STOLEN[3])
    validate_password("nobody has this one")


def test_is_asked_about_where_a_list_is_named(listed: Path) -> None:
    code = "print([each['NAME'].split('.')[-1] for each in settings.AUTH_PASSWORD_VALIDATORS][-1])"
    env = ELSEWHERE | SECRETS | {"DJANGO_SETTINGS_MODULE": "dialnexa.settings"}
    assert load(code, **env).stdout.strip() == "CommonPasswordValidator"
    named = env | {"DIALNEXA_BREACHED_PASSWORDS": str(listed)}
    assert load(code, **named).stdout.strip() == "BreachedPasswordValidator"
    wrong = env | {"DIALNEXA_BREACHED_PASSWORDS": str(listed / "not")}
    assert "which is not a file" in load("", **wrong).stderr
