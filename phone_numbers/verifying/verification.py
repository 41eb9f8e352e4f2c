"""The registered verification number: a person proves that they answer it by a code spoken in a call.

A call to any number costs money and can annoy its owner, so calls are counted, in the database: for a number
over the whole installation, for a workspace over the day. What certainly was not placed does not count.

A number may prove ``MOST_WORKSPACES``: whoever runs several has one phone, but nobody lends one to many.
"""

from __future__ import annotations

import hmac
import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse

from dialnexa import audit
from dialnexa.access import Right
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.isolation.scope import everywhere
from dialnexa.models import Notice, Workspace
from dialnexa.notices import tell
from kyc.models import VerificationCall, VerificationNumber
from phone_numbers.models import PhoneNumber
from phone_numbers.verifying.calls import Caller, code_digest, configured_caller, new_call, place
from telephony.call_stops import stop_of, stopped_words
from telephony.e164 import Unreadable, costs_extra, format_international, read_destination
from telephony.high_cost import ranges_of

log = logging.getLogger(__name__)
CODE_GOOD_FOR = timedelta(minutes=10)
TRIES = 5  # of one code
HOURLY = 3  # calls to one number, whoever asks
NUMBER_DAILY = 6  # calls to one number: nobody is rung all day by many workspaces
DAILY = 10  # calls for one workspace
AGAIN_AFTER = timedelta(seconds=30)  # nobody wants two calls from one double click
MOST_WORKSPACES = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A code is on its way to ``e164``. ``sure`` is False when the carrier did not say whether it calls."""

    e164: str
    until: datetime
    sure: bool


def ask_code(workspace: Workspace, e164_text: str, *, by: Actor, now: datetime) -> Asked:
    """Call the number and speak a new code; a code of before is void. Returns when the carrier has answered.

    Raises Refusal: 409 ``verification_unavailable``, ``verification_number_confirmed``,
    ``verification_number_ours``, ``verification_number_taken``; 400 ``number_invalid``,
    ``verification_number_costly``; 429 ``code_just_asked``, ``number_called_often``, ``codes_asked_often``;
    502 ``verification_call_failed`` when the carrier certainly did not call, which does not count.
    """
    caller = configured_caller()
    number = _number(e164_text)
    with transaction.atomic():
        row = _locked(workspace)
        _refuse_stopped(workspace, number, now)
        with everywhere("Whose a number is, and how often it was called, counts among all workspaces."):
            _refuse_unsuitable(workspace, row, number)
            _refuse_flood(workspace, number, now)
        call, token = new_call(workspace, number, caller, now=now)
        _await_code(row, number, code_digest(workspace.pk, number, token), now)
        audit.record(row, "ask_code", after={"verification_number": number}, by=by, now=now)
    return _dial(caller, row, call, token, now)


def confirm_code(workspace: Workspace, code: str, *, by: Actor, now: datetime) -> VerificationNumber:
    """Confirm the number that waits with the code that was spoken: from now on it is the registered one.

    Raises Refusal: 409 ``code_not_asked``, ``code_expired``, ``code_tries_used``,
    ``verification_number_taken``; 422 ``code_wrong`` with the tries that are left, and ``code_malformed``,
    which costs no try.
    """
    with transaction.atomic():
        row = _locked(workspace)
        _refuse_closed(row, now)
        _refuse_malformed(code)
        right = _is_code(row, code)
        if right:
            with everywhere("A number stands for a few workspaces among all."):
                _refuse_lent(workspace, row.pending_e164)
            _confirm(row, by=by, now=now)
        else:
            row.tries_left -= 1
            row.save(update_fields=["tries_left"])
    if not right:
        raise _wrong_code(row)
    return row


# --- asking


def _number(text: str) -> str:
    """The number in E.164. Raises Refusal."""
    number = read_destination(text)
    if isinstance(number, Unreadable):
        raise Refusal("number_invalid", number.sentence, field="number")
    if costs_extra(number.e164):
        sentence = (
            f"{format_international(number.e164)} costs its callers more than an ordinary number. "
            "Give a mobile or landline number."
        )
        raise Refusal("verification_number_costly", sentence, field="number")
    return number.e164


def _refuse_stopped(workspace: Workspace, number: str, now: datetime) -> None:
    if stop := stop_of(workspace):
        raise Refusal("calls_stopped", stopped_words(stop), status=409, fix="limits")
    if why := ranges_of(workspace, at=now).why_not(number):
        sentence = f"{format_international(number)} can't be called: {why}. Give a mobile or landline number."
        raise Refusal("verification_number_costly", sentence, field="number")


def _locked(workspace: Workspace) -> VerificationNumber:
    """The workspace's row, made if missing; nobody else changes it until the transaction ends."""
    VerificationNumber.objects.bulk_create([VerificationNumber(workspace=workspace)], ignore_conflicts=True)
    return VerificationNumber.objects.select_for_update(of=("self",)).get(pk=workspace.pk)


