"""API keys: made here, shown once, kept only as a digest."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import ApiKey, Workspace

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
)
PREFIX = "dnx_"  # lets secret scanners and people recognise a key
ALPHABET = string.ascii_letters + string.digits
LENGTH = 33  # characters of six bits less a little: 196 bits
HINT = 4
NAME_LIMIT = 80


def create_api_key(
    workspace: Workspace,
    name: str,
    scopes: Collection[str],
    *,
    by: Actor,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its secret, which nobody can read again later.

    Raises Refusal for a name that is empty or too long, unknown or no scopes, and an end that has passed.
    """
    name = name.strip()
    _refuse_bad(name, scopes, expires_at, now)
    secret = PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    with transaction.atomic():
        key = ApiKey.objects.create(
            workspace=workspace,
            name=name,
            digest=digest(secret),
            hint=secret[-HINT:],
            scopes=[scope for scope in SCOPES if scope in scopes],
            created_by=by.user,
            created_at=now,
            expires_at=expires_at,
        )
        end = expires_at.isoformat() if expires_at else None
        after = {"name": name, "hint": key.hint, "scopes": key.scopes, "expires_at": end}
        audit.record(key, "create", after=after, by=by, now=now)
    return key, secret


def revoke_api_key(key: ApiKey, *, by: Actor, now: datetime, reason: str = "") -> None:
    """Refuse the key from ``now`` on, for good. Raises Refusal 409 when it was revoked before."""
    with transaction.atomic():
        if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
            raise Refusal("key_revoked", f"The key {key} was revoked before.", status=409)
        after = {"revoked_at": now.isoformat()}
        audit.record(key, "revoke", after=after, by=by, now=now, reason=reason)
    key.revoked_at = now


def digest(secret: str) -> str:
    """What is stored. Unsalted and quick: the secret is long and random, and read on every request."""
    return hashlib.sha512(secret.encode()).hexdigest()


def _refuse_bad(name: str, scopes: Collection[str], expires_at: datetime | None, now: datetime) -> None:
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        raise Refusal("key_name_invalid", f"Give the key a name of 1 to {NAME_LIMIT} characters.")
    if unknown := sorted(set(scopes) - set(SCOPES)):
        sentence = f"Unknown scopes: {', '.join(unknown)}. There are: {', '.join(SCOPES)}."
        raise Refusal("scope_unknown", sentence)
    if not scopes:
        raise Refusal("scope_missing", "Choose at least one thing the key may do.")
    if expires_at is not None and expires_at <= now:
        raise Refusal("key_expiry_past", "The key would have expired already. Choose a later day.")
