"""What people fill in about API keys. Forms check shapes; the rules are in the verbs."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from dialnexa.api_keys import NAME_LIMIT
from dialnexa.errors import Refusal
from dialnexa.money import read_money
from dialnexa.scope_words import GROUPS, PRESETS

ACCESS = (("read", "Read only"), ("all", "Everything"), ("chosen", "Choose"))
EXPIRY = (
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "1 year"),
    ("date", "On a day of your choice"),
    ("none", "Never"),
)
OVERLAPS = (
    ("86400", "24 hours", "Time to put the new secret everywhere."),
    ("3600", "1 hour", "One program, and you are at it now."),
    ("604800", "7 days", "Many programs, or other people's."),
    ("0", "Stop it now", "The secret has leaked, or nothing uses it."),
)
LONGEST = timedelta(days=3660)
SCOPE_CHOICES = [(words.scope, words.label) for group in GROUPS.values() for words in group]


class CapForm(forms.Form):
    """``cap`` is text, so that what was typed is read exactly or not at all; empty: no cap."""

    cap = forms.CharField(required=False, max_length=40, error_messages={"max_length": "That is too long."})

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_cap(self) -> Decimal | None:
        text: str = self.cleaned_data["cap"]
        try:
            return read_money(text, self.currency) if text else None
        except Refusal as refusal:
            raise forms.ValidationError(refusal.sentence, refusal.code) from None


class KeyForm(CapForm):
    """A new key. Days are the reader's: a key that ends on one works until it is over where they are."""

    name = forms.CharField(
        max_length=NAME_LIMIT,
        error_messages={
            "required": "Give the key a name, so that you know later what uses it.",
            "max_length": f"At most {NAME_LIMIT} characters.",
        },
    )
    access = forms.ChoiceField(choices=ACCESS, initial="read")
    scopes = forms.MultipleChoiceField(choices=SCOPE_CHOICES, required=False)
    expiry = forms.ChoiceField(choices=EXPIRY, initial="365")
    expires_on = forms.DateField(
        required=False,
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": "Write the day like 2027-03-31."},
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("expiry") == "date" and "expires_on" in data:
            day = data["expires_on"]
            if day is None:
                self.add_error("expires_on", "Choose the last day the key should work.")
            elif day > (self.now + LONGEST).date():
                self.add_error("expires_on", "Choose a day within the next ten years, or Never.")
        return data

    @property
    def wanted(self) -> dict[str, Any]:
        """What the verb takes, of a valid form."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "scopes": PRESETS.get(data["access"], data["scopes"]),
            "expires_at": self._end(data["expiry"], data["expires_on"]),
            "monthly_spend_cap": data["cap"],
        }

    def _end(self, expiry: str, day: date | None) -> datetime | None:
        if expiry == "none":
            return None
        if expiry == "date" and day is not None:
            return timezone.make_aware(datetime.combine(day + timedelta(days=1), datetime.min.time()))
        return self.now + timedelta(days=int(expiry))


class RotateForm(forms.Form):
    overlap = forms.ChoiceField(choices=[(value, label) for value, label, _ in OVERLAPS])

    @property
    def wanted(self) -> timedelta:
        return timedelta(seconds=int(self.cleaned_data["overlap"]))
