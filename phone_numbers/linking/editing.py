"""Changing how a linked number's calls reach its owner's carrier."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from phone_numbers.linking.health import with_kept_password
from phone_numbers.linking.settings import TrunkSettings, clean_settings, facts, find_host, sealed_for
from phone_numbers.models import PhoneNumber, SipTrunk

UNCHECKED: dict[str, Any] = {
    "health": SipTrunk.Health.UNCHECKED,
    "health_code": None,
    "health_text": "",
    "round_trip_ms": None,
    "checked_at": None,
    "checking_until": None,
}  # a check that is out still counts as one of the few (see ``sweeping.take_due_trunks``)
UNCONNECTED = {"caller_id", "sources"}  # settings that no check asks about


def edit_trunk(
    trunk: SipTrunk,
    *,
    termination_uri: str,
    transport: str,
    auth_mode: str,
    username: str = "",
    password: str = "",
    caller_id: str = "",
    sources: str = "",
    by: Actor,
    now: datetime,
) -> bool:
    """Replace all settings; an empty ``password`` keeps the old one, if it goes where it went before.

    Returns whether anything changed; ``trunk`` then shows it, and what concerns the connection is checked at
    once. Raises Refusal as ``clean_settings`` does, and 409 ``trunk_not_linked``.
    """
    typed = {
        "termination_uri": termination_uri,
        "transport": transport,
        "auth_mode": auth_mode,
        "username": username,
        "password": password,
        "caller_id": caller_id,
        "sources": sources,
    }
    wanted = clean_settings(**with_kept_password(trunk, typed))
    find_host(wanted, needed=False)
    with transaction.atomic():
        before = _lock(trunk)
        columns, told = _changes(before, wanted, password)
        if not told:
            return False
        if set(told) - UNCONNECTED:
            columns |= UNCHECKED | {"next_check_at": now}
        SipTrunk.objects.filter(pk=trunk.pk).update(**columns)
        was, is_now = ({name: pair[side] for name, pair in told.items()} for side in (0, 1))
        audit.record(trunk, "edit", before=was, after=is_now, by=by, now=now)
    for name, value in columns.items():
        setattr(trunk, name, value)
    return True


def _lock(trunk: SipTrunk) -> SipTrunk:
    """The row as it is, if it is still what the caller has seen: a kept password belongs to the host seen."""
    number = PhoneNumber.objects.select_for_update(no_key=True).get(pk=trunk.number_id)
    if number.status != PhoneNumber.Status.ACTIVE:
        sentence = _("%(number)s is not linked, so there is nothing to change.")
        raise Refusal("trunk_not_linked", sentence % {"number": number.e164}, status=409)
    locked = SipTrunk.objects.select_for_update(no_key=True).get(pk=trunk.pk)
    if facts(locked) != facts(trunk) or bytes(locked.sealed_password or b"") != bytes(
        trunk.sealed_password or b""
    ):
        sentence = _("Somebody else changed this trunk a moment ago. Look at it again before you save.")
        raise Refusal("trunk_changed", sentence, status=409)
    return locked


def _changes(
    before: SipTrunk, wanted: TrunkSettings, password: str
) -> tuple[dict[str, Any], dict[str, tuple[str, str]]]:
    """The columns to write, and what the history says of each change, which is not the password."""
    after = facts(SipTrunk(**wanted.columns))
    told = {name: (was, after[name]) for name, was in facts(before).items() if was != after[name]}
    if password:
        told["password"] = ("the old one" if before.sealed_password else "", "a new one")
        return wanted.columns | {"sealed_password": sealed_for(before, password)}, told
    kept = before.sealed_password if wanted.password else None
    return wanted.columns | {"sealed_password": kept}, told
