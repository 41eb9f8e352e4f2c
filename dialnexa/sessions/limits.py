"""How long a session lasts: so long after signing in at most, and so long without a person's request.

Pages that refresh themselves say so (``X-Poll``, set by app.js): a screen nobody looks at is no use of it.
Who forges that header, or leaves it out, only has the session they have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from dialnexa import clock

BEGAN, SEEN = "began", "seen"  # in the session: seconds since 1970, by the wall clock
NOTE_EVERY = 60.0  # seconds
POLL = "X-Poll"
LONG_AGO = _("You were signed out because it was long ago that you signed in. Sign in again to go on.")
UNUSED = _("You were signed out because nobody used the page for a while. Sign in again to go on.")
Handler = Callable[[HttpRequest], HttpResponse]


def session_limits(get_response: Handler) -> Handler:
    """Middleware: sign out whose time is over, note who is there."""

    def handle(request: HttpRequest) -> HttpResponse:
        if request.session.session_key and SESSION_KEY in request.session:
            _hold_to_limits(request, clock.wall_now().timestamp())
        return get_response(request)

    return handle


def begin(request: HttpRequest, **_: Any) -> None:
    """Receives ``user_logged_in``: the session's time starts."""
    request.session[BEGAN] = request.session[SEEN] = clock.wall_now().timestamp()


def _hold_to_limits(request: HttpRequest, now: float) -> None:
    session = request.session
    if now - session.get(BEGAN, now) >= settings.SESSION_COOKIE_AGE:
        _end(request, str(LONG_AGO))
    elif now - session.get(SEEN, now) >= settings.SESSION_IDLE:
        _end(request, str(UNUSED))
    elif POLL not in request.headers and now - session.get(SEEN, 0) >= NOTE_EVERY:
        session[SEEN] = now
        session.setdefault(BEGAN, now)
        UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=clock.wall_now())


def _end(request: HttpRequest, why: str) -> None:
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    logout(request)
    messages.info(request, why)