def _refuse_unsuitable(workspace: Workspace, row: VerificationNumber, number: str) -> None:
    shown = format_international(number)
    if row.confirmed_at and row.e164 == number:
        sentence = f"{shown} is confirmed already. Give another number, or leave it."
        raise Refusal("verification_number_confirmed", sentence, status=409, field="number")
    if PhoneNumber.objects.filter(e164=number, status__in=PhoneNumber.LIVE).exists():
        sentence = f"{shown} is a number in {_where(number, workspace)}. Give one that you answer yourself."
        raise Refusal("verification_number_ours", sentence, status=409, field="number")
    _refuse_lent(workspace, number)


def _where(number: str, workspace: Workspace) -> str:
    """Whose it is, without telling of other workspaces."""
    mine = PhoneNumber.objects.filter(e164=number, status__in=PhoneNumber.LIVE, workspace=workspace)
    return workspace.name if mine.exists() else "use here"


def _refuse_lent(workspace: Workspace, number: str) -> None:
    """Locks the number for the whole installation, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"verification:{number}"])
    others = VerificationNumber.objects.filter(e164=number, confirmed_at__isnull=False)
    if others.exclude(pk=workspace.pk).count() >= MOST_WORKSPACES:
        sentence = (
            f"{format_international(number)} stands for {MOST_WORKSPACES} workspaces already. Give another."
        )
        raise Refusal("verification_number_taken", sentence, status=409, field="number")


def _refuse_flood(workspace: Workspace, number: str, now: datetime) -> None:
    """Count what was asked, of the workspace and of the number."""
    placed = VerificationCall.objects.filter(failed_at=None)
    mine = placed.filter(workspace=workspace, asked_at__gt=now - timedelta(days=1))
    if mine.filter(asked_at__gt=now - AGAIN_AFTER).exists():
        raise _flood(
            "code_just_asked", "We called a moment ago. If nothing rings, ask again in half a minute."
        )
    there, shown = placed.filter(e164=number), format_international(number)
    for hours, most, span in ((1, HOURLY, "an hour"), (24, NUMBER_DAILY, "a day")):
        if there.filter(asked_at__gt=now - timedelta(hours=hours)).count() >= most:
            sentence = f"{shown} was called {most} times within {span}. Try again later."
            raise _flood("number_called_often", sentence)
    if placed.filter(asked_at__gt=now - timedelta(hours=1)).count() >= settings.VERIFICATION_CALLS_AN_HOUR:
        log.error("No verification codes for an hour: %s were asked for", settings.VERIFICATION_CALLS_AN_HOUR)
        sentence = "Too many people ask for codes at the moment. Try again in an hour, or ask support."
        raise _flood("codes_overrun", sentence)
    if mine.count() >= DAILY:
        sentence = f"This workspace asked for {DAILY} codes within a day. Try again tomorrow."
        raise _flood("codes_asked_often", sentence)


def _flood(code: str, sentence: str) -> Refusal:
    return Refusal(code, sentence, status=429, field="number")


def _await_code(row: VerificationNumber, number: str, digest: str, now: datetime) -> None:
    row.pending_e164 = number
    row.code_digest = digest
    row.code_until = now + CODE_GOOD_FOR
    row.tries_left = TRIES
    row.save(update_fields=["pending_e164", "code_digest", "code_until", "tries_left"])


def _dial(
    caller: Caller, row: VerificationNumber, call: VerificationCall, token: str, now: datetime
) -> Asked:
    error = place(caller, call, token, now=now)
    if error and error.is_certain:
        _take_back(row, call, now)
        sentence = f"We could not call {format_international(call.e164)}. {error.sentence} Try again."
        raise Refusal("verification_call_failed", sentence, status=502, field="number")
    return Asked(call.e164, now + CODE_GOOD_FOR, sure=error is None)


def _take_back(row: VerificationNumber, call: VerificationCall, now: datetime) -> None:
    """Nobody was called: it does not count, and the code is void, unless another was asked for meanwhile."""
    with transaction.atomic():
        VerificationCall.objects.filter(pk=call.pk).update(failed_at=now)
        waiting = VerificationNumber.objects.filter(pk=row.pk, code_digest=row.code_digest)
        waiting.update(pending_e164="", code_digest="", code_until=None, tries_left=0)


# --- confirming


def _refuse_closed(row: VerificationNumber, now: datetime) -> None:
    if not row.code_digest or row.code_until is None:
        raise _closed("code_not_asked", "No code is awaited. Give a number, and we call it.")
    if row.code_until <= now:
        raise _closed("code_expired", "The code has expired: it is good for ten minutes. Ask for a new one.")
    if row.tries_left == 0:
        raise _closed("code_tries_used", "The code was wrong too often. Ask for a new one.")


def _closed(code: str, sentence: str) -> Refusal:
    return Refusal(code, sentence, status=409, field="code")


def _refuse_malformed(typed: str) -> None:
    """What can't be a code is a slip of the finger and no guess."""
    if not re.fullmatch(r"[0-9]{6}", typed.translate(_SEPARATORS), re.ASCII):
        sentence = "The code has six digits. Type them as you heard them."
        raise Refusal("code_malformed", sentence, status=422, field="code")


