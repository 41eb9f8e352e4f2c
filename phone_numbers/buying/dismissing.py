"""Putting away a number that could not be bought."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from phone_numbers.models import PhoneNumber


def dismiss_number(number: PhoneNumber, *, by: Actor, now: datetime) -> None:
    """Take a failed number off the table. Doing it twice changes nothing more. Raises Refusal otherwise."""
    if number.status != PhoneNumber.Status.FAILED:
        sentence = _("%(number)s did not fail, so it stays in the table.")
        raise Refusal("number_not_failed", sentence % {"number": number.e164}, status=409)
    with transaction.atomic():
        rows = PhoneNumber.objects.filter(pk=number.pk, status="failed", dismissed_at=None)
        if rows.update(dismissed_at=now):
            audit.record(number, "dismiss", by=by, now=now)
    number.dismissed_at = number.dismissed_at or now
