"""Somebody's sessions: which there are, and ending them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest

from dialnexa.models import User
from dialnexa.sessions.browsers import name_of


@dataclass(frozen=True, slots=True)
class Seen:
    """One signed-in browser, as its owner reads about it."""

    id: int
    browser: str
    address: str
    began: datetime
    last_seen: datetime
    is_current: bool


def list_sessions(request: HttpRequest) -> list[Seen]:
    """Every browser the person is signed in with, this one first, then the one seen last."""
    key = request.session.session_key
    rows = UserSession.objects.purge_and_list(request.user)
    rows.sort(key=lambda row: (row.session_key == key, row.last_seen_at), reverse=True)
    return [
        Seen(
            id=row.pk,
            browser=name_of(row.user_agent),
            address=row.ip,
            began=row.created_at,
            last_seen=row.last_seen_at,
            is_current=row.session_key == key,
        )
        for row in rows
    ]


def end_session(user: User, session_id: int) -> bool:
    """Sign out one browser of ``user``; False for one that is not theirs or is over already."""
    return _end(UserSession.objects.filter(user=user, pk=session_id)) > 0


def end_other_sessions(request: HttpRequest) -> None:
    """Leave the person signed in here only: every other session stops, listed or not."""
    user, old = request.user, request.session.session_key
    assert isinstance(user, User)
    end_every_session(user, spare=old)
    user.refresh_from_db(fields=["sign_outs"])
    update_session_auth_hash(request, user)
    UserSession.objects.filter(session_key=old).update(session_key=request.session.session_key)


def end_every_session(user: User, *, spare: str | None = None) -> None:
    """End them all. ``spare`` (a session's key) only stays listed; it goes on if it is given the new hash."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(sign_outs=F("sign_outs") + 1)
        _end(UserSession.objects.filter(user=user).exclude(session_key=spare or ""))


def _end(rows: QuerySet[UserSession]) -> int:
    with transaction.atomic():
        keys = list(rows.values_list("session_key", flat=True))
        Session.objects.filter(session_key__in=keys).delete()
        UserSession.objects.filter(session_key__in=keys).delete()
    return len(keys)
