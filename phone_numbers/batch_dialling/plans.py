"""What is decided about a batch before it dials: from where, who speaks, when, and how hard it tries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from dialnexa.time_zones import validate_time_zone
from phone_numbers.models import PhoneNumber
from telephony.models import AgentVersion

ATTEMPTS, RETRY_MINUTES = 4, 7 * 24 * 60  # at most


@dataclass(frozen=True, slots=True)
class Plan:
    """Times are aware. ``hours_begin`` and ``hours_end`` are times of day in ``time_zone`` (IANA; empty: the
    workspace's), both or neither; ``at_once`` calls at the same time, ``attempts`` to one number.
    """

    number: PhoneNumber
    version: AgentVersion
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    hours_begin: time | None = None
    hours_end: time | None = None
    time_zone: str = ""
    at_once: int = 5
    attempts: int = 1
    retry_minutes: int = 30


def refuse_plan(plan: Plan, workspace: Workspace, *, now: datetime) -> None:
    """Raises Refusal 400 ``batch_plan_invalid`` naming the ``field``, 400 ``version_not_published`` and 409
    ``number_not_active``.
    """
    for field, sentence in _mistakes(plan, now):
        raise Refusal("batch_plan_invalid", sentence, field=field)
    mine = AgentVersion.objects.filter(workspace=workspace, pk=plan.version.pk)
    if not mine.filter(status=AgentVersion.Status.PUBLISHED).exists():
        sentence = _("%(version)s is not published. Choose a published version.") % {"version": plan.version}
        raise Refusal("version_not_published", sentence, fix="agents", field="agent_version")
    if plan.number.workspace_id != workspace.pk or plan.number.status != PhoneNumber.Status.ACTIVE:
        sentence = _("%(number)s is not active, so it can't call. Choose another number.")
        sentence %= {"number": plan.number}
        raise Refusal("number_not_active", sentence, status=409, field="from_number")


def _mistakes(plan: Plan, now: datetime) -> list[tuple[str, str]]:
    """Field and sentence of each."""
    begin, end, most = plan.hours_begin, plan.hours_end, settings.CALLS_AT_ONCE
    if plan.time_zone:
        try:
            validate_time_zone(plan.time_zone)
        except ValidationError as error:
            return [("time_zone", error.messages[0])]
    checks = (
        (
            not 1 <= plan.at_once <= most,
            "at_once",
            _("Between 1 and %(most)s calls can run at once.") % {"most": most},
        ),
        (
            not 1 <= plan.attempts <= ATTEMPTS,
            "attempts",
            _("A number is called 1 to %(most)s times.") % {"most": ATTEMPTS},
        ),
        (
            not 1 <= plan.retry_minutes <= RETRY_MINUTES,
            "retry_minutes",
            _("Wait 1 to %(most)s minutes before a number is called again.") % {"most": f"{RETRY_MINUTES:,}"},
        ),
        ((begin is None) != (end is None), "calling_hours", _("Calling hours need a beginning and an end.")),
        (
            begin is not None and begin == end,
            "calling_hours",
            _(
                "Calling hours that begin and end at the same time are none. Leave both empty to call all "
                "day."
            ),
        ),
        (
            plan.ends_at is not None and plan.ends_at <= max(plan.starts_at or now, now),
            "ends_at",
            _("The end has to be later than the start, and in the future."),
        ),
    )
    return [(field, sentence) for wrong, field, sentence in checks if wrong]
