"""What a number is called: nickname and label."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from phone_numbers.models import PhoneNumber

LIMIT = 255


def rename_number(number: PhoneNumber, *, nickname: str, label: str, by: Actor, now: datetime) -> bool:
    """Give the number this nickname and label (either may be empty). Returns whether anything changed.

    Raises Refusal for names over 255 characters or with control characters.
    """
    wanted = {"nickname": clean_name("nickname", nickname), "label": clean_name("label", label)}
    with transaction.atomic():
        locked = PhoneNumber.objects.select_for_update(no_key=True).get(pk=number.pk)
        before = {name: getattr(locked, name) for name in wanted}
        changed = {name: value for name, value in wanted.items() if before[name] != value}
        if changed:
            PhoneNumber.objects.filter(pk=number.pk).update(**changed)
            audit.record(
                locked,
                "rename",
                before={name: before[name] for name in changed},
                after=changed,
                by=by,
                now=now,
            )
    for name, value in wanted.items():
        setattr(number, name, value)
    return bool(changed)


def clean_name(name: str, value: str) -> str:
    """The ``nickname`` or ``label`` without blanks around it. Raises Refusal for what can't be one."""
    value = value.strip()
    if len(value) > LIMIT:
        raise Refusal(f"{name}_too_long", _too_long(name, len(value)), field=name)
    if not value.isprintable():
        sentence = {
            "nickname": _("A nickname can't hold line breaks or control characters."),
            "label": _("A label can't hold line breaks or control characters."),
        }
        raise Refusal(f"{name}_invalid", sentence[name], field=name)
    return value


def _too_long(name: str, length: int) -> str:
    sentence = {
        "nickname": _("A nickname may have at most %(limit)s characters; this one has %(length)s."),
        "label": _("A label may have at most %(limit)s characters; this one has %(length)s."),
    }
    return sentence[name] % {"limit": LIMIT, "length": f"{length:,}"}
