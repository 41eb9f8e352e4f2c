"""What staff do to an object: one verb, with a reason, and an answer in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages

from dialnexa.actors import Actor
from dialnexa.errors import IllegalTransition, Refusal
from dialnexa.wallet import AlreadyBooked

AT_ONCE = 50  # objects one action may be applied to


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        help_text="Kept in the history for good.",
        error_messages={"required": "Say why: the history needs a reason."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})


def always(item: Any) -> bool:
    return True


def nothing(*about: Any) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class StaffAction:
    """``run(item, data, by=…, now=…)`` calls one verb and returns a sentence about what happened.

    ``data`` is the form's cleaned data. ``explains`` says what the action does, ``says`` what it would do to
    one object. It is offered in ``states`` (any, when empty) to objects it ``fits``; whether it may happen is
    the verb's decision. What ``echo`` says of the object and the data is asked back before it is done.
    """

    name: str
    label: str
    explains: str
    run: Callable[..., str]
    permission: str
    form: type[forms.Form] = ReasonForm
    states: tuple[str, ...] = ()
    fits: Callable[[Any], bool] = always
    says: Callable[[Any], str] = nothing
    echo: Callable[[Any, dict[str, Any]], str] = nothing
    single: bool = False  # one object at a time
    final: bool = False  # can't be undone
    danger: bool = False  # takes something away

    def is_for(self, item: Any) -> bool:
        """Whether it is offered for this object."""
        return (not self.states or item.status in self.states) and self.fits(item)


def perform(
    action: StaffAction, item: Any, data: dict[str, Any], *, by: Actor, now: datetime
) -> tuple[int, str]:
    """Run it on one object: the message's level, and what happened or why it did not."""
    try:
        return messages.SUCCESS, action.run(item, data, by=by, now=now)
    except Refusal as refusal:
        return messages.ERROR, refusal.sentence
    except IllegalTransition as error:
        return messages.ERROR, f"not changed: it is {error.seen.replace('_', ' ')} (or just moved)."
    except AlreadyBooked:
        return messages.WARNING, "this had been booked before; nothing was booked twice."
