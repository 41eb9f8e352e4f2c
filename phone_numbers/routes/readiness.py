"""Is a number fit for production? Six questions, in the order in which one sets a number up.

A linked number has a seventh: whether its owner's carrier answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from dialnexa.countries import country_name
from dialnexa.translations.retelling import retell
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
    title, status = _("The number is active"), PhoneNumber.Status(number.status)
    if status == PhoneNumber.Status.PENDING and number.carrier == CarrierSlug.SIP_TRUNK:
        return Item(title, State.TODO, _("Your carrier is being asked over SIP."), "trunk", number.pk)
    if status == PhoneNumber.Status.PENDING:
        record = order.pk if order else number.pk
        return Item(title, State.TODO, _("The carrier has not switched it on yet."), "order", record)
    if status != PhoneNumber.Status.ACTIVE:
        return Item(title, State.BLOCKED, NOT_NOW[status] % {"number": number.e164}, "", number.pk)
    if rental and rental.rental_status != Rental.Status.ACTIVE:
        sentence = _("Rent is overdue: calls are off until it is paid.")
        return Item(title, State.BLOCKED, sentence, "wallet", rental.pk)
    if number.missing_since:
        sentence = _(
            "%(carrier)s does not carry it at the moment: calls fail, and no rent is charged. Support is "
            "told."
        )
        told = sentence % {"carrier": number.get_carrier_display()}
        return Item(title, State.BLOCKED, told, "", number.pk)
    return Item(title, State.DONE, _since(number, rental), "", rental.pk if rental else number.pk)


def _since(number: PhoneNumber, rental: Rental | None) -> str:
    days = {
        "since": _day(number.activated_at) if number.activated_at else "",
        "paid": _day(rental.paid_through) if rental else "",
    }
    if days["since"] and rental:
        return _("Active since %(since)s, and paid until %(paid)s.") % days
    if rental:
        return _("Active, and paid until %(paid)s.") % days
    return _("Active since %(since)s.") % days if days["since"] else _("Active.")


def _day(at: datetime) -> str:
    return date_format(localtime(at), "j F Y")


def _answers(trunk: SipTrunk) -> Item:
    title = _("Your carrier answers")
    if trunk.health == SipTrunk.Health.HEALTHY:
        answered = _("%(trunk)s answered over SIP.")
        if trunk.round_trip_ms is not None:
            answered = _("%(trunk)s answered over SIP in %(ms)s ms.")
        told = answered % {"trunk": trunk, "ms": trunk.round_trip_ms}
        return Item(title, State.DONE, told, "trunk", trunk.pk)
    waits = _("%(trunk)s is tested within a minute of being linked or changed.") % {"trunk": trunk}
    return Item(title, State.TODO, retell(trunk.health_text) or waits, "trunk", trunk.pk)


def _papers(number: PhoneNumber, now: datetime) -> Item:
    title = _("Papers are in order")
    if number.carrier == CarrierSlug.SIP_TRUNK:
        own = _("Your own carrier has them; none are needed here.")
        return Item(title, State.DONE, own, "", number.pk)
    verdict = may_rent(number.workspace, number.country, number.type, now=now)
    if not verdict.papers:
        return Item(title, State.DONE, verdict.sentence)
    record = verdict.case.pk if verdict.case else ""
    if verdict.allowed:
        return Item(title, State.DONE, verdict.sentence, "kyc", record)
    waits = standing(verdict.case, now=now) in ("submitted", "suspended")  # others decide, not the customer
    return Item(title, State.BLOCKED if waits else State.TODO, verdict.sentence, "kyc", record)


def _versions(number: PhoneNumber) -> Item:
    title = _("Agents answer and call")
    inbound, outbound = number.inbound_version, number.outbound_version
    record = " ".join(version.pk for version in (inbound, outbound) if version)
    who = {"inbound": inbound, "outbound": outbound}
    if inbound and outbound:
        both = _("%(inbound)s answers, %(outbound)s calls from it.")
        return Item(title, State.DONE, both % who, "routing", record)
    if inbound or outbound:
        nobody_answers = _("%(outbound)s calls from it, but nobody answers.")
        nobody_calls = _("%(inbound)s answers, but nobody calls from it.")
        missing = nobody_answers if outbound else nobody_calls
        return Item(title, State.TODO, missing % who, "routing", record)
    if published_versions(number.workspace).exists():
        neither = _("Nobody answers it and nobody calls from it.")
        return Item(title, State.TODO, neither, "routing", number.pk)
    return Item(title, State.BLOCKED, _("No agent version is published yet. Publish one first."), "agents")


def _destinations(number: PhoneNumber) -> Item:
    title, carrier = _("It may call somewhere"), number.get_carrier_display()
    if number.carrier == CarrierSlug.SIP_TRUNK:
        own = _("Calls go over your own carrier; Telephony Config does not limit them.")
        return Item(title, State.DONE, own)
    groups = list(enabled_groups(number.workspace, number.carrier))
    if not groups:
        nothing = _("Nothing is switched on for %(carrier)s, so every call from this number is refused.")
        return Item(title, State.TODO, nothing % {"carrier": carrier}, "telephony")
    names = sorted({country_name(group.country.iso) for group in groups})
    on = _("On for %(carrier)s: %(countries)s.")
    if len(names) > NAMED:
        on = _("On for %(carrier)s: %(countries)s and %(more)s more.")
    told = {"carrier": carrier, "countries": ", ".join(names[:NAMED]), "more": len(names) - NAMED}
    return Item(title, State.DONE, on % told, "telephony", groups[0].pk if len(groups) == 1 else "")


def _test_call(number: PhoneNumber, active: Item, way: str, version: AgentVersion | None) -> Item:
    """A call that was really taken is the proof; one that is being spoken in counts already."""
    title = _("A test call came in") if way == "inbound" else _("A test call went out")
    if call := _taken_call(number, way):
        return Item(title, State.DONE, _taken(call, way), "the_call", call.pk)
    if active.state != State.DONE:
        return Item(title, State.BLOCKED, _("The number has to be active first."))
    if version is None:
        answers, calls = _("First choose which agent answers."), _("First choose which agent calls.")
        return Item(title, State.BLOCKED, answers if way == "inbound" else calls, "routing")
    return _way_in(number, title, version) if way == "inbound" else _way_out(title, version)


def _taken(call: Call, way: str) -> str:
    assert call.answered_at is not None
    came, went = _("A call from %(end)s was taken on %(day)s."), _("A call to %(end)s was taken on %(day)s.")
    end = call.from_text if way == "inbound" else call.to_text
    return (came if way == "inbound" else went) % {"end": end, "day": _day(call.answered_at)}


def _way_in(number: PhoneNumber, title: str, version: AgentVersion) -> Item:
    """How somebody gets a call to come in."""
    told = {"number": number.e164, "version": version}
    if number.carrier != CarrierSlug.SIP_TRUNK:
        sentence = _("Call %(number)s from any phone: nothing proves yet that %(version)s answers.") % told
        return Item(title, State.TODO, sentence, "calls", version.pk)
    does = _(
        "Have your carrier send one to the address under Incoming: nothing proves yet that %(version)s "
        "answers."
    )
    if not inbound_uri(number.e164):
        does = _(
            "Ask support where your carrier should send calls: nothing proves yet that %(version)s answers."
        )
    return Item(title, State.TODO, does % told, "trunk", version.pk)


def _way_out(title: str, version: AgentVersion) -> Item:
    sentence = _("Call somebody from it: nothing proves yet that %(version)s can.")
    return Item(title, State.TODO, sentence % {"version": version}, "call", version.pk)


def _taken_call(number: PhoneNumber, way: str) -> Call | None:
    """The last one that an agent had. One that ended at once proves nothing."""
    calls = Call.objects.filter(number=number, direction=way, answered_at__isnull=False)
    spoken = Q(status=Call.Status.RECEIVED) | Q(status=Call.Status.COMPLETED, duration__gt=0)
    return calls.filter(spoken).order_by("-created_at").first()
