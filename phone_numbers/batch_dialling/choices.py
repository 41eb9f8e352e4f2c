"""What a batch may call from, and who may call: choices for a form, and reading what was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from dialnexa.time_zones import known
from phone_numbers.batch_dialling.plans import Plan
from phone_numbers.models import PhoneNumber
from telephony.models import AgentVersion


def callers(workspace: Workspace) -> list[PhoneNumber]:
    """The numbers a batch may call from: active, and their rent does not stop calls."""
    mine = PhoneNumber.objects.filter(workspace=workspace, status="active")
    return list(mine.exclude(rental__rental_status="expired").order_by("e164")[:500])


def read_caller(workspace: Workspace, pk: str) -> PhoneNumber | None:
    """Raises Refusal ``batch_choice_unknown`` for what is not an active number of the workspace."""
    if not pk:
        return None
    number = PhoneNumber.objects.filter(workspace=workspace, status="active", pk=pk).first()
    if number is None:
        raise Refusal("batch_choice_unknown", _("Choose one of the active numbers."))
    return number


def read_version(workspace: Workspace, pk: str) -> AgentVersion | None:
    if not pk:
        return None
    version = AgentVersion.objects.filter(workspace=workspace, status="published", pk=pk).first()
    if version is None:
        raise Refusal("batch_choice_unknown", _("Choose one of the published versions."))
    return version


def read_plan(workspace: Workspace, asked: Mapping[str, str]) -> Plan:
    """A plan as the start form sends it. Raises Refusal ``batch_choice_unknown`` naming the ``field``."""
    number = read_caller(workspace, asked.get("from_number", ""))
    version = read_version(workspace, asked.get("agent_version", ""))
    if number is None or version is None:
        field = "agent_version" if number else "from_number"
        sentence = _("Choose the number to call from, and the agent.")
        raise Refusal("batch_choice_unknown", sentence, field=field)
    zone = asked.get("time_zone", "").strip() or workspace.time_zone
    return Plan(
        number=number,
        version=version,
        starts_at=_moment(asked, "starts_at", zone),
        ends_at=_moment(asked, "ends_at", zone),
        hours_begin=_time(asked, "hours_begin"),
        hours_end=_time(asked, "hours_end"),
        time_zone=zone,
        at_once=_whole(asked, "at_once"),
        attempts=_whole(asked, "attempts"),
        retry_minutes=_whole(asked, "retry_minutes"),
    )


def _moment(asked: Mapping[str, str], field: str, zone: str) -> datetime | None:
    """What a person there reads from the clock."""
    text = asked.get(field, "").strip()
    if not text:
        return None
    if zone not in known():
        sentence = _("There is no time zone “%(zone)s”.") % {"zone": zone[:40]}
        raise Refusal("batch_choice_unknown", sentence, field="time_zone")
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        sentence = _("Write the moment like 2026-03-31T09:00.")
        raise Refusal("batch_choice_unknown", sentence, field=field) from error


def _time(asked: Mapping[str, str], field: str) -> time | None:
    text = asked.get(field, "").strip()
    try:
        return time.fromisoformat(text).replace(tzinfo=None) if text else None
    except ValueError as error:
        sentence = _("Write the hour like 09:00.")
        raise Refusal("batch_choice_unknown", sentence, field="calling_hours") from error


def _whole(asked: Mapping[str, str], field: str) -> int:
    text = asked.get(field, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Refusal("batch_choice_unknown", _("Write a whole number."), field=field)
    return int(text)
