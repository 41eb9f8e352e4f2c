"""Who asks: a workspace's API key, as ``Authorization: Bearer …`` or, for compatible clients, Basic."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta

from django.db.models import Q
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from dialnexa import clock
from dialnexa.actors import Actor, Channel
from dialnexa.api.refusals import Unauthenticated
from dialnexa.api_keys import digest
from dialnexa.errors import Refusal
from dialnexa.ids import uuid_of
from dialnexa.isolation.scope import enter, everywhere
from dialnexa.logs import context
from dialnexa.models import ApiKey, Workspace
from dialnexa.prepared import Prepared, columns_of, model_of

NOTED_EVERY = timedelta(minutes=1)  # last_used_at is for people; once a minute will do
HEADER_LIMIT = 500
KEYS = Prepared(
    lambda digest: ApiKey.objects.filter(digest=digest).values_list(
        *columns_of(ApiKey), *columns_of(Workspace, "workspace__")
    ),
    "digest",
)
WIDTH = len(columns_of(ApiKey))


class BearerKey(BaseAuthentication):
    """``Authorization: Bearer dnx_…``. Sets ``request.auth`` to the ApiKey."""

    scheme = "Bearer"

    def authenticate(self, request: Request) -> tuple[None, ApiKey]:
        secret = self.credentials(request.headers.get("Authorization", ""))
        return None, find_key(secret)

    def credentials(self, header: str) -> str:
        """What follows the scheme. Raises Unauthenticated when it is another scheme, or missing."""
        scheme, _, value = header.partition(" ")
        if scheme.lower() != self.scheme.lower() or not value.strip() or len(header) > HEADER_LIMIT:
            raise Unauthenticated("key_missing", f"Send an API key: Authorization: {self.scheme} <key>.")
        return value.strip()

    def authenticate_header(self, request: Request) -> str:
        return f'{self.scheme} realm="DialNexa"'


class BasicKey(BearerKey):
    """``Authorization: Basic base64(workspace:key)``: the workspace's slug, id or project id (the UUID that
    stands for its id, for clients that want one), and a key of its own.
    """

    scheme = "Basic"

    def authenticate(self, request: Request) -> tuple[None, ApiKey]:
        try:
            value = self.credentials(request.headers.get("Authorization", ""))
            project, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Unauthenticated(
                "key_invalid", "The Authorization header is not valid Basic authentication."
            ) from None
        key = find_key(secret)
        if project not in (key.workspace.slug, key.workspace_id, str(uuid_of(key.workspace_id))):
            raise _invalid()
        return None, key


def find_key(secret: str) -> ApiKey:
    """The key with this secret, with its workspace. Raises Unauthenticated: unknown, revoked or expired."""
    with everywhere("Whose key it is has to be found out before the workspace is entered."):
        key = _key_with(digest(secret))
    now = clock.now()
    if key is None:
        raise _invalid()
    if key.revoked_at is not None:
        raise Unauthenticated("key_revoked", "This API key was revoked. Use another one.")
    if key.expires_at is not None and key.expires_at <= now:
        raise Unauthenticated("key_expired", "This API key has expired. Make a new one in Settings.")
    enter(key.workspace_id)
    context.note(workspace_id=key.workspace_id, key_id=key.pk)
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)
    if key.last_used_at is None or key.last_used_at <= now - NOTED_EVERY:
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
    return key


def _key_with(digest: str) -> ApiKey | None:
    """Looked up anew each time: whatever was done to a key holds for the next request."""
    for row in KEYS.ask(digest):
        key, own = model_of(ApiKey, row[:WIDTH]), model_of(Workspace, row[WIDTH:])
        key.workspace = own
        return key
    return None


def _invalid() -> Unauthenticated:
    return Unauthenticated("key_invalid", "This API key is not valid. Check that it was copied whole.")


def key_of(request: Request) -> ApiKey:
    """The key this request came with; after authentication only."""
    assert isinstance(request.auth, ApiKey)
    return request.auth


def workspace_of(request: Request) -> Workspace:
    return key_of(request).workspace


def api_actor(request: Request) -> Actor:
    """The key, for a verb's ``by``."""
    key = key_of(request)
    return Actor(Channel.API, f"API key {key}", None, request.id, key)  # type: ignore[attr-defined]


def refuse_without_scope(key: ApiKey, scope: str) -> None:
    """Raises Refusal 403 ``key_scope_missing``."""
    if scope not in key.scopes:
        raise Refusal(
            "key_scope_missing",
            f"This API key may not do that: it lacks the scope {scope}. An owner or admin can make a key "
            "that has it.",
            status=403,
            scope=scope,
        )


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = BearerKey
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key from Settings → API keys."}


class BasicScheme(OpenApiAuthenticationExtension):
    target_class = BasicKey
    name = "workspaceAndKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "basic",
            "description": "The workspace's slug, id or project id, and an API key.",
        }
