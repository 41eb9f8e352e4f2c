"""A call as people see it: how it goes, in a word and a tone, and what has happened so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from dialnexa.translations.retelling import retell
from telephony.models import Call, CarrierSlug, Direction

Status = Call.Status
TONES = {
    Status.RECEIVED: "ok",
    Status.COMPLETED: "ok",
    Status.FAILED: "trouble",
    **dict.fromkeys((Status.CREATED, Status.INITIATED, Status.SENT), "waiting"),
}
DOING = {
    Status.CREATED: _("Waiting for a line"),
    Status.INITIATED: _("Asking %(carrier)s to dial"),
    Status.SENT: _("%(carrier)s dials"),
    Status.RECEIVED: _("%(agent)s speaks"),
}


RINGS = _("The phone rings")


@dataclass(frozen=True, slots=True)
class Step:
    """``state``: done, now, failed or later."""

    title: str
    state: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallRow:
    call: Call

    @property
    def is_open(self) -> bool:
        return self.call.is_open

    @property
    def tone(self) -> str:
        return TONES.get(Status(self.call.status), "off")

    @property
    def word(self) -> str:
        """The state; a call the carrier took rings only once it says so."""
        if self.call.status == Status.SENT and self.call.rang_at is None:
            return gettext("Dialling")
        if self.call.direction == Direction.INBOUND and self.call.status == Status.FAILED:
            return gettext("Rejected") if self.call.answered_at is None else gettext("Failed")
        return self.call.get_status_display()

    @property
    def note(self) -> str:
        """What is being done, or why it ended as it did."""
        call = self.call
        if call.is_open:
            agent = call.agent_version.agent.title if call.agent_version else gettext("The agent")
            words = DOING[Status(call.status)]
            words = RINGS if call.status == Status.SENT and call.rang_at else words
            return gettext(words) % {"carrier": call.get_carrier_display(), "agent": agent}
        if call.reason or call.status != Status.FAILED or not call.cause:
            return retell(call.reason)
        said = {"carrier": call.get_carrier_display(), "cause": retell(call.cause)}
        return gettext("%(carrier)s says: %(cause)s") % said

    @property
    def since(self) -> datetime:
        """When the state began."""
        call = self.call
        return call.answered_at or call.rang_at or call.initiated_at or call.created_at

    @property
    def version(self) -> str:
        """Changes with all that a row shows: a look that finds the same one need not show it again."""
        return f"{self.call.status}{'-rang' if self.call.rang_at else ''}"

    @property
    def ends_elsewhere(self) -> bool:
        """Whether only the people in the call can end it: the engine that brought it in takes no orders."""
        return self.call.carrier == CarrierSlug.SIP_TRUNK and self.call.direction == Direction.INBOUND

    @property
    def can_hang_up(self) -> bool:
        """Not while nobody knows whether the carrier placed it: there is nothing to name to the carrier."""
        return self.call.is_open and (self.call.status == Status.CREATED or bool(self.call.carrier_call_id))

    @property
    def steps(self) -> list[Step]:
        """Dialled or come in, rang, answered, over: for a picture of where it stands."""
        call = self.call
        is_ours = call.direction == Direction.OUTBOUND
        reached = [
            (gettext("Dialled"), call.initiated_at) if is_ours else (gettext("Came in"), call.created_at),
            (gettext("Rang"), call.rang_at),
            (gettext("Answered"), call.answered_at),
        ]
        steps = [Step(title, "done", at) for title, at in reached if at]
        if call.is_open:
            ahead = [title for title, at in reached if not at] if not call.answered_at else []
            rest = [*ahead, gettext("Ended")]
            return [*steps, *(Step(title, "later" if n else "now") for n, title in enumerate(rest))]
        ended = self.word if call.status != Status.COMPLETED else gettext("Ended")
        return [*steps, Step(ended, "failed" if self.tone == "trouble" else "done", call.ended_at)]
