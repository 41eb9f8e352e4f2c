"""How people get in, as support sees it: second steps and sessions, without what opens anything."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin

from dialnexa.actors import Actor
from dialnexa.admin_actions import StaffAction
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.mfa.resetting import turn_off_second_step
from dialnexa.mfa.rules import has_second_step
from dialnexa.models import User
from dialnexa.sessions.browsers import name_of

admin.site.unregister((Authenticator, UserSession))


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """What they hold is sealed, and on no page."""

    shelf = "Customers"
    called = "Second steps"
    fields = ("user", "type", "created_at", "last_used_at")
    list_display = ("user", "type", "created_at", "last_used_at")
    list_display_links = ("type",)
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    ordering = ("-id",)

    def heading(self, item: Authenticator) -> str:
        return f"{item.get_type_display()} of {item.user}"


@admin.register(UserSession)
class UserSessionAdmin(ReadOnlyAdmin):
    """Without the key: whoever knows it has the session."""

    shelf = "Customers"
    called = "Sessions"
    fields = ("user", "browser", "ip", "created_at", "last_seen_at")
    list_display = ("user", "browser", "ip", "created_at", "last_seen_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "ip__exact")
    ordering = ("-id",)

    @admin.display(description="Browser")
    def browser(self, session: UserSession) -> str:
        return name_of(session.user_agent)

    def heading(self, item: UserSession) -> str:
        return f"{name_of(item.user_agent)}, {item.user}"


def _turn_off(user: User, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    turn_off_second_step(user, by=by, now=now, reason=data["reason"])
    return "signs in with the password alone from now on, and is signed out everywhere."


TURN_OFF_SECOND_STEP = StaffAction(
    name="turn-off-second-step",
    label="Turn off the second step",
    explains=(
        "For somebody who lost phone, passkeys and recovery codes. Make sure in another way that it is they "
        "who ask: the password alone opens the account afterwards. They are told by mail."
    ),
    run=_turn_off,
    permission="mfa.delete_authenticator",
    fits=has_second_step,
    single=True,
    final=True,
    danger=True,
)
