"""What people fill in about API keys. Forms check shapes; the rules are in the verbs."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dialnexa.api_keys import NAME_LIMIT
from dialnexa.errors import Refusal
from dialnexa.money import read_money
from dialnexa.scope_words import GROUPS, PRESETS

ACCESS = (("read", _("Read only")), ("all", _("Everything")), ("chosen", _("Choose")))
EXPIRY = (
    ("30", _("30 days")),
    ("90", _("90 days")),
    ("365", _("1 year")),
    ("date", _("On a day of your choice")),
    ("none", _("Never")),
)
OVERLAPS = (
    ("86400", _("24 hours"), _("Time to put the new secret everywhere.")),
    ("3600", _("1 hour"), _("One program, and you are at it now.")),
    ("604800", _("7 days"), _("Many programs, or other people's.")),
    ("0", _("Stop it now"), _("The secret has leaked, or nothing uses it.")),
)
LONGEST = timedelta(days=3660)
SCOPE_CHOICES = [(words.scope, words.label) for group in GROUPS.values() for words in group]


class CapForm(forms.Form):
    """``cap`` is text, so that what was typed is read exactly or not at all; empty: no cap."""

    cap = forms.CharField(
        required=False, max_length=40, error_messages={"max_length": _("That is too long.")}
    )

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
            "required": _("Give the key a name, so that you know later what uses it."),
            "max_length": _("At most %(limit_value)d characters."),
        },
    )
    access = forms.ChoiceField(choices=ACCESS, initial="read")
    scopes = forms.MultipleChoiceField(choices=SCOPE_CHOICES, required=False)
    expiry = forms.ChoiceField(choices=EXPIRY, initial="365")
    expires_on = forms.DateField(
        required=False,
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": _("Write the day like 2027-03-31.")},
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("expiry") == "date" and "expires_on" in data:
            day = data["expires_on"]
            if day is None:
                self.add_error("expires_on", _("Choose the last day the key should work."))
            elif day > (self.now + LONGEST).date():
                self.add_error("expires_on", _("Choose a day within the next ten years, or Never."))
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
    overlap = forms.ChoiceField(choices=[(value, label) for value, label, explains in OVERLAPS])

    @property
    def wanted(self) -> timedelta:
        return timedelta(seconds=int(self.cleaned_data["overlap"]))
