"""The default number of a workspace: the one that calls when nobody says which."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from dialnexa.translations.marking import gettext_noop
from phone_numbers.models import PhoneNumber


def set_default(number: PhoneNumber, *, is_default: bool, by: Actor, now: datetime) -> bool:
    """Make this the workspace's default number, in the place of any other; or no longer.

    Returns whether anything changed; ``number`` then shows it. Raises Refusal 409 ``number_not_active``.
    """
    with transaction.atomic():
        # Two people who choose at once wait for each other here; ``no_key`` lets everybody else go on.
        Workspace.objects.select_for_update(no_key=True).get(pk=number.workspace_id)
        concerned = PhoneNumber.objects.filter(workspace=number.workspace_id)
        concerned = concerned.filter(Q(pk=number.pk) | Q(is_default=True))
        locked = {row.pk: row for row in concerned.select_for_update(no_key=True).order_by("pk")}
        this = locked.pop(number.pk)
        changes = this.is_default != is_default
        if changes and is_default:
            _refuse_inactive(this)
            for other in locked.values():
                why = gettext_noop("%(number)s is the default now.") % {"number": this.e164}
                _write(other, False, why, by, now)
        if changes:
            _write(this, is_default, "", by, now)
    number.is_default = is_default
    return changes


def _refuse_inactive(number: PhoneNumber) -> None:
    if number.status != PhoneNumber.Status.ACTIVE:
        state = number.get_status_display().lower()
        inactive = _("%(number)s is %(state)s. Only an active number can be the default.")
        sentence = inactive % {"number": number.e164, "state": state}
        raise Refusal("number_not_active", sentence, status=409, number_status=number.status)


def _write(number: PhoneNumber, is_default: bool, reason: str, by: Actor, now: datetime) -> None:
    PhoneNumber.objects.filter(pk=number.pk).update(is_default=is_default)
    event = "make_default" if is_default else "end_default"
    audit.record(number, event, by=by, now=now, reason=reason)
