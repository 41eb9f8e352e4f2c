"""What people fill in about webhooks. Forms check shapes; the rules are in the verbs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dialnexa.models import WebhookEndpoint
from dialnexa.models.webhooks import URL_LIMIT
from dialnexa.webhooks.endpoints import DESCRIPTION_LIMIT
from dialnexa.webhooks.events import EVENTS, EVERYTHING

WHICH = (("all", _("Everything")), ("chosen", _("Choose")))
OVERLAPS = (
    ("86400", _("24 hours"), _("Messages have both signatures meanwhile, so nothing is missed.")),
    ("3600", _("1 hour"), _("One program, and you are at it now.")),
    ("0", _("Stop it now"), _("The secret has leaked.")),
)
PERIODS = (
    ("1", _("Last 24 hours")),
    ("7", _("Last 7 days")),
    ("30", _("Everything that is kept, 30 days")),
)
TITLES = {
    "number": _("Numbers"),
    "rental": _("Rent"),
    "kyc": _("KYC"),
    "call": _("Calls"),
    "limit": _("Limits"),
}


class EndpointForm(forms.Form):
    url = forms.CharField(
        max_length=URL_LIMIT, error_messages={"required": _("Say where we should send messages.")}
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
    overlap = forms.ChoiceField(choices=[(value, label) for value, label, explains in OVERLAPS])

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
    groups: dict[str, list[tuple[str, str]]] = {str(title): [] for title in TITLES.values()}
    for name, explains in EVENTS.items():
        groups[str(TITLES[name.partition(".")[0]])].append((name, gettext(explains)))
    return groups
