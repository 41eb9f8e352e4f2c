"""Who has a second step, who took it in this session, and how recently somebody showed who they are."""

from __future__ import annotations

from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
)
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from dialnexa import clock
from dialnexa.models import User, Workspace
from dialnexa.sessions.limits import BEGAN

SECOND_STEPS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
MFA = "mfa"  # allauth's word for the method in a session's records


def has_second_step(user: User) -> bool:
    """Recovery codes alone are none: they come with one."""
    return Authenticator.objects.filter(user_id=user.pk, type__in=SECOND_STEPS).exists()


def took_second_step(request: HttpRequest) -> bool:
    """Whether a code, passkey or recovery code was given in this session."""
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == MFA for record in records)


def forget_second_step(request: HttpRequest) -> None:
    """The last one was removed: this session counts as signed in with the password alone."""
    records = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY) or []
    kept = [record for record in records if record.get("method") != MFA]
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = kept


def was_recent(request: HttpRequest) -> bool:
    """Whether the person signed in, or showed again that it is they, in the last minutes (DIALNEXA_STEP_UP).

    Only records made while signed in count again; the session's beginning stands for signing in.
    """
    records = get_authentication_records(request, request.user)
    moments = [record["at"] for record in records if record.get("reauthenticated")]
    latest = max([request.session.get(BEGAN, 0), *moments])
    age: float = clock.wall_now().timestamp() - latest
    return age < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def may_see_workspace(request: HttpRequest, workspace: Workspace) -> bool:
    """A workspace that requires it shows itself only to sessions that took the second step."""
    return not workspace.requires_mfa or took_second_step(request)
