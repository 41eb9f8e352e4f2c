"""Writing down what the customer's servers are to be told, in the transaction of what happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from dialnexa.models import WebhookDelivery, WebhookEndpoint, WebhookMessage, Workspace
from dialnexa.webhooks.events import EVENTS, EVERYTHING, TEST
from dialnexa.webhooks.writing import moment

Data = Mapping[str, Any] | Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. ``subject``: the id of what it happened to; ``data``: plain JSON, no secrets,
    or what makes it, called only where somebody listens. ``reference`` is unique to it, for example
    ``rental.renewed:rnt_…:3``, and at most 160 characters.
    """

    workspace_id: str
    type: str
    reference: str
    subject: str
    data: Data


def emit(workspace: Workspace, type: str, *, reference: str, subject: str, data: Data, now: datetime) -> None:
    """Have it told to every enabled endpoint of the workspace that asked for this type (see ``Event``).

    Call it in the transaction of what happened. Nothing happens when ``reference`` was told before, or when
    no endpoint wants it, which costs one small query. Raises ValueError for a type that is not in EVENTS.
    """
    emit_all([Event(workspace.pk, type, reference, subject, data)], now=now)


def emit_all(events: Sequence[Event], *, now: datetime) -> None:
    """``emit`` for many at once: four statements, however many and of however many workspaces."""
    if unknown := {event.type for event in events} - EVENTS.keys():
        raise ValueError(f"There are no events {', '.join(sorted(unknown))}.")
    endpoints = _enabled_endpoints({event.workspace_id for event in events})
    wanted = [(event, [e for e in endpoints[event.workspace_id] if wants(e, event.type)]) for event in events]
    write(((event, asking) for event, asking in wanted if asking), now=now)


def write(events: Iterable[tuple[Event, Sequence[WebhookEndpoint]]], *, now: datetime) -> list[str]:
    """The messages, each with a delivery to these endpoints; the ids of those that are new."""
    ordered = sorted(events, key=lambda pair: pair[0].reference)  # of two at once, one waits for the other
    messages = [(message_of(event, now), endpoints) for event, endpoints in ordered]
    if not messages:
        return []
    with transaction.atomic():
        made = [message for message, _ in messages]
        WebhookMessage.objects.bulk_create(made, ignore_conflicts=True)
        new = WebhookMessage.objects.filter(pk__in=[message.pk for message in made])
        new_ids = set(new.values_list("pk", flat=True))
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(message=message, endpoint=endpoint, next_try_at=now, created_at=now)
            for message, endpoints in messages
            if message.pk in new_ids
            for endpoint in endpoints
        )
    return sorted(new_ids)


def message_of(event: Event, now: datetime) -> WebhookMessage:
    data = event.data() if callable(event.data) else event.data
    return WebhookMessage(
        workspace_id=event.workspace_id,
        type=event.type,
        subject_id=event.subject,
        reference=event.reference,
        payload={"type": event.type, "timestamp": moment(now), "data": dict(data)},
        created_at=now,
    )


def wants(endpoint: WebhookEndpoint, type: str) -> bool:
    """Whether the endpoint asked for events of this type."""
    return EVERYTHING in endpoint.events or type in endpoint.events or type == TEST


def _enabled_endpoints(workspace_ids: set[str]) -> dict[str, list[WebhookEndpoint]]:
    """Without their secrets, which need not leave the database for this."""
    rows = WebhookEndpoint.objects.filter(workspace__in=workspace_ids, enabled=True)
    found: dict[str, list[WebhookEndpoint]] = defaultdict(list)
    for endpoint in rows.only("workspace_id", "events"):
        found[endpoint.workspace_id].append(endpoint)
    return found
