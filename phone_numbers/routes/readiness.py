"""Is a number fit for production? Six questions, in the order in which one sets a number up.

A linked number has a seventh: whether its owner's carrier answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Q
from django.utils.timezone import localtime

from kyc.gate import may_rent, standing
from phone_numbers.linking.settings import inbound_uri
from phone_numbers.models import PhoneNumber, Rental, SipTrunk
from phone_numbers.routes.routing import NOT_NOW
from telephony.agents import published_versions
from telephony.models import AgentVersion, Call, CarrierSlug
from telephony.switches import enabled_groups

NAMED = 3  # countries named before "and n more"


class State(StrEnum):
    DONE = "done"
    TODO = "todo"
    BLOCKED = "blocked"  # something else must happen first


@dataclass(frozen=True, slots=True)
class Item:
    """One question and its answer.

    ``record`` is the id of the row that decided, where one did. ``fix`` names where it is seen or done: a
    page as in ``Refusal.fix``, ``routing``, ``order`` and ``trunk`` on the number's own page, ``call`` (place
    one), ``calls`` (all of the number's) and ``the_call`` that ``record`` names.
    """

    title: str
    state: State
    sentence: str
    fix: str = ""
    record: str = ""


def read_readiness(number: PhoneNumber, *, now: datetime) -> list[Item]:
    """All of them, for a number that came with its relations. Five queries."""
    active, trunk = _active(number), getattr(number, "trunk", None)
    return [
        active,
        *([_answers(trunk)] if trunk else []),
        _papers(number, now),
        _versions(number),
        _destinations(number),
        _test_call(number, active, "inbound", number.inbound_version),
        _test_call(number, active, "outbound", number.outbound_version),
    ]


def _active(number: PhoneNumber) -> Item:
    rental, order = getattr(number, "rental", None), getattr(number, "order", None)
    title, status = "The number is active", PhoneNumber.Status(number.status)
    if status == PhoneNumber.Status.PENDING and number.carrier == CarrierSlug.SIP_TRUNK:
        return Item(title, State.TODO, "Your carrier is being asked over SIP.", "trunk", number.pk)
    if status == PhoneNumber.Status.PENDING:
        record = order.pk if order else number.pk
        return Item(title, State.TODO, "The carrier has not switched it on yet.", "order", record)
    if status != PhoneNumber.Status.ACTIVE:
        return Item(title, State.BLOCKED, NOT_NOW[status].format(number=number.e164), "", number.pk)
    if rental and rental.rental_status != Rental.Status.ACTIVE:
        sentence = "Rent is overdue: calls are off until it is paid."
        return Item(title, State.BLOCKED, sentence, "wallet", rental.pk)
    if number.missing_since:
        carrier = number.get_carrier_display()
        sentence = (
            f"{carrier} does not carry it at the moment: calls fail, and no rent is charged. Support is told."
        )
        return Item(title, State.BLOCKED, sentence, "", number.pk)
    since = f" since {localtime(number.activated_at):%-d %B %Y}" if number.activated_at else ""
    paid = f", and paid until {localtime(rental.paid_through):%-d %B %Y}" if rental else ""
    return Item(title, State.DONE, f"Active{since}{paid}.", "", rental.pk if rental else number.pk)


def _answers(trunk: SipTrunk) -> Item:
    title = "Your carrier answers"
    if trunk.health == SipTrunk.Health.HEALTHY:
        took = f" in {trunk.round_trip_ms} ms" if trunk.round_trip_ms is not None else ""
        return Item(title, State.DONE, f"{trunk} answered over SIP{took}.", "trunk", trunk.pk)
    waits = f"{trunk} is tested within a minute of being linked or changed."
    return Item(title, State.TODO, trunk.health_text or waits, "trunk", trunk.pk)


def _papers(number: PhoneNumber, now: datetime) -> Item:
    title = "Papers are in order"
    if number.carrier == CarrierSlug.SIP_TRUNK:
        return Item(title, State.DONE, "Your own carrier has them; none are needed here.", "", number.pk)
    verdict = may_rent(number.workspace, number.country, number.type, now=now)
    if not verdict.papers:
        return Item(title, State.DONE, verdict.sentence)
    record = verdict.case.pk if verdict.case else ""
    if verdict.allowed:
        return Item(title, State.DONE, verdict.sentence, "kyc", record)
    waits = standing(verdict.case, now=now) in ("submitted", "suspended")  # others decide, not the customer
    return Item(title, State.BLOCKED if waits else State.TODO, verdict.sentence, "kyc", record)


def _versions(number: PhoneNumber) -> Item:
    title = "Agents answer and call"
    inbound, outbound = number.inbound_version, number.outbound_version
    record = " ".join(version.pk for version in (inbound, outbound) if version)
    if inbound and outbound:
        return Item(title, State.DONE, f"{inbound} answers, {outbound} calls from it.", "routing", record)
    if inbound or outbound:
        missing = f"{outbound} calls from it, but nobody answers." if outbound else ""
        missing = missing or f"{inbound} answers, but nobody calls from it."
        return Item(title, State.TODO, missing, "routing", record)
    if published_versions(number.workspace).exists():
        return Item(title, State.TODO, "Nobody answers it and nobody calls from it.", "routing", number.pk)
    return Item(title, State.BLOCKED, "No agent version is published yet. Publish one first.", "agents")


def _destinations(number: PhoneNumber) -> Item:
    title, carrier = "It may call somewhere", number.get_carrier_display()
    if number.carrier == CarrierSlug.SIP_TRUNK:
        return Item(
            title, State.DONE, "Calls go over your own carrier; Telephony Config does not limit them."
        )
    groups = list(enabled_groups(number.workspace, number.carrier))
    if not groups:
        sentence = f"Nothing is switched on for {carrier}, so every call from this number is refused."
        return Item(title, State.TODO, sentence, "telephony")
    names = sorted({group.country.name for group in groups})
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    sentence = f"On for {carrier}: {', '.join(names[:NAMED])}{more}."
    return Item(title, State.DONE, sentence, "telephony", groups[0].pk if len(groups) == 1 else "")


def _test_call(number: PhoneNumber, active: Item, way: str, version: AgentVersion | None) -> Item:
    """A call that was really taken is the proof; one that is being spoken in counts already."""
    title = "A test call came in" if way == "inbound" else "A test call went out"
    if call := _taken_call(number, way):
        ends = f"from {call.from_text}" if way == "inbound" else f"to {call.to_text}"
        sentence = f"A call {ends} was taken on {localtime(call.answered_at):%-d %B %Y}."
        return Item(title, State.DONE, sentence, "the_call", call.pk)
    if active.state != State.DONE:
        return Item(title, State.BLOCKED, "The number has to be active first.")
    if version is None:
        does = "answers" if way == "inbound" else "calls"
        return Item(title, State.BLOCKED, f"First choose which agent {does}.", "routing")
    return _way_in(number, title, version) if way == "inbound" else _way_out(title, version)


def _way_in(number: PhoneNumber, title: str, version: AgentVersion) -> Item:
    """How somebody gets a call to come in."""
    unproven = f"nothing proves yet that {version} answers."
    if number.carrier != CarrierSlug.SIP_TRUNK:
        sentence = f"Call {number.e164} from any phone: {unproven}"
        return Item(title, State.TODO, sentence, "calls", version.pk)
    does = "Have your carrier send one to the address under Incoming"
    if not inbound_uri(number.e164):
        does = "Ask support where your carrier should send calls"
    return Item(title, State.TODO, f"{does}: {unproven}", "trunk", version.pk)


def _way_out(title: str, version: AgentVersion) -> Item:
    sentence = f"Call somebody from it: nothing proves yet that {version} can."
    return Item(title, State.TODO, sentence, "call", version.pk)


def _taken_call(number: PhoneNumber, way: str) -> Call | None:
    """The last one that an agent had. One that ended at once proves nothing."""
    calls = Call.objects.filter(number=number, direction=way, answered_at__isnull=False)
    spoken = Q(status=Call.Status.RECEIVED) | Q(status=Call.Status.COMPLETED, duration__gt=0)
    return calls.filter(spoken).order_by("-created_at").first()
