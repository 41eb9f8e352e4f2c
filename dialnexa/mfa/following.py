"""What follows a change of the second step: the history knows, and every other session is over."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from dialnexa import audit, clock
from dialnexa.access import browser_actor
from dialnexa.mfa.codes import spend
from dialnexa.mfa.rules import MFA, SECOND_STEPS, forget_second_step, has_second_step, took_second_step
from dialnexa.models import User
from dialnexa.sessions.ending import end_other_sessions


def follow() -> None:
    """Connect to allauth's signals."""
    signals.authenticator_added.connect(added)
    signals.authenticator_removed.connect(removed)
    signals.authenticator_reset.connect(reset)


def added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Whoever sets one up has just shown it: this session has taken the second step."""
    if authenticator.type not in SECOND_STEPS:
        return
    if authenticator.type == Authenticator.Type.TOTP:
        spend(authenticator, request.POST.get("code", ""))
    record_authentication(request, user, MFA, id=authenticator.pk, type=authenticator.type)
    _record(request, user, authenticator, "add_second_step")
    end_other_sessions(request)


def removed(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    if authenticator.type not in SECOND_STEPS:
        return
    if took_second_step(request) and not has_second_step(user):
        forget_second_step(request)
    _record(request, user, authenticator, "remove_second_step")
    end_other_sessions(request)


def reset(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """New recovery codes."""
    _record(request, user, authenticator, "renew_recovery_codes")
    end_other_sessions(request)


def _record(request: HttpRequest, user: User, authenticator: Authenticator, event: str) -> None:
    after = {"kind": str(authenticator.type)}
    audit.record(user, event, after=after, by=browser_actor(request), now=clock.now())
