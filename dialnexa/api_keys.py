"""API keys: made here, shown once, kept only as a digest; rotated with an overlap, and revoked."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.ids import ID_PATTERN, new_id
from dialnexa.models import ApiKey, Workspace
from dialnexa.money import CENT, HIGHEST
from dialnexa.spending import lock_chain

SCOPES = (
    "numbers:read",
    "numbers:write",
    "numbers:purchase",
    "numbers:release",
    "calls:read",
    "calls:write",
    "telephony:read",
    "telephony:write",
    "agents:read",
    "agents:write",
    "kyc:read",
    "wallet:read",
    "webhooks:read",
    "webhooks:write",
)
PREFIX = "dnx_"  # lets secret scanners and people recognise a key
ALPHABET = string.ascii_letters + string.digits
LENGTH = 33  # characters of six bits less a little: 196 bits
HINT = 4
NAME_LIMIT = 80
LONGEST_OVERLAP = timedelta(days=7)


def create_api_key(
    workspace: Workspace,
    name: str,
    scopes: Collection[str],
    *,
    by: Actor,
    now: datetime,
    expires_at: datetime | None = None,
    monthly_spend_cap: Decimal | None = None,
    key_id: str = "",
) -> tuple[ApiKey, str]:
    """A new key and its secret, which nobody can read again later.

    ``monthly_spend_cap`` is in the wallet's currency; None: no cap. ``key_id`` (made with the form, see
    ``new_key_id``) makes the same key happen once. Raises Refusal for a name that is empty or too long,
    unknown or no scopes, an end that has passed, an impossible cap; 409 ``key_exists`` the second time.
    """
    name = name.strip()
    _refuse_bad(name, scopes, expires_at, now)
    _refuse_bad_cap(monthly_spend_cap)
    facts: dict[str, Any] = {
        "name": name,
        "scopes": [scope for scope in SCOPES if scope in scopes],
        "expires_at": expires_at,
        "monthly_spend_cap": monthly_spend_cap,
    }
    with transaction.atomic():
        return _insert(workspace, key_id or new_key_id(), facts, by=by, now=now)


def rotate_api_key(
    key: ApiKey, *, overlap: timedelta, by: Actor, now: datetime, key_id: str = ""
) -> tuple[ApiKey, str]:
    """A new key in the place of ``key``, and its secret: same name, scopes and cap, good for as long again.

    The old key works for ``overlap`` more (not longer than it would have) and then stops by itself. Both
    share one cap (see ``spending``). Raises Refusal 409: ``key_replaced`` when that was done before,
    ``key_revoked``, ``key_expired``; 400 ``overlap_invalid`` for less than nothing or more than seven days.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Refusal("overlap_invalid", _("The old key can go on for at most 7 days."))
    with transaction.atomic():
        old = next(row for row in lock_chain(key) if row.pk == key.pk)
        _refuse_rotating(old, now)
        lasts = old.expires_at and old.expires_at - old.created_at
        facts: dict[str, Any] = {
            "name": old.name,
            "scopes": old.scopes,
            "expires_at": lasts and now + lasts,
            "monthly_spend_cap": old.monthly_spend_cap,
            "replaces": old,
        }
        new, secret = _insert(old.workspace, key_id or new_key_id(), facts, by=by, now=now)
        end = min(old.expires_at or now + overlap, now + overlap)
        ApiKey.objects.filter(pk=old.pk).update(expires_at=end)
        after = {"expires_at": _iso(end), "replaced_by": new.pk}
        audit.record(old, "rotate", before={"expires_at": _iso(old.expires_at)}, after=after, by=by, now=now)
    key.expires_at = end
    return new, secret


def revoke_api_key(key: ApiKey, *, by: Actor, now: datetime, reason: str = "") -> None:
    """Refuse the key from ``now`` on, for good. Raises Refusal 409 when it was revoked before."""
    with transaction.atomic():
        if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
            sentence = _("The key %(key)s was revoked before.") % {"key": key}
            raise Refusal("key_revoked", sentence, status=409)
        after = {"revoked_at": now.isoformat()}
        audit.record(key, "revoke", after=after, by=by, now=now, reason=reason)
    key.revoked_at = now


