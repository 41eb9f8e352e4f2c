"""Webhook endpoints: made, changed, switched off and on, removed; their secrets shown once and rotated."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.ids import ID_PATTERN, new_id
from dialnexa.models import WebhookEndpoint, Workspace
from dialnexa.sealing import place, seal, unseal
from dialnexa.webhooks.addressing import parse_url
from dialnexa.webhooks.emitting import Event, write
from dialnexa.webhooks.events import EVENTS, EVERYTHING, TEST
from dialnexa.webhooks.signing import new_secret

DESCRIPTION_LIMIT = 120
LONGEST_OVERLAP = timedelta(hours=24)


def create_endpoint(
    workspace: Workspace,
    url: str,
    events: Collection[str],
    *,
    by: Actor,
    now: datetime,
    description: str = "",
    endpoint_id: str = "",
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret (``whsec_…``), which nobody can read again later.

    ``events``: names of EVENTS, or ``*`` for all there are and will be. ``endpoint_id`` (made with the form,
    see ``new_endpoint_id``) makes it happen once. Raises Refusal: webhook_url_… for the address,
    webhook_events_invalid, webhook_description_invalid; 409 webhook_endpoints_most when there are enough, and
    webhook_endpoint_exists the second time.
    """
    facts = _facts(url, events, description)
    endpoint = WebhookEndpoint(
        pk=endpoint_id or new_id("whe"), workspace=workspace, created_at=now, next_turn_at=now, **facts
    )
    secret = new_secret()
    endpoint.sealed_secret = seal(secret, **place(endpoint, "sealed_secret"))
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # one after the other
        _refuse_another(endpoint)
        endpoint.save(force_insert=True)
        audit.record(endpoint, "create", after=facts, by=by, now=now)
    return endpoint, secret


def change_endpoint(
    endpoint: WebhookEndpoint,
    *,
    url: str,
    events: Collection[str],
    description: str,
    by: Actor,
    now: datetime,
) -> None:
    """Send something else, or elsewhere, from now on; what waits goes to the new address, too.

    Setting the same again changes and records nothing. Raises Refusal as ``create_endpoint``.
    """
    facts = _facts(url, events, description)
    with transaction.atomic():
        row = _locked(endpoint)
        changed = {name: value for name, value in facts.items() if getattr(row, name) != value}
        if not changed:
            return
        before = {name: getattr(row, name) for name in changed}
        WebhookEndpoint.objects.filter(pk=row.pk).update(**changed, **_fresh_start(now))
        audit.record(row, "change", before=before, after=changed, by=by, now=now)


