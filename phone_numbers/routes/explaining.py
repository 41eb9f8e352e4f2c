"""Can this number call, or who answers it, and why: every question on the way, with what decided it.

This module has the answer's shape, the questions about a number itself, and calls that come in; ``calling``
has those that go out. Nothing is created. A moment in the past is answered from the history.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from dialnexa.models import Workspace
from dialnexa.past import state_at
from phone_numbers.minutes import decided_by
from phone_numbers.models import PhoneNumber, Rental
from phone_numbers.routes.routing import Direction, who_answered
from telephony.destinations import Outcome, Step
from telephony.e164 import E164, Unreadable, read_destination
from telephony.models import AgentVersion, CarrierSlug
from telephony.rating import CallPrice, rate_call

STATUS = {  # what a number that is not active does to calls
    "pending": "{number} {was} still being bought, so no call comes in or goes out.",
    "releasing": "{number} {was} being given back, so no call comes in or goes out.",
    "released": "{number} {was} given back, so no call comes in or goes out.",
    "failed": "{number} {was} never bought, so no call comes in or goes out.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The number in question: what is said of it, and its id."""

    e164: str
    pk: str

    def __str__(self) -> str:
        return self.e164


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer. ``number`` is the workspace's own, ``other`` who is called (None: no number, or inbound).

    ``at`` is the moment in question, ``past`` whether it lies behind; ``version`` who answers or calls.
    ``carrier`` is the slug of the route, ``spend_left`` what limits on spending leave (None: there are none).
    """

    direction: Direction
    number: PhoneNumber | None
    carrier: str
    at: datetime
    past: bool
    steps: tuple[Step, ...]
    other: E164 | None = None
    version: AgentVersion | None = None
    price: CallPrice | None = None
    notes: tuple[str, ...] = field(default=())
    spend_left: Decimal | None = None

    @property
    def refusal(self) -> Step | None:
        """The first step that fails."""
        return next((step for step in self.steps if step.failed), None)

    @property
    def allowed(self) -> bool:
        return self.refusal is None

    @property
    def verdict(self) -> str:
        """One sentence."""
        if self.direction == "inbound":
            return self._answered()
        if self.refusal:
            return f"{'This call was not possible' if self.past else 'This call is not possible'}: " + (
                self.refusal.sentence
            )
        source = self.number.e164 if self.number else f"Any number of {CarrierSlug(self.carrier).label}"
        assert self.other
        return f"{source} {'could' if self.past else 'can'} call {self.other}."

    @property
    def priced_by(self) -> str:
        """What decides the price, in words; empty without one."""
        return decided_by(self.price) if self.price else ""

    def _answered(self) -> str:
        if self.refusal:
            return f"Nobody {'answered' if self.past else 'answers'}: {self.refusal.sentence}"
        assert self.number
        return f"{self.version} {'answered' if self.past else 'answers'} {self.number}."


def explain_inbound(
    called: str, *, workspace: Workspace, now: datetime, at: datetime | None = None, caller: str = ""
) -> Explanation:
    """Who answers a call to ``called`` (the workspace's own number, as people write it), or why nobody does.

    ``at`` is a moment that has been (None: now). Who calls decides nothing; ``caller`` is only read.
    """
    at, past = at or now, at is not None and at < now
    read = read_destination(called)
    if isinstance(read, Unreadable):
        steps = [Step("number", Outcome.FAIL, f"destination_{read.problem}", read.sentence, status=400)]
        return _inbound(None, at, past, [*steps, *_caller(caller)])
    number = number_at(workspace, read.e164, at)
    if number is None:
        sentence = f"{read} {'was' if past else 'is'} no number of this workspace."
        steps = [Step("number", Outcome.FAIL, "number_unknown", sentence, status=404)]
        return _inbound(None, at, past, [*steps, *_caller(caller)])
    version = who_answered(number, "inbound", at)
    steps = [*number_steps(number, at, past), _answering(number, version, past), *_caller(caller)]
    answer = _inbound(number, at, past, steps)
    price = rate_call(read, carrier=number.carrier, currency=workspace.currency, direction="inbound", at=at)
    return replace(answer, version=version, price=price)


def _inbound(number: PhoneNumber | None, at: datetime, past: bool, steps: Iterable[Step]) -> Explanation:
    return Explanation("inbound", number, number.carrier if number else "", at, past, tuple(steps))


def _caller(caller: str) -> list[Step]:
    if not caller:
        return []
    read = read_destination(caller)
    who = "The caller's number is none" if isinstance(read, Unreadable) else f"{read} calls"
    sentence = f"{who}, but who calls decides nothing."
    return [Step("caller", Outcome.SKIPPED, "caller_not_asked", sentence)]


def _answering(number: PhoneNumber, version: AgentVersion | None, past: bool) -> Step:
    name, record = (str(version), version.pk) if version else ("", "")
    return answering_step(Asked(number.e164, number.pk), name, record, was="was" if past else "is")


def answering_step(asked: Asked, version: str, record: str, *, was: str = "is") -> Step:
    """Is an agent connected for calls that come in? ``version`` is its name, empty for none."""
    if not version:
        sentence = f"No agent {was} connected to {asked} for calls that come in."
        return Step("version", Outcome.FAIL, "inbound_version_missing", sentence, asked.pk, "routing", 409)
    sentence = f"{version} {was} connected for calls that come in."
    return Step("version", Outcome.PASS, "inbound_version_published", sentence, record)


# --- the number itself ---------------------------------------------------------------------------------


def number_at(workspace: Workspace, e164: str, at: datetime) -> PhoneNumber | None:
    """The workspace's number with these digits at ``at``: the newest there was, for only that can be live."""
    known = _with_relations(workspace).filter(e164=e164, created_at__lte=at)
    return known.order_by("-created_at").first()


def _with_relations(workspace: Workspace) -> QuerySet[PhoneNumber]:
    numbers = PhoneNumber.objects.filter(workspace=workspace)
    return numbers.select_related("workspace", "rental", "trunk").defer("trunk__sealed_password")


def number_steps(number: PhoneNumber, at: datetime, past: bool) -> list[Step]:
    """Was it active, and was its rent paid?"""
    return [_active(number, at, past), _rental(number, at, past)]


def _active(number: PhoneNumber, at: datetime, past: bool) -> Step:
    status, was = state_at(number, at), "was" if past else "is"
    if past and number.created_at > at:
        sentence = f"{number} was not in this workspace yet."
        return Step("active", Outcome.FAIL, "number_not_active", sentence, number.pk, "", 409)
    return active_step(Asked(number.e164, number.pk), status, was=was)


def active_step(asked: Asked, status: str, *, was: str = "is") -> Step:
    if status == PhoneNumber.Status.ACTIVE:
        return Step("active", Outcome.PASS, "number_active", f"{asked} {was} active.", asked.pk)
    sentence = STATUS[status].format(number=asked, was=was)
    return Step("active", Outcome.FAIL, "number_not_active", sentence, asked.pk, "number", 409)


def _rental(number: PhoneNumber, at: datetime, past: bool) -> Step:
    rental, was = getattr(number, "rental", None), "was" if past else "is"
    asked = Asked(number.e164, number.pk)
    if rental is None or rental.anchor > at:
        return rental_step(asked, "", "", was=was)
    return rental_step(asked, state_at(rental, at), rental.pk, was=was)


def rental_step(asked: Asked, status: str, record: str, *, was: str = "is") -> Step:
    """Is the rent paid? ``status`` is the rental's, empty where none is due; ``record`` its id."""
    if not status:
        sentence = f"No rent {was} due for {asked} here."
        return Step("rental", Outcome.SKIPPED, "rental_none", sentence, asked.pk)
    if status == Rental.Status.ACTIVE:
        return Step("rental", Outcome.PASS, "rental_active", f"The rent {was} paid.", record)
    sentence = f"The rent of {asked} {was} overdue: calls are off until it is paid."
    return Step("rental", Outcome.FAIL, "rental_expired", sentence, record, "wallet", 402)
