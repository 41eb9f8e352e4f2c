"""Linking numbers of the customer's own carrier, over SIP.

The number row is reserved under the index that keeps purchases apart: one live owner in the installation.
With a check, the reservation is committed before the carrier is asked, and one transaction ends it either
way. Who dies in between leaves a trunk that is ``linking``; the sweeper has it ended a minute later.

No sentence, history entry or ``repr`` holds a password. It is kept sealed for its row and wiped when the link
fails or the number is released.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from dialnexa import audit
from dialnexa.actors import Actor, system
from dialnexa.errors import IllegalTransition, Refusal
from dialnexa.isolation.scope import everywhere
from dialnexa.models import Workspace
from dialnexa.translations.marking import gettext_noop
from dialnexa.translations.retelling import retell
from phone_numbers.buying.purchasing import broken_constraint
from phone_numbers.emitting import emit_activated
from phone_numbers.linking.health import ask, asking, health_columns
from phone_numbers.linking.settings import TrunkSettings, about, clean_settings, facts, find_host, sealed_for
from phone_numbers.models import PhoneNumber, SipTrunk
from phone_numbers.naming import clean_name
from telephony.e164 import E164, parse_e164
from telephony.models import CarrierSlug, NumberKind
from telephony.sip import Check

INTERRUPTED = gettext_noop(
    "The link was interrupted before your carrier had answered. Link the number again."
)
ASKING = gettext_noop("Asking your carrier over SIP whether it answers.")
UNFINISHED = timedelta(minutes=1)  # a link that takes longer has lost its process
CLEANER = system("Trunk check")


def link_number(
    workspace: Workspace,
    *,
    phone_number: str,
    termination_uri: str,
    transport: str = "udp",
    auth_mode: str = "userpass",
    username: str = "",
    password: str = "",
    nickname: str = "",
    caller_id: str = "",
    sources: str = "",
    check: bool = False,
    by: Actor,
    now: datetime,
) -> PhoneNumber:
    """Connect a number of the customer's own carrier; it is active at once, or (``check``) when that answers.

    ``phone_number`` in full, ``termination_uri`` as ``host`` or ``host:port``, ``sources`` (where calls may
    come from; empty: that host) as ``telephony.sip.sources`` reads them. With ``check`` this speaks to
    the carrier for up to five seconds: call it outside any transaction. Raises Refusal: 400 for what can't be
    (with ``field``), 409 ``number_already_registered`` or ``sip_links_silent``, 502 ``sip_trunk_unreachable``
    or ``sip_trunk_unauthorized`` with the carrier's answer, 429 and 503 as ``trunk_health.asking``.
    """
    with about("phone_number"):
        number = parse_e164(phone_number)
    nickname = clean_name("nickname", nickname)
    wanted = clean_settings(
        termination_uri=termination_uri,
        transport=transport,
        auth_mode=auth_mode,
        username=username,
        password=password,
        caller_id=caller_id,
        sources=sources,
    )
    _refuse_registered(number.e164)
    find_host(wanted, needed=check)
    if check:
        with asking(workspace.pk):
            return _link_checked(_reserve(workspace, number, nickname, wanted, by, now), wanted, by, now)
    with transaction.atomic():
        trunk = _reserve(workspace, number, nickname, wanted, by, now)
        _activate(trunk, {"next_check_at": now}, by, now)
    return trunk.number


def _link_checked(trunk: SipTrunk, wanted: TrunkSettings, by: Actor, now: datetime) -> PhoneNumber:
    """Ask the carrier, and end the reservation by what it says."""
    try:
        with override("en"):  # what it says is kept
            found = ask(wanted)
    except Refusal as refusal:  # the host leads elsewhere than a moment ago
        _give_up(trunk, refusal.sentence, by=by, now=now, dismissed_at=now)
        raise
    health = health_columns(found, now=now, wait=settings.TRUNK_CHECK_EVERY)
    if found.health != "healthy":
        _give_up(trunk, found.sentence, health, by=by, now=now, dismissed_at=now)
        raise _not_answering(found)
    with transaction.atomic():
        _activate(trunk, health, by, now)
    return trunk.number


def end_interrupted_link(trunk_id: str, *, now: datetime) -> None:
    """Fail a link whose process has died, so that the number can be linked again. Safe to repeat."""
    trunk = SipTrunk.objects.select_related("number").get(pk=trunk_id)
    if trunk.status == SipTrunk.Status.LINKING and trunk.created_at <= now - UNFINISHED:
        try:
            _give_up(trunk, INTERRUPTED, by=CLEANER, now=now)
        except Refusal:
            return  # it has ended by itself at this moment


def unlink(number: PhoneNumber, *, by: Actor, now: datetime) -> None:
    """The end of a linked number that is ``releasing``: no carrier is to be told. Wipes the password."""
    SipTrunk.objects.filter(number=number).update(
        sealed_password=None, next_check_at=None, checking_until=None, rung_until=None
    )
    reason = gettext_noop("It stays with your own carrier.")
    number.transition("released", by=by, now=now, reason=reason, released_at=now, next_release_at=None)


# --- the rows ---------------------------------------------------------------------------------------


def _refuse_registered(e164: str) -> None:
    with everywhere("A number is one workspace's of all."):
        is_registered = PhoneNumber.objects.filter(e164=e164, status__in=PhoneNumber.LIVE).exists()
    if is_registered:
        raise _registered(e164)


def _registered(e164: str) -> Refusal:
    """The same words whoever has it."""
    return Refusal(
        "number_already_registered",
        _("%(number)s is registered here already. If it is yours, release it first; otherwise ask support.")
        % {"number": e164},
        status=409,
        field="phone_number",
    )


def _reserve(
    workspace: Workspace, number: E164, nickname: str, wanted: TrunkSettings, by: Actor, now: datetime
) -> SipTrunk:
    """The pending number and its trunk, in one transaction. The index decides who was first."""
    try:
        with transaction.atomic():
            _refuse_too_many_silent(workspace)
            row = _pending_number(workspace, number, nickname, now)
            trunk = SipTrunk(
                number=row,
                workspace=workspace,
                created_at=now,
                next_check_at=now + UNFINISHED,
                **wanted.columns,
            )
            trunk.sealed_password = sealed_for(trunk, wanted.password)
            trunk.save(force_insert=True)
            audit.record(row, "create", after={"status": row.status}, by=by, now=now)
            told = {name: text for name, text in facts(trunk).items() if text}
            audit.record(trunk, "create", after={"status": trunk.status, **told}, by=by, now=now)
            return trunk
    except IntegrityError as error:
        if broken_constraint(error) == "one_live_owner":
            raise _registered(number.e164) from error
        raise


def _refuse_too_many_silent(workspace: Workspace) -> None:
    """A link costs nothing, and keeps the number from everybody else. Whose carrier answers may go on.

    The workspace stays locked, so that links made at once count each other.
    """
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    linked = SipTrunk.objects.filter(workspace=workspace, number__status__in=PhoneNumber.LIVE)
    if linked.exclude(health=SipTrunk.Health.HEALTHY).count() < settings.TRUNKS_SILENT_MOST:
        return
    raise Refusal(
        "sip_links_silent",
        _(
            "%(count)s of your linked numbers have not answered a test. Test or release some of them before "
            "you link more; support can help where a carrier answers no tests."
        )
        % {"count": settings.TRUNKS_SILENT_MOST},
        status=409,
    )


def _pending_number(workspace: Workspace, number: E164, nickname: str, now: datetime) -> PhoneNumber:
    return PhoneNumber.objects.create(
        workspace=workspace,
        e164=number.e164,
        country=number.country,
        calling_code=number.calling_code,
        national_number=number.national_number,
        type=number.type or NumberKind.NATIONAL,
        capabilities=["voice"],
        nickname=nickname,
        carrier=CarrierSlug.SIP_TRUNK,
        status_reason=ASKING,
        created_at=now,
    )


def _activate(trunk: SipTrunk, columns: dict[str, Any], by: Actor, now: datetime) -> None:
    try:
        trunk.transition("link", by=by, now=now, **columns)
        trunk.number.transition("activate", by=by, now=now, activated_at=now, status_reason="")
    except IllegalTransition as error:
        raise _interrupted() from error
    emit_activated(trunk.number, now=now)


def _give_up(
    trunk: SipTrunk,
    why: str,
    health: dict[str, Any] | None = None,
    *,
    by: Actor,
    now: datetime,
    dismissed_at: datetime | None = None,
) -> None:
    """Trunk and number have failed, the password is gone, and the number can be linked again.

    With ``dismissed_at`` the number is in no table: who tried has been told already.
    """
    why, wiped = why[:500], {"sealed_password": None, "next_check_at": None, "rung_until": None}
    try:
        with transaction.atomic():
            trunk.transition("fail", by=by, now=now, reason=why, **(health or {}) | wiped)
            trunk.number.transition(
                "fail", by=by, now=now, reason=why, status_reason=why, dismissed_at=dismissed_at
            )
    except IllegalTransition as error:
        raise _interrupted() from error


def _interrupted() -> Refusal:
    return Refusal("sip_link_interrupted", _(INTERRUPTED), status=409)


def _not_answering(found: Check) -> Refusal:
    return Refusal(
        f"sip_trunk_{found.health}",
        _("%(why)s The number was not linked.") % {"why": retell(found.sentence)},
        status=502,
        sip_code=found.code,
        sip_reason=found.reason,
    )
