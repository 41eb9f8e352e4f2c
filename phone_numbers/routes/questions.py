"""Reading what somebody asks the explainer: which of the numbers, whom, in which direction, when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive, make_aware
from django.utils.translation import gettext as _

from dialnexa.ids import ID_PATTERN
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.number_table.filters import narrow, read_filters
from phone_numbers.number_table.table import visible_numbers
from phone_numbers.routes.calling import explain_call
from phone_numbers.routes.explaining import Explanation, explain_inbound
from phone_numbers.routes.routing import Direction
from telephony.config import offered_carriers
from telephony.e164 import E164, read_destination
from telephony.models import CarrierSlug

LIMIT = 100  # characters of anything typed
EARLIEST = 2000  # year
OFFERED = 50  # numbers one can choose from without typing


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, cleaned. ``source`` and ``to`` are as typed; ``moment`` is None for now.

    ``number`` is the workspace's own that ``source`` names when calling out; ``carrier`` whose rules count
    when it names none. ``errors`` says by field what could not be read.
    """

    direction: Direction
    source: str
    to: str
    at: str
    moment: datetime | None
    number: PhoneNumber | None
    carrier: str
    errors: Mapping[str, str]

    @property
    def query(self) -> str:
        """The address' query that asks the same again."""
        asked = {"direction": self.direction, "from": self.source, "to": self.to, "at": self.at}
        return urlencode({name: text for name, text in asked.items() if text or name == "from"})

    @property
    def turned(self) -> str:
        """The query for the other direction, about the same number of ours."""
        ours = self.source if self.direction == "outbound" else self.to
        asked = {"direction": "inbound", "to": ours} if self.direction == "outbound" else {"from": ours}
        return urlencode(asked | ({"at": self.at} if self.at else {}))


def read_question(workspace: Workspace, asked: Mapping[str, str], *, now: datetime) -> Question:
    """From the address: ``direction``, ``from``, ``to``, ``at`` (in the reader's zone). Never raises."""
    direction: Direction = "inbound" if asked.get("direction") == "inbound" else "outbound"
    source, to, at = (_clean(asked.get(name, "")) for name in ("from", "to", "at"))
    ours = to if direction == "inbound" else source
    if ("to" if direction == "inbound" else "from") not in asked:
        ours = _usual(workspace)
    number, carrier = find_source(workspace, ours)
    if number and ID_PATTERN.match(ours):
        ours = number.e164
    moment, wrong = _moment(at, now)
    errors = {"at": wrong} if wrong else {}
    if direction == "outbound" and not carrier:
        errors["from"] = _("No number of this workspace is %(text)s, or more than one.") % {"text": ours}
    source, to = (source, ours) if direction == "inbound" else (ours, to)
    return Question(direction, source, to, at, moment, number, carrier, errors)


def answer(workspace: Workspace, question: Question, *, now: datetime) -> Explanation | None:
    """The explanation; None while something is missing or can't be read."""
    if question.errors or not question.to:
        return None
    if question.direction == "inbound":
        return explain_inbound(
            question.to, workspace=workspace, at=question.moment, caller=question.source, now=now
        )
    return explain_call(
        question.number,
        question.to,
        workspace=workspace,
        carrier=question.carrier,
        at=question.moment,
        now=now,
    )


def find_source(workspace: Workspace, text: str) -> tuple[PhoneNumber | None, str]:
    """The number that ``text`` names (digits, part of its names, id), and the slug of its carrier.

    The name of a carrier means any number of it; no text any of the first carrier. (None, "") when nothing
    fits, or more than one.
    """
    for slug in (*offered_carriers(), CarrierSlug.SIP_TRUNK):
        if text.casefold() in ("", slug, CarrierSlug(slug).label.casefold()):
            return None, slug
    number = owned_number(workspace, text)
    if number is None:
        likely = narrow(visible_numbers(workspace), read_filters({"q": text})).values_list("pk", flat=True)[
            :2
        ]
        number = owned_number(workspace, likely[0]) if len(likely) == 1 else None
    return number, number.carrier if number else ""


def owned_number(workspace: Workspace, text: str) -> PhoneNumber | None:
    """The workspace's number by its id, or by its digits as people write them: the newest of several."""
    numbers = PhoneNumber.objects.filter(workspace=workspace)
    numbers = numbers.select_related("workspace", "rental", "trunk").defer("trunk__sealed_password")
    if ID_PATTERN.match(text):
        return numbers.filter(pk=text).first()
    read = read_destination(text)
    return numbers.filter(e164=read.e164).order_by("-created_at").first() if isinstance(read, E164) else None


def offered_numbers(workspace: Workspace) -> list[PhoneNumber]:
    """The newest numbers that could call or be called, for choosing."""
    live = visible_numbers(workspace).filter(status__in=PhoneNumber.LIVE)
    return list(live.order_by("-is_default", "-created_at", "-id")[:OFFERED])


def _usual(workspace: Workspace) -> str:
    """The default number, else the newest active one; empty without any."""
    active = PhoneNumber.objects.filter(workspace=workspace, status=PhoneNumber.Status.ACTIVE)
    chosen = active.order_by("-is_default", "-created_at", "-id")
    return chosen.values_list("e164", flat=True).first() or ""


def _moment(text: str, now: datetime) -> tuple[datetime | None, str]:
    """The moment, and what is wrong with it."""
    if not text:
        return None, ""
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.year < EARLIEST:
        return None, _("Write the moment like 2026-11-21 14:30.")
    moment = make_aware(moment) if is_naive(moment) else moment
    if moment > now:
        return None, _("That moment is still to come. Leave it empty for now.")
    return moment, ""


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip()[:LIMIT]
