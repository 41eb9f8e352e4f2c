"""Webhook endpoints and deliveries as the pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dialnexa.ids import ID_PATTERN
from dialnexa.models import WebhookDelivery, WebhookEndpoint, Workspace
from dialnexa.webhooks.events import EVENTS, EVERYTHING, TEST

TYPES = (*EVENTS, TEST)
TONES = {"pending": "waiting", "delivered": "ok", "failed": "trouble"}


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """``last`` is the delivery that was asked for last."""

    endpoint: WebhookEndpoint
    waiting: int
    last: WebhookDelivery | None

    @property
    def state(self) -> tuple[str, str]:
        """A word and its tone."""
        if not self.endpoint.enabled:
            return _("Off"), "trouble" if self.endpoint.disabled_reason else "off"
        return (_("Failing"), "trouble") if self.endpoint.failures else (_("On"), "ok")

    @property
    def events(self) -> str:
        return events_in_words(self.endpoint.events)


@dataclass(frozen=True, slots=True)
class LogFilters:
    """``state`` and ``type`` narrow the log; ``after`` and ``before`` are ids of deliveries."""

    state: str = ""
    type: str = ""
    after: str = ""
    before: str = ""

    @property
    def query(self) -> str:
        words = {"state": self.state, "type": self.type}
        return urlencode({name: value for name, value in words.items() if value})

    def choose(self, endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
        rows = WebhookDelivery.objects.filter(endpoint=endpoint).select_related("message")
        if self.state:
            rows = rows.filter(state=self.state)
        return rows.filter(message__type=self.type) if self.type else rows


def read_endpoints(workspace: Workspace) -> list[EndpointRow]:
    """Every endpoint that was not removed, the oldest first; there are few."""
    return [read_endpoint(endpoint) for endpoint in endpoints_of(workspace)]


def read_endpoint(endpoint: WebhookEndpoint) -> EndpointRow:
    waiting = endpoint.deliveries.filter(state="pending").count()
    last = endpoint.deliveries.select_related("message").order_by("-created_at", "-pk").first()
    return EndpointRow(endpoint, waiting, last)


def endpoints_of(workspace: Workspace) -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.filter(workspace=workspace, removed_at=None)


def events_in_words(events: list[str]) -> str:
    return _("Everything") if EVERYTHING in events else ", ".join(events)


def read_log_filters(asked: Mapping[str, str]) -> LogFilters:
    """What can be made of the address; nonsense counts as nothing."""
    state, type = asked.get("state", ""), asked.get("type", "")
    places = {name: asked.get(name, "") for name in ("after", "before")}
    return LogFilters(
        state=state if state in WebhookDelivery.State.values else "",
        type=type if type in TYPES else "",
        **{name: place for name, place in places.items() if ID_PATTERN.fullmatch(place)},
    )
