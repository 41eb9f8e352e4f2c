"""Whether a process that was told to be walled is: the role it works as may not pass policies by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from dialnexa.isolation.roles import is_powerful

SENTENCE = (
    "DIALNEXA_WALLED is set, but policies do not hold for the database's role {role}: it sees all rows."
)
HINT = "Give web processes the role that manage.py make_roles made, in DATABASE_URL."


def wall_missing() -> str:
    """Why there is no wall although there has to be one; empty when all is well. Raises DatabaseError."""
    if not settings.WALLED:
        return ""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT current_user")
        (role,) = cursor.fetchone() or ("",)
    return SENTENCE.format(role=role) if is_powerful(role) else ""


@register(Tags.database)
def check_role(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **rest: Any
) -> list[CheckMessage]:
    """Asked by ``check --database default`` and by ``migrate``, before anything is done."""
    if "default" not in (databases or ()):
        return []
    return [Error(told, hint=HINT, id="dialnexa.E002")] if (told := wall_missing()) else []
