"""How somebody reads: the language of their pages and mails, and the zone of their times."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.models import User


def change_profile(user: User, *, language: str, time_zone: str, by: Actor, now: datetime) -> None:
    """``language`` is one that is offered, or empty for the browser's; ``time_zone`` one that is known."""
    after = {"language": language, "time_zone": time_zone}
    before = {name: getattr(user, name) for name in after}
    if before == after:
        return
    user.language, user.time_zone = language, time_zone
    with transaction.atomic():
        user.save(update_fields=list(after))
        audit.record(user, "change_profile", by=by, now=now, before=before, after=after)
