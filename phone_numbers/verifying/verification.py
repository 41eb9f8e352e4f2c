"""The registered verification number: a person proves that they answer it by a code spoken in a call."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from dialnexa import audit
from dialnexa.access import Right
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.isolation.scope import everywhere
from dialnexa.models import Notice, Workspace
from dialnexa.notices import tell
from dialnexa.translations.retelling import retell
from kyc.models import VerificationCall, VerificationNumber
from phone_numbers.verifying.calls import Caller, code_digest, configured_caller, new_call, place
from phone_numbers.verifying.suitability import (
    read_number,
    refuse_flood,
    refuse_lent,
    refuse_stopped,
    refuse_unsuitable,
)
from telephony.e164 import format_international

CODE_GOOD_FOR = timedelta(minutes=10)
TRIES = 5  # of one code
CONFIRMED = gettext_noop(
    "%(person)s confirmed %(number)s as this workspace's verification number. It may be called before the "
    "papers are verified. If that was not meant to happen, confirm another one."
)
REPLACED = gettext_noop(
    "%(person)s confirmed %(number)s in place of %(before)s as this workspace's verification number. It may "
    "be called before the papers are verified. If that was not meant to happen, confirm another one."
)


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
    number = read_number(e164_text)
    with transaction.atomic():
        row = _locked(workspace)
        refuse_stopped(workspace, number, now)
        with everywhere("Whose a number is, and how often it was called, counts among all workspaces."):
            refuse_unsuitable(workspace, row, number)
            refuse_flood(workspace, number, now)
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
                refuse_lent(workspace, row.pending_e164)
            _confirm(row, by=by, now=now)
        else:
            row.tries_left -= 1
            row.save(update_fields=["tries_left"])
    if not right:
        raise _wrong_code(row)
    return row


# --- asking


def _locked(workspace: Workspace) -> VerificationNumber:
    """The workspace's row, made if missing; nobody else changes it until the transaction ends."""
    VerificationNumber.objects.bulk_create([VerificationNumber(workspace=workspace)], ignore_conflicts=True)
    return VerificationNumber.objects.select_for_update(of=("self",)).get(pk=workspace.pk)


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
        sentence = _("We could not call %(number)s. %(why)s Try again.")
        sentence %= {"number": format_international(call.e164), "why": retell(error.sentence)}
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
        raise _closed("code_not_asked", _("No code is awaited. Give a number, and we call it."))
    if row.code_until <= now:
        sentence = _("The code has expired: it is good for ten minutes. Ask for a new one.")
        raise _closed("code_expired", sentence)
    if row.tries_left == 0:
        raise _closed("code_tries_used", _("The code was wrong too often. Ask for a new one."))


def _closed(code: str, sentence: str) -> Refusal:
    return Refusal(code, sentence, status=409, field="code")


def _refuse_malformed(typed: str) -> None:
    """What can't be a code is a slip of the finger and no guess."""
    if not re.fullmatch(r"[0-9]{6}", typed.translate(_SEPARATORS), re.ASCII):
        sentence = _("The code has six digits. Type them as you heard them.")
        raise Refusal("code_malformed", sentence, status=422, field="code")


def _is_code(row: VerificationNumber, typed: str) -> bool:
    """In constant time. Spaces and hyphens between the digits don't matter."""
    given = code_digest(row.workspace_id, row.pending_e164, code=typed.translate(_SEPARATORS)[:20])
    return hmac.compare_digest(given, row.code_digest)


_SEPARATORS = str.maketrans("", "", " -\u00a0\t")


def _wrong_code(row: VerificationNumber) -> Refusal:
    if row.tries_left == 0:
        return _closed("code_tries_used", _("The code was wrong too often. Ask for a new one."))
    sentence = ngettext(
        "That is not the code we spoke. Listen to the six digits again: one try is left.",
        "That is not the code we spoke. Listen to the six digits again: %(left)s tries are left.",
        row.tries_left,
    ) % {"left": row.tries_left}
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
    named = {"person": by.name, "number": format_international(row.e164)}
    tell(
        row.workspace,
        reference=f"verification:{row.pk}:{now.isoformat()}",
        right=Right.MANAGE,
        title=gettext_noop("Verification number: %(number)s") % named,
        body=(REPLACED if before else CONFIRMED) % (named | {"before": format_international(before)}),
        page=reverse("kyc:cases", args=[row.workspace.slug]) + "#verification-number",
        tone=Notice.Tone.GOOD,
        now=now,
    )
