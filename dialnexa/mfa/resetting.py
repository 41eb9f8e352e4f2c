"""The way back for somebody whose phone, passkeys and recovery codes are all gone: support turns them off."""

from __future__ import annotations

from datetime import datetime

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.db import transaction

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import User
from dialnexa.sessions.ending import end_every_session


def turn_off_second_step(user: User, *, by: Actor, now: datetime, reason: str) -> None:
    """Remove every code, passkey and recovery code of ``user``, end every session, and mail them.

    Raises Refusal 409 where there is none, 403 for staff unless ``by`` is a superuser: whoever may do this to
    colleagues could become them.
    """
    if (user.is_staff or user.is_superuser) and not (by.user and by.user.is_superuser):
        raise Refusal("superuser_only", "Only a superuser turns off a colleague's second step.", status=403)
    with transaction.atomic():
        gone, _ = Authenticator.objects.filter(user=user).delete()
        if not gone:
            raise Refusal("no_second_step", f"{user} has no second step.", status=409)
        end_every_session(user)
        audit.record(user, "turn_off_second_step", by=by, now=now, reason=reason)
    about = {"email": user.email, "user": user}
    get_adapter().send_mail("mfa/email/turned_off_by_support", user.email, about)
