"""Which numbers may be called to speak a code, and how often: each refusal in words.

A call to any number costs money and can annoy its owner, so calls are counted, in the database: for a number
over the whole installation, for a workspace over the day. What certainly was not placed does not count.

A number may prove ``MOST_WORKSPACES``: whoever runs several has one phone, but nobody lends one to many.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from kyc.models import VerificationCall, VerificationNumber
from phone_numbers.models import PhoneNumber
from telephony.call_stops import stop_of, stopped_words
from telephony.e164 import Unreadable, costs_extra, format_international, read_destination
from telephony.high_cost import ranges_of

log = logging.getLogger(__name__)
HOURLY = 3  # calls to one number, whoever asks
NUMBER_DAILY = 6  # calls to one number: nobody is rung all day by many workspaces
DAILY = 10  # calls for one workspace
AGAIN_AFTER = timedelta(seconds=30)  # nobody wants two calls from one double click
MOST_WORKSPACES = 3


def read_number(text: str) -> str:
    """The number in E.164. Raises Refusal."""
    number = read_destination(text)
    if isinstance(number, Unreadable):
        raise Refusal("number_invalid", number.sentence, field="number")
    if costs_extra(number.e164):
        sentence = _(
            "%(number)s costs its callers more than an ordinary number. Give a mobile or landline number."
        ) % {"number": format_international(number.e164)}
        raise Refusal("verification_number_costly", sentence, field="number")
    return number.e164


def refuse_stopped(workspace: Workspace, number: str, now: datetime) -> None:
    if stop := stop_of(workspace):
        raise Refusal("calls_stopped", stopped_words(stop), status=409, fix="limits")
    if why := ranges_of(workspace, at=now).why_not(number):
        sentence = _("%(number)s can't be called: %(why)s. Give a mobile or landline number.")
        sentence %= {"number": format_international(number), "why": why}
        raise Refusal("verification_number_costly", sentence, field="number")


def refuse_unsuitable(workspace: Workspace, row: VerificationNumber, number: str) -> None:
    shown = format_international(number)
    if row.confirmed_at and row.e164 == number:
        sentence = _("%(number)s is confirmed already. Give another number, or leave it.")
        raise Refusal(
            "verification_number_confirmed", sentence % {"number": shown}, status=409, field="number"
        )
    if PhoneNumber.objects.filter(e164=number, status__in=PhoneNumber.LIVE).exists():
        raise Refusal("verification_number_ours", _ours(number, workspace), status=409, field="number")
    refuse_lent(workspace, number)


def _ours(number: str, workspace: Workspace) -> str:
    """Whose it is, without telling of other workspaces."""
    mine = PhoneNumber.objects.filter(e164=number, status__in=PhoneNumber.LIVE, workspace=workspace)
    named = {"number": format_international(number), "workspace": workspace.name}
    if mine.exists():
        return _("%(number)s is a number in %(workspace)s. Give one that you answer yourself.") % named
    return _("%(number)s is a number in use here. Give one that you answer yourself.") % named


def refuse_lent(workspace: Workspace, number: str) -> None:
    """Locks the number for the whole installation, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"verification:{number}"])
    others = VerificationNumber.objects.filter(e164=number, confirmed_at__isnull=False)
    if others.exclude(pk=workspace.pk).count() >= MOST_WORKSPACES:
        sentence = _("%(number)s stands for %(most)s workspaces already. Give another.")
        sentence %= {"number": format_international(number), "most": MOST_WORKSPACES}
        raise Refusal("verification_number_taken", sentence, status=409, field="number")


def refuse_flood(workspace: Workspace, number: str, now: datetime) -> None:
    """Count what was asked, of the workspace and of the number."""
    placed = VerificationCall.objects.filter(failed_at=None)
    mine = placed.filter(workspace=workspace, asked_at__gt=now - timedelta(days=1))
    if mine.filter(asked_at__gt=now - AGAIN_AFTER).exists():
        raise _flood(
            "code_just_asked", _("We called a moment ago. If nothing rings, ask again in half a minute.")
        )
    there, shown = placed.filter(e164=number), format_international(number)
    for hours, most, sentence in (
        (1, HOURLY, _("%(number)s was called %(most)s times within an hour. Try again later.")),
        (24, NUMBER_DAILY, _("%(number)s was called %(most)s times within a day. Try again later.")),
    ):
        if there.filter(asked_at__gt=now - timedelta(hours=hours)).count() >= most:
            raise _flood("number_called_often", sentence % {"number": shown, "most": most})
    if placed.filter(asked_at__gt=now - timedelta(hours=1)).count() >= settings.VERIFICATION_CALLS_AN_HOUR:
        log.error("No verification codes for an hour: %s were asked for", settings.VERIFICATION_CALLS_AN_HOUR)
        sentence = _("Too many people ask for codes at the moment. Try again in an hour, or ask support.")
        raise _flood("codes_overrun", sentence)
    if mine.count() >= DAILY:
        sentence = _("This workspace asked for %(most)s codes within a day. Try again tomorrow.")
        raise _flood("codes_asked_often", sentence % {"most": DAILY})


def _flood(code: str, sentence: str) -> Refusal:
    return Refusal(code, sentence, status=429, field="number")
