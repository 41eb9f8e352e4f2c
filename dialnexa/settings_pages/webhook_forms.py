"""What people fill in about webhooks. Forms check shapes; the rules are in the verbs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms

from dialnexa.models import WebhookEndpoint
from dialnexa.models.webhooks import URL_LIMIT
from dialnexa.webhooks.endpoints import DESCRIPTION_LIMIT
from dialnexa.webhooks.events import EVENTS, EVERYTHING

WHICH = (("all", "Everything"), ("chosen", "Choose"))
OVERLAPS = (
    ("86400", "24 hours", "Messages have both signatures meanwhile, so nothing is missed."),
    ("3600", "1 hour", "One program, and you are at it now."),
    ("0", "Stop it now", "The secret has leaked."),
)
PERIODS = (("1", "Last 24 hours"), ("7", "Last 7 days"), ("30", "Everything that is kept, 30 days"))
TITLES = {"number": "Numbers", "rental": "Rent", "kyc": "KYC", "call": "Calls", "limit": "Limits"}


class EndpointForm(forms.Form):
    url = forms.CharField(
        max_length=URL_LIMIT, error_messages={"required": "Say where we should send messages."}
    )
    description = forms.CharField(required=False, max_length=DESCRIPTION_LIMIT)
    which = forms.ChoiceField(choices=WHICH, initial="all")
    events = forms.MultipleChoiceField(choices=[(name, name) for name in EVENTS], required=False)

    @property
    def wanted(self) -> dict[str, Any]:
        """What the verbs take, of a valid form."""
        data = self.cleaned_data
        events = [EVERYTHING] if data["which"] == "all" else data["events"]
        return {"url": data["url"], "description": data["description"], "events": events}


class RotateForm(forms.Form):
    overlap = forms.ChoiceField(choices=[(value, label) for value, label, _ in OVERLAPS])

    @property
    def wanted(self) -> timedelta:
        return timedelta(seconds=int(self.cleaned_data["overlap"]))


class PeriodForm(forms.Form):
    days = forms.ChoiceField(choices=PERIODS)

    def since(self, now: datetime) -> datetime:
        return now - timedelta(days=int(self.cleaned_data["days"]))


def initial_of(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """The endpoint as the form shows it."""
    everything = endpoint.events == [EVERYTHING]
    return {
        "url": endpoint.url,
        "description": endpoint.description,
        "which": "all" if everything else "chosen",
        "events": [] if everything else endpoint.events,
    }


def event_groups() -> dict[str, list[tuple[str, str]]]:
    """Names and explanations, by what they are about."""
    groups: dict[str, list[tuple[str, str]]] = {title: [] for title in TITLES.values()}
    for name, explains in EVENTS.items():
        groups[TITLES[name.partition(".")[0]]].append((name, explains))
    return groups
