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
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dialnexa.models import Workspace
from dialnexa.past import state_at
from phone_numbers.minutes import decided_by
from phone_numbers.models import PhoneNumber, Rental
from phone_numbers.routes.routing import Direction, who_answered
from telephony.destinations import Outcome, Step
from telephony.e164 import E164, Unreadable, read_destination
from telephony.models import AgentVersion, CarrierSlug
from telephony.rating import CallPrice, rate_call

STATUS = {  # what a number that is not active does to calls: now, and at a moment that has been
    "pending": (
        gettext_noop("%(number)s is still being bought, so no call comes in or goes out."),
        gettext_noop("%(number)s was still being bought, so no call comes in or goes out."),
    ),
    "releasing": (
        gettext_noop("%(number)s is being given back, so no call comes in or goes out."),
        gettext_noop("%(number)s was being given back, so no call comes in or goes out."),
    ),
    "released": (
        gettext_noop("%(number)s is given back, so no call comes in or goes out."),
        gettext_noop("%(number)s was given back, so no call comes in or goes out."),
    ),
    "failed": (
        gettext_noop("%(number)s is never bought, so no call comes in or goes out."),
        gettext_noop("%(number)s was never bought, so no call comes in or goes out."),
    ),
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
            said = _("This call is not possible: %(why)s")
            said = _("This call was not possible: %(why)s") if self.past else said
            return said % {"why": self.refusal.sentence}
        assert self.other
        if self.number is None:
            said = _("Any number of %(carrier)s can call %(other)s.")
            said = _("Any number of %(carrier)s could call %(other)s.") if self.past else said
            return said % {"carrier": CarrierSlug(self.carrier).label, "other": self.other}
        said = _("%(number)s could call %(other)s.") if self.past else _("%(number)s can call %(other)s.")
        return said % {"number": self.number.e164, "other": self.other}

    @property
    def priced_by(self) -> str:
        """What decides the price, in words; empty without one."""
        return decided_by(self.price) if self.price else ""

    def _answered(self) -> str:
        if self.refusal:
            said = _("Nobody answered: %(why)s") if self.past else _("Nobody answers: %(why)s")
            return said % {"why": self.refusal.sentence}
        assert self.number
        said = _("%(version)s answers %(number)s.")
        said = _("%(version)s answered %(number)s.") if self.past else said
        return said % {"version": self.version, "number": self.number}


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
        sentence = _("%(number)s is no number of this workspace.")
        sentence = (_("%(number)s was no number of this workspace.") if past else sentence) % {"number": read}
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
    sentence = _("The caller's number is none, but who calls decides nothing.")
    if not isinstance(read, Unreadable):
        sentence = _("%(number)s calls, but who calls decides nothing.") % {"number": read}
    return [Step("caller", Outcome.SKIPPED, "caller_not_asked", sentence)]


def _answering(number: PhoneNumber, version: AgentVersion | None, past: bool) -> Step:
    name, record = (str(version), version.pk) if version else ("", "")
    return answering_step(Asked(number.e164, number.pk), name, record, past=past)


def answering_step(asked: Asked, version: str, record: str, *, past: bool = False) -> Step:
    """Is an agent connected for calls that come in? ``version`` is its name, empty for none."""
    if not version:
        sentence = _("No agent is connected to %(number)s for calls that come in.")
        sentence = _("No agent was connected to %(number)s for calls that come in.") if past else sentence
        sentence %= {"number": asked}
        return Step("version", Outcome.FAIL, "inbound_version_missing", sentence, asked.pk, "routing", 409)
    sentence = _("%(version)s is connected for calls that come in.")
    sentence = _("%(version)s was connected for calls that come in.") if past else sentence
    sentence %= {"version": version}
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
    if past and number.created_at > at:
        sentence = _("%(number)s was not in this workspace yet.") % {"number": number}
        return Step("active", Outcome.FAIL, "number_not_active", sentence, number.pk, "", 409)
    return active_step(Asked(number.e164, number.pk), state_at(number, at), past=past)


def active_step(asked: Asked, status: str, *, past: bool = False) -> Step:
    if status == PhoneNumber.Status.ACTIVE:
        sentence = _("%(number)s was active.") if past else _("%(number)s is active.")
        return Step("active", Outcome.PASS, "number_active", sentence % {"number": asked}, asked.pk)
    sentence = _(STATUS[status][past]) % {"number": asked}
    return Step("active", Outcome.FAIL, "number_not_active", sentence, asked.pk, "number", 409)


def _rental(number: PhoneNumber, at: datetime, past: bool) -> Step:
    rental = getattr(number, "rental", None)
    asked = Asked(number.e164, number.pk)
    if rental is None or rental.anchor > at:
        return rental_step(asked, "", "", past=past)
    return rental_step(asked, state_at(rental, at), rental.pk, past=past)


def rental_step(asked: Asked, status: str, record: str, *, past: bool = False) -> Step:
    """Is the rent paid? ``status`` is the rental's, empty where none is due; ``record`` its id."""
    if not status:
        sentence = (
            _("No rent was due for %(number)s here.") if past else _("No rent is due for %(number)s here.")
        )
        sentence %= {"number": asked}
        return Step("rental", Outcome.SKIPPED, "rental_none", sentence, asked.pk)
    if status == Rental.Status.ACTIVE:
        return Step(
            "rental",
            Outcome.PASS,
            "rental_active",
            _("The rent was paid.") if past else _("The rent is paid."),
            record,
        )
    sentence = _("The rent of %(number)s is overdue: calls are off until it is paid.")
    sentence = _("The rent of %(number)s was overdue: calls are off until it is paid.") if past else sentence
    sentence %= {"number": asked}
    return Step("rental", Outcome.FAIL, "rental_expired", sentence, record, "wallet", 402)
