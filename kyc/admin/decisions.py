"""What staff may decide about a case: each a form on its page, and one verb."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dialnexa.actors import Actor
from dialnexa.errors import IllegalTransition, Refusal
from kyc import reviews
from kyc.admin.forms import DecisionForm, MoreForm, RejectForm, ToldForm, VerifyForm, seen
from kyc.models import KycCase
from kyc.overriding import verify_or_ask
from kyc.terms import in_words, last_day


@dataclass(frozen=True, slots=True)
class Decision:
    """``run(case, data, by=…, now=…)`` calls the verb with the form's cleaned data.

    ``said`` is what the reviewer reads afterwards, unless ``run`` returns something else. ``event`` is one of
    the case's, and legal as that is.
    """

    event: str
    label: str
    explains: str
    said: str
    form: type[DecisionForm]
    run: Callable[..., str | None]
    danger: bool = False

    def is_for(self, case: KycCase) -> bool:
        return case.status in KycCase.TRANSITIONS[self.event][0]


def _verify(case: KycCase, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    asked = verify_or_ask(case, by=by, now=now, reason=data["reason"], until=data["until"])
    if asked is None:
        return ""
    return (
        f"Not everything is there, so nothing is decided yet: somebody else has to approve it ({asked.pk})."
    )


def _reject(case: KycCase, data: dict[str, Any], *, by: Actor, now: datetime) -> None:
    reviews.reject(case, by=by, now=now, reason=data["reason"], documents=data["rejected"])


def _request_more(case: KycCase, data: dict[str, Any], *, by: Actor, now: datetime) -> None:
    reviews.request_more(case, kinds=data["kinds"], by=by, now=now, reason=data["reason"])


def _suspend(case: KycCase, data: dict[str, Any], *, by: Actor, now: datetime) -> None:
    reviews.suspend(case, by=by, now=now, reason=data["reason"])


def _reinstate(case: KycCase, data: dict[str, Any], *, by: Actor, now: datetime) -> None:
    reviews.reinstate(case, by=by, now=now, reason=data["reason"])


DECISIONS = (
    Decision(
        "verify",
        "Approve",
        "Every document is accepted, and the workspace may do what the papers were for.",
        "Approved{until}.",
        VerifyForm,
        _verify,
    ),
    Decision(
        "reject",
        "Reject",
        "The customer reads what is wrong with which document, replaces it and submits again.",
        "Rejected. The customer reads the reasons and may submit again.",
        RejectForm,
        _reject,
        danger=True,
    ),
    Decision(
        "request_more",
        "Request more",
        "Nothing is wrong with what is here, but it does not suffice.",
        "More is asked for. The customer adds it and submits again.",
        MoreForm,
        _request_more,
    ),
    Decision(
        "suspend",
        "Suspend",
        "The verification stops counting from now on, until it is reinstated.",
        "Suspended. The customer reads the reason.",
        ToldForm,
        _suspend,
        danger=True,
    ),
    Decision(
        "reinstate",
        "Reinstate",
        "The suspension ends, and the verification counts again.",
        "Verified again{until}.",
        DecisionForm,
        _reinstate,
    ),
)


def carry_out(decision: Decision, case: KycCase, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    """Decide, and say what came of it. Raises Refusal, on a stale page ``kyc_moved`` (409)."""
    if data["seen"] != seen(case):
        raise _moved(case)
    try:
        if said := decision.run(case, data, by=by, now=now):
            return said
    except IllegalTransition as error:
        case.refresh_from_db()
        raise _moved(case) from error
    until = case.verified_until
    return decision.said.format(until=f" until {in_words(last_day(until, case.workspace))}" if until else "")


def _moved(case: KycCase) -> Refusal:
    state = case.get_status_display().lower()
    sentence = f"This case has changed since you looked: it is {state} now. Nothing was changed. Look again."
    return Refusal("kyc_moved", sentence, status=409, state=case.status)
