"""Releases by staff: a few a day alone, more with a second person."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from dialnexa.actors import Actor, Channel
from dialnexa.approvals import WINDOW, Deed, approved_by, ask, is_own, teach
from dialnexa.models import ApprovalRequest, AuditEntry, User
from phone_numbers.models import PhoneNumber
from phone_numbers.releasing import release_number

Kind = ApprovalRequest.Kind


def release_or_ask(number: PhoneNumber, *, by: Actor, now: datetime, reason: str) -> ApprovalRequest | None:
    """Release it, or ask for that: above ``RELEASE_ALONE`` a day, and for a workspace of one's own.

    Raises Refusal as ``release_number`` and ``ask`` do.
    """
    assert by.user is not None
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=by.user.pk)  # a person's releases one by one
        if is_own(number.workspace, by) or released_alone(by, now=now) >= settings.RELEASE_ALONE:
            details = {"number": number.pk, "what": number.e164}
            return ask(Kind.RELEASE, number.workspace, details, reason=reason, by=by, now=now)
        release_number(number, by=by, now=now, reason=reason)
    return None


def released_alone(by: Actor, *, now: datetime) -> int:
    """How many numbers ``by`` released within WINDOW without a second person."""
    released = AuditEntry.objects.filter(
        actor=by.user,
        channel=Channel.STAFF,
        subject_type="phonenumber",
        event="release",
        at__gt=now - WINDOW,
    )
    return released.count() - approved_by(by, Kind.RELEASE, now=now).count()


def _release(asked: ApprovalRequest, *, by: Actor, now: datetime) -> str:
    number = PhoneNumber.objects.get(pk=asked.details["number"])
    release_number(number, by=by, now=now, reason=f"{asked.reason} (asked for by {asked.requested_by})")
    return f"{number.e164} is released; the carrier is told within seconds."


def learn() -> None:
    teach(Kind.RELEASE, Deed("numbers.change_phonenumber", _release))
