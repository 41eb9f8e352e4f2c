"""A process that was told to be walled …"""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.core.checks import Tags, run_checks
from django.core.management import CommandError, call_command
from django.test import Client

from tests.isolation.wall import as_web, build_wall, take_down

pytestmark = pytest.mark.django_db


def findings() -> list[str]:
    return [str(found.id) for found in run_checks(tags=[Tags.database], databases=["default"])]


def test_does_not_serve_as_a_role_that_sees_all(client: Client, settings: LazySettings) -> None:
    settings.WALLED = True
    assert findings() == ["dialnexa.E002"]
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "policies do not hold" in answer.json()["checks"]["wall"]["says"]
    with pytest.raises(CommandError, match="policies do not hold .* make_roles"):
        call_command("serve")


def test_is_at_ease_behind_the_wall(client: Client, settings: LazySettings) -> None:
    settings.WALLED = True
    build_wall()
    try:
        with as_web():
            assert findings() == []
            assert client.get("/readyz").json()["checks"]["wall"]["ok"]
    finally:
        take_down()


def test_is_asked_nothing_where_there_is_to_be_none(client: Client) -> None:
    assert findings() == []
    assert "wall" not in client.get("/readyz").json()["checks"]