def _is_code(row: VerificationNumber, typed: str) -> bool:
    """In constant time. Spaces and hyphens between the digits don't matter."""
    given = code_digest(row.workspace_id, row.pending_e164, code=typed.translate(_SEPARATORS)[:20])
    return hmac.compare_digest(given, row.code_digest)


_SEPARATORS = str.maketrans("", "", " -\u00a0\t")


def _wrong_code(row: VerificationNumber) -> Refusal:
    if row.tries_left == 0:
        return _closed("code_tries_used", "The code was wrong too often. Ask for a new one.")
    left = "one try is" if row.tries_left == 1 else f"{row.tries_left} tries are"
    sentence = f"That is not the code we spoke. Listen to the six digits again: {left} left."
    return Refusal("code_wrong", sentence, status=422, field="code", tries_left=row.tries_left)


def _confirm(row: VerificationNumber, *, by: Actor, now: datetime) -> None:
    before, row.e164 = row.e164, row.pending_e164
    row.confirmed_at = row.changed_at = now
    row.pending_e164 = row.code_digest = ""
    row.code_until, row.tries_left = None, 0
    row.save()
    was, becomes = {"verification_number": before}, {"verification_number": row.e164}
    audit.record(row, "confirm", before=was, after=becomes, by=by, now=now)
    _tell(row, before, by=by, now=now)


def _tell(row: VerificationNumber, before: str, *, by: Actor, now: datetime) -> None:
    """Whoever may change it learns of a change, so that nobody swaps it in silence."""
    shown = format_international(row.e164)
    replaced = f" in place of {format_international(before)}" if before else ""
    tell(
        row.workspace,
        reference=f"verification:{row.pk}:{now.isoformat()}",
        right=Right.MANAGE,
        title=f"Verification number: {shown}",
        body=f"{by.name} confirmed {shown}{replaced} as this workspace's verification number. It may be "
        "called before the papers are verified. If that was not meant to happen, confirm another one.",
        page=reverse("kyc:cases", args=[row.workspace.slug]) + "#verification-number",
        tone=Notice.Tone.GOOD,
        now=now,
    )
