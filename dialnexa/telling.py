"""What members are told about their workspace itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet
from django.urls import reverse

from dialnexa.access import Right
from dialnexa.models import ApiKey, Notice
from dialnexa.notices import tell
from dialnexa.translations.marking import gettext_noop

AHEAD = timedelta(days=7)
TITLE = gettext_noop("The API key %(key)s ends on %(day)s")
BODY = gettext_noop("From %(when)s on it is refused. Rotate it, so that no program stops working.")


def tell_of_ending_keys(now: datetime) -> int:
    """Tell of every API key that ends within AHEAD, once; how many were told. Safe to repeat and to miss."""
    return sum(_tell_of_ending_key(key, now) is not None for key in ending_keys(now))


def ending_keys(now: datetime) -> QuerySet[ApiKey]:
    """Keys that work and will soon not. Rotated ones are replaced already, short-lived ones are meant so."""
    working = ApiKey.objects.filter(revoked_at=None, replacements=None)
    ending = working.filter(expires_at__gt=now, expires_at__lte=now + AHEAD)
    return ending.filter(created_at__lte=F("expires_at") - AHEAD).select_related("workspace")


def _tell_of_ending_key(key: ApiKey, now: datetime) -> Notice | None:
    assert key.expires_at is not None
    local = key.expires_at.astimezone(ZoneInfo(key.workspace.time_zone))
    return tell(
        key.workspace,
        reference=f"key:{key.pk}:ends:{key.expires_at.isoformat()}",
        right=Right.MANAGE,
        title=TITLE % {"key": key, "day": f"{local:%-d %B}"},
        body=BODY % {"when": f"{local:%-d %B %Y, %H:%M}"},
        page=reverse("settings:keys", args=[key.workspace.slug]),
        now=now,
    )