def set_spend_cap(key: ApiKey, cap: Decimal | None, *, by: Actor, now: datetime) -> None:
    """Change the monthly cap (None: no cap) of the key, and of those that share it and still work.

    What has been spent this month counts towards the new cap. Setting the same again changes and records
    nothing. Raises Refusal: ``cap_invalid``; 409 ``key_revoked`` and ``key_expired``.
    """
    _refuse_bad_cap(cap)
    with transaction.atomic():
        rows = lock_chain(key)
        _refuse_dead(next(row for row in rows if row.pk == key.pk), now)
        for row in rows:
            if is_live(row, now) and row.monthly_spend_cap != cap:
                ApiKey.objects.filter(pk=row.pk).update(monthly_spend_cap=cap)
                before = _cap_fact(row.monthly_spend_cap)
                audit.record(row, "set_spend_cap", before=before, after=_cap_fact(cap), by=by, now=now)
    key.monthly_spend_cap = cap


def is_live(key: ApiKey, now: datetime) -> bool:
    """Whether requests with the key are taken."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def digest(secret: str) -> str:
    """What is stored. Unsalted and quick: the secret is long and random, and read on every request."""
    return hashlib.sha512(secret.encode()).hexdigest()


def new_key_id(offered: str = "") -> str:
    """An id for a key that is to be made: the offered one when it looks like one, else a new one."""
    return offered if ID_PATTERN.fullmatch(offered) and offered.startswith("key_") else new_id("key")


def _insert(
    workspace: Workspace, key_id: str, facts: dict[str, Any], *, by: Actor, now: datetime
) -> tuple[ApiKey, str]:
    """The row and its history. The secret leaves this module only as what is returned here."""
    secret = PREFIX + "".join(secrets.choice(ALPHABET) for position in range(LENGTH))
    hidden = {"digest": digest(secret), "hint": secret[-HINT:]}
    made = {"workspace": workspace, "created_by": by.user, "created_at": now}
    key, is_new = ApiKey.objects.get_or_create(pk=key_id, defaults={**facts, **hidden, **made})
    if not is_new:
        sentence = _("This key was made already, and its secret was shown then. It can't be shown again.")
        raise Refusal("key_exists", sentence, status=409, key=key_id)
    after = {"name": key.name, "hint": key.hint, "scopes": key.scopes, "expires_at": _iso(key.expires_at)}
    after |= _cap_fact(key.monthly_spend_cap) | ({"replaces": key.replaces_id} if key.replaces_id else {})
    audit.record(key, "create", after=after, by=by, now=now)
    return key, secret


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _cap_fact(cap: Decimal | None) -> dict[str, str | None]:
    return {"monthly_spend_cap": None if cap is None else f"{cap.quantize(CENT):f}"}


def _refuse_bad(name: str, scopes: Collection[str], expires_at: datetime | None, now: datetime) -> None:
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        sentence = _("Give the key a name of 1 to %(most)d characters.") % {"most": NAME_LIMIT}
        raise Refusal("key_name_invalid", sentence, field="name")
    if unknown := sorted(set(scopes) - set(SCOPES)):
        sentence = _("Unknown scopes: %(unknown)s. There are: %(known)s.")
        sentence %= {"unknown": ", ".join(unknown), "known": ", ".join(SCOPES)}
        raise Refusal("scope_unknown", sentence, field="scopes")
    if not scopes:
        raise Refusal("scope_missing", _("Choose at least one thing the key may do."), field="scopes")
    if expires_at is not None and expires_at <= now:
        sentence = _("The key would have expired already. Choose a later day.")
        raise Refusal("key_expiry_past", sentence, field="expires_on")


def _refuse_bad_cap(cap: Decimal | None) -> None:
    if cap is None:
        return
    if not (cap.is_finite() and 0 <= cap < HIGHEST and cap == cap.quantize(CENT)):
        sentence = _("A cap is an amount from zero up, with at most two places after the point.")
        raise Refusal("cap_invalid", sentence, field="cap")


def _refuse_rotating(key: ApiKey, now: datetime) -> None:
    newer = key.replacements.filter(revoked_at=None).order_by("-created_at", "-pk").first()
    if newer is not None:
        sentence = _(
            "The key %(key)s was rotated before: %(newer)s takes its place. Rotate that one instead."
        ) % {"key": key, "newer": newer}
        raise Refusal("key_replaced", sentence, status=409, key=newer.pk)
    _refuse_dead(key, now)


def _refuse_dead(key: ApiKey, now: datetime) -> None:
    if key.revoked_at is not None:
        sentence = _("The key %(key)s was revoked before. Make a new one.") % {"key": key}
        raise Refusal("key_revoked", sentence, status=409)
    if not is_live(key, now):
        sentence = _("The key %(key)s has expired. Make a new one.") % {"key": key}
        raise Refusal("key_expired", sentence, status=409)