def rotate_secret(endpoint: WebhookEndpoint, *, overlap: timedelta, by: Actor, now: datetime) -> str:
    """A new secret in the place of the old one, which signs beside it for ``overlap`` more.

    Raises Refusal 400 overlap_invalid for less than nothing or more than a day.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Refusal("overlap_invalid", _("The old secret can go on for at most 24 hours."))
    secret = new_secret()
    with transaction.atomic():
        row = _locked(endpoint)
        old = unseal(row.sealed_secret, **place(row, "sealed_secret"))
        row.sealed_previous_secret = seal(old, **place(row, "sealed_previous_secret")) if overlap else None
        row.previous_until = now + overlap if overlap else None
        row.sealed_secret = seal(secret, **place(row, "sealed_secret"))
        row.save(update_fields=["sealed_secret", "sealed_previous_secret", "previous_until"])
        after = {"previous_until": row.previous_until.isoformat() if row.previous_until else None}
        audit.record(row, "rotate", after=after, by=by, now=now)
    return secret


def secrets_of(endpoint: WebhookEndpoint, *, now: datetime) -> list[str]:
    """What signs now, the newest first: one secret, or two for a while after a rotation.

    Raises SealBroken when they don't open.
    """
    found = [unseal(endpoint.sealed_secret, **place(endpoint, "sealed_secret"))]
    if endpoint.previous_until and endpoint.previous_until > now and endpoint.sealed_previous_secret:
        previous = endpoint.sealed_previous_secret
        found.append(unseal(previous, **place(endpoint, "sealed_previous_secret")))
    return found


def disable_endpoint(endpoint: WebhookEndpoint, *, by: Actor, now: datetime, reason: str = "") -> bool:
    """Send nothing there any more; what waits is kept. False when it was off already."""
    with transaction.atomic():
        rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, enabled=True)
        if not rows.update(enabled=False, disabled_reason=reason):
            return False
        audit.record(endpoint, "disable", by=by, now=now, reason=reason)
    return True


def enable_endpoint(endpoint: WebhookEndpoint, *, by: Actor, now: datetime) -> bool:
    """Send again, what waits first. What happened meanwhile is not told. False when it was on already."""
    with transaction.atomic():
        rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, enabled=False, removed_at=None)
        if not rows.update(enabled=True, disabled_reason="", **_fresh_start(now)):
            return False
        audit.record(endpoint, "enable", by=by, now=now)
    return True


def remove_endpoint(endpoint: WebhookEndpoint, *, by: Actor, now: datetime) -> None:
    """Send nothing there any more and show it nowhere. Doing it twice changes nothing more."""
    with transaction.atomic():
        rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, removed_at=None)
        if rows.update(enabled=False, removed_at=now):
            audit.record(endpoint, "remove", before={"url": endpoint.url}, by=by, now=now)


def send_test(endpoint: WebhookEndpoint, *, by: Actor, now: datetime) -> None:
    """Have a ``webhook.test`` sent there soon, whatever events it asked for.

    Raises Refusal 409 webhook_endpoint_disabled.
    """
    if not endpoint.enabled:
        sentence = _("The endpoint is switched off. Switch it on first.")
        raise Refusal("webhook_endpoint_disabled", sentence, status=409)
    data = {"endpoint_id": endpoint.pk, "message": "It works.", "sent_by": by.name}
    event = Event(endpoint.workspace_id, TEST, f"{TEST}:{new_id('tst')}", endpoint.pk, data)
    with transaction.atomic():
        write([(event, [endpoint])], now=now)
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(next_turn_at=now)
        audit.record(endpoint, "test", by=by, now=now)


def new_endpoint_id(offered: str = "") -> str:
    """An id for an endpoint that is to be made: the offered one when it looks like one, else a new one."""
    return offered if ID_PATTERN.fullmatch(offered) and offered.startswith("whe_") else new_id("whe")


def _facts(url: str, events: Collection[str], description: str) -> dict[str, Any]:
    if unknown := sorted(set(events) - EVENTS.keys() - {EVERYTHING}):
        sentence = _("There are no events %(unknown)s. There are: %(known)s.")
        sentence %= {"unknown": ", ".join(unknown), "known": ", ".join(EVENTS)}
        raise Refusal("webhook_events_invalid", sentence, field="events")
    if not events:
        raise Refusal("webhook_events_invalid", _("Choose at least one event."), field="events")
    description = description.strip()
    if len(description) > DESCRIPTION_LIMIT or not description.isprintable():
        sentence = _("A description is one line of at most %(most)d characters.")
        sentence %= {"most": DESCRIPTION_LIMIT}
        raise Refusal("webhook_description_invalid", sentence, field="description")
    chosen = [EVERYTHING] if EVERYTHING in events else [name for name in EVENTS if name in events]
    return {"url": str(parse_url(url)), "events": chosen, "description": description}


def _refuse_another(endpoint: WebhookEndpoint) -> None:
    if WebhookEndpoint.objects.filter(pk=endpoint.pk).exists():
        sentence = _(
            "This endpoint was made already, and its secret was shown then. It can't be shown again."
        )
        raise Refusal("webhook_endpoint_exists", sentence, status=409)
    most = settings.WEBHOOK_ENDPOINTS_MOST
    if WebhookEndpoint.objects.filter(workspace=endpoint.workspace_id, removed_at=None).count() >= most:
        sentence = _("A workspace has at most %(most)d endpoints. Remove one that is not needed.")
        raise Refusal("webhook_endpoints_most", sentence % {"most": most}, status=409)


def _fresh_start(now: datetime) -> dict[str, Any]:
    """What was learned of the address does not count any more."""
    return {"failures": 0, "failing_since": None, "next_turn_at": now}


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    return WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
