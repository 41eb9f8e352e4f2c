"""Whether trunks answer: asked by people who wait for it, and in the background.

One check is one OPTIONS request of at most five seconds, outside any transaction. ``checking_until`` says
that somebody is at it: nobody else asks the same trunk meanwhile, and an answer counts only while it still
stands, so that what was asked of the old settings is not written down about the new ones.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from dialnexa import audit
from dialnexa.actors import Actor, system
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from dialnexa.rate_limiting import seconds_to_wait
from dialnexa.sealing import SealBroken
from dialnexa.translations.marking import gettext_noop
from phone_numbers.linking.settings import TrunkSettings, clean_settings, settings_of
from phone_numbers.models import PhoneNumber, SipTrunk
from phone_numbers.telling import tell_trunk_health
from telephony.sip import Check, check_trunk

log = logging.getLogger(__name__)
CHECKER = system("Trunk check")
LEASE = timedelta(seconds=15)  # what one check may take, with room
UNREADABLE = gettext_noop("The stored password can't be opened any more. Enter it again.")
# Each check somebody waits for holds a web thread. The others stay free for everybody's pages.
_lines = threading.BoundedSemaphore(2)


@contextmanager
def asking(workspace_id: str) -> Iterator[None]:
    """One of this process' lines for a check that somebody waits for.

    Raises Refusal: 429 ``sip_checks_too_many`` when the workspace tests more often than TRUNK_TEST_LIMIT
    (hosts are not to be scanned with this), 503 ``sip_checks_busy``.
    """
    if wait := seconds_to_wait(settings.TRUNK_TEST_LIMIT, "sip-check", workspace_id):
        sentence = _("That were many tests in a short time. Try again in %(seconds)s s.")
        raise Refusal("sip_checks_too_many", sentence % {"seconds": wait}, status=429, retry_after=wait)
    if not _lines.acquire(blocking=False):
        sentence = _("Other trunks are being tested right now. Try again in a few seconds.")
        raise Refusal("sip_checks_busy", sentence, status=503, retry_after=5)
    try:
        yield
    finally:
        _lines.release()


def ask(wanted: TrunkSettings) -> Check:
    """Send an OPTIONS request there, now. Raises Refusal when the host may not be called."""
    return check_trunk(
        wanted.termination,
        transport=wanted.transport,
        username=wanted.username,
        password=wanted.password,
    )


def check_settings(workspace: Workspace, typed: dict[str, str], *, kept: SipTrunk | None = None) -> Check:
    """Ask the trunk that is described here; nothing is stored.

    ``typed``: what ``clean_settings`` takes. ``kept``: the trunk being edited, whose password is used as
    ``with_kept_password`` says. Raises Refusal for settings that can't be, a host that may not be called, and
    too many tests.
    """
    wanted = clean_settings(**with_kept_password(kept, typed))
    with asking(workspace.pk):
        return ask(wanted)


def with_kept_password(trunk: SipTrunk | None, typed: dict[str, str]) -> dict[str, str]:
    """What was typed, with the trunk's own password where none was and it goes where it went before.

    It is proven to nobody but the host and port it was entered for, and not in the open once TLS was asked
    for: whoever may edit a trunk could otherwise have it answer a challenge of their own making (a port of a
    shared host may be anybody's), or listen.
    """
    if trunk is None or typed.get("password") or typed.get("auth_mode") != SipTrunk.AuthMode.USERPASS:
        return typed
    bare = clean_settings(**{**typed, "auth_mode": SipTrunk.AuthMode.IP, "username": ""})
    if trunk.sealed_password is None:
        return typed
    over_tls = trunk.transport == SipTrunk.Transport.TLS
    if str(bare.termination) != trunk.termination or (over_tls and bare.transport != trunk.transport):
        sentence = _("Enter the password again: it was given for %(place)s, and now goes elsewhere.")
        if over_tls:
            sentence = _(
                "Enter the password again: it was given for %(place)s over TLS, and now goes elsewhere."
            )
        raise Refusal("sip_credentials_missing", sentence % {"place": trunk.termination}, field="password")
    try:
        return {**typed, "password": settings_of(trunk).password}
    except SealBroken as error:
        log.error("%s", error)
        raise Refusal("sip_credentials_missing", _(UNREADABLE), field="password") from error


# --- a linked trunk ---------------------------------------------------------------------------------


def check_now(trunk: SipTrunk, *, by: Actor, now: datetime, reason: str = "") -> Check:
    """Ask a linked trunk now, for somebody who waits. ``reason`` (staff) goes into the history.

    Raises Refusal: 409 ``trunk_not_linked``, 409 ``sip_check_running``, and as ``asking``.
    """
    if trunk.status != SipTrunk.Status.LINKED or trunk.number.status != PhoneNumber.Status.ACTIVE:
        sentence = _("%(number)s is not linked, so there is nothing to test.")
        raise Refusal("trunk_not_linked", sentence % {"number": trunk.number.e164}, status=409)
    with asking(trunk.workspace_id):
        if not _claim(trunk, now=now):
            sentence = _("This trunk is being tested at this moment. Look again in a few seconds.")
            raise Refusal("sip_check_running", sentence, status=409)
        if reason:
            audit.record(trunk, "check", by=by, now=now, reason=reason)
        return _look(trunk, by=by, now=now)


def check_when_due(trunk_id: str, *, now: datetime) -> None:
    """Check a linked trunk, if that is due and nobody is at it. Safe to repeat."""
    trunk = SipTrunk.objects.select_related("number").get(pk=trunk_id)
    if trunk.number.status == PhoneNumber.Status.ACTIVE and _claim(trunk, now=now, next_check_at__lte=now):
        _look(trunk, by=CHECKER, now=now)


def _claim(trunk: SipTrunk, *, now: datetime, **due: Any) -> bool:
    """Take the trunk for LEASE, unless somebody has it; it then shows its row as it is."""
    free = Q(checking_until=None) | Q(checking_until__lte=now)
    rows = SipTrunk.objects.filter(free, pk=trunk.pk, status=SipTrunk.Status.LINKED, **due)
    if not rows.update(checking_until=now + LEASE):
        return False
    trunk.refresh_from_db(fields=[field.attname for field in SipTrunk._meta.concrete_fields])
    return True


def _look(trunk: SipTrunk, *, by: Actor, now: datetime) -> Check:
    with override("en"):  # what it says is kept
        found = _ask_stored(trunk)
    before = trunk.health
    columns = health_columns(found, now=now, wait=_next_wait(trunk, found, now))
    with transaction.atomic():
        ours = SipTrunk.objects.filter(pk=trunk.pk, checking_until=trunk.checking_until)
        if not ours.update(**columns):  # of the settings before: those of now can be asked next
            SipTrunk.objects.filter(pk=trunk.pk, checking_until=None).update(rung_until=None)
        elif found.health != before:
            code = {"code": found.code} if found.code else {}
            after = {"health": found.health, **code}
            reason = found.sentence[:500]
            audit.record(
                trunk, found.health, before={"health": before}, after=after, by=by, now=now, reason=reason
            )
            tell_trunk_health(trunk, before=before, after=found.health, why=found.sentence, now=now)
    return found


def _ask_stored(trunk: SipTrunk) -> Check:
    try:
        return ask(settings_of(trunk))
    except SealBroken as error:
        log.error("%s", error)
        return Check("unauthorized", None, "", UNREADABLE, None, "")
    except Refusal as refusal:  # the host leads elsewhere than when it was linked
        return Check("unreachable", None, "", refusal.sentence, None, "")


def health_columns(found: Check, *, now: datetime, wait: float) -> dict[str, Any]:
    """What the row keeps of a check made at ``now``; the next one comes ``wait`` seconds later."""
    return {
        "health": found.health,
        "health_code": found.code,
        "health_text": found.sentence[:500],
        "round_trip_ms": found.round_trip_ms,
        "checked_at": now,
        "next_check_at": now + timedelta(seconds=wait),
        "checking_until": None,
        "rung_until": None,
    }


def _next_wait(trunk: SipTrunk, found: Check, now: datetime) -> float:
    """Seconds until the next check, give or take a tenth, so that trunks linked together come apart.

    One that does not answer is asked again sooner, each time after twice as long, up to an hour: many silent
    hosts must not keep the others waiting. A wrong password does not mend itself, and carriers lock out who
    repeats it.
    """
    wait = settings.TRUNK_CHECK_EVERY
    if found.health == "unreachable":
        failed = trunk.checked_at if trunk.health == SipTrunk.Health.UNREACHABLE else None
        waited = (now - failed).total_seconds() if failed else 0.0
        wait = max(settings.TRUNK_RETRY_SOONEST, min(2 * waited, settings.TRUNK_RETRY_LATEST))
    return wait * random.uniform(0.9, 1.1)
