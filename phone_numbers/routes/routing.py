"""Which published agent version answers a number, and which one calls from it: two separate choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Literal

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry
from phone_numbers.models import PhoneNumber
from telephony.models import AgentVersion

Direction = Literal["inbound", "outbound"]
DIRECTIONS: tuple[Direction, ...] = ("inbound", "outbound")
NOT_NOW = {
    "pending": _("%(number)s is still being bought. Route it when it is active."),
    "releasing": _("%(number)s is being given back; nothing can be connected to it."),
    "released": _("%(number)s was given back; nothing can be connected to it."),
    "failed": _("%(number)s was never bought, so nothing can be connected to it."),
}


class Unchanged(Enum):
    """A direction nobody spoke of."""

    UNCHANGED = "unchanged"


UNCHANGED = Unchanged.UNCHANGED
Wanted = AgentVersion | None | Unchanged


def route_number(
    number: PhoneNumber,
    *,
    inbound: Wanted = UNCHANGED,
    outbound: Wanted = UNCHANGED,
    by: Actor,
    now: datetime,
    reason: str = "",
) -> bool:
    """Let these versions answer and call; None detaches, UNCHANGED leaves the direction exactly as it is.

    Returns whether anything changed; ``number`` then shows it. Raises Refusal: ``version_not_found`` (404; a
    foreign one, too), ``version_not_published`` (409), ``number_not_active`` (409).
    """
    asked: dict[Direction, Wanted] = {"inbound": inbound, "outbound": outbound}
    wanted = {way: version for way, version in asked.items() if not isinstance(version, Unchanged)}
    with transaction.atomic():
        # Without joins: after a wait PostgreSQL reads the locked row anew, but not what was joined to it.
        locked = PhoneNumber.objects.select_for_update(no_key=True).get(pk=number.pk)
        _refuse_inactive(locked)
        checked = {
            way: version and usable_version(locked.workspace_id, version, way)
            for way, version in wanted.items()
        }
        before = {way: getattr(locked, f"{way}_version") for way in checked}
        changed = {way: version for way, version in checked.items() if version != before[way]}
        if changed:
            PhoneNumber.objects.filter(pk=locked.pk).update(
                **{f"{way}_version": version for way, version in changed.items()}
            )
            sides = {"before": route_facts(changed, before), "after": route_facts(changed, changed)}
            audit.record(locked, "route", **sides, by=by, now=now, reason=reason)
    for way, version in changed.items():
        setattr(number, f"{way}_version", version)
    return bool(changed)


def who_answered(number: PhoneNumber, direction: Direction, at: datetime) -> AgentVersion | None:
    """The version that the number's history says was connected in this direction at ``at``.

    Whether the number was active and paid then is another question. Entries are taken in the order they were
    made, under the number's lock; without any, nothing ever changed.
    """
    key = f"{direction}_version"
    entries = AuditEntry.objects.filter(subject_id=number.pk, after__has_key=key)
    last = entries.filter(at__lte=at).order_by("-id").first()
    following = None if last else entries.order_by("id").first()
    if last:
        version_id = last.after[key]
    elif following:
        version_id = following.before.get(key)
    else:
        version_id = getattr(number, f"{key}_id")
    return AgentVersion.objects.select_related("agent").filter(pk=version_id).first()


def _refuse_inactive(number: PhoneNumber) -> None:
    if number.status != PhoneNumber.Status.ACTIVE:
        sentence = NOT_NOW[number.status] % {"number": number.e164}
        raise Refusal("number_not_active", sentence, status=409, number_status=number.status)


def usable_version(workspace_id: str, version: AgentVersion, way: str) -> AgentVersion:
    """The version as it is in the database now, if numbers of this workspace may use it. Else a Refusal."""
    ours = AgentVersion.objects.select_related("agent").filter(workspace=workspace_id)
    found = ours.filter(pk=version.pk).first()
    if found is None:
        sentence = gettext("There is no such agent version in this workspace.")
        raise Refusal("version_not_found", sentence, status=404, field=way)
    if found.status != AgentVersion.Status.PUBLISHED:
        draft = gettext("%(version)s is a draft. Publish it first; numbers use published versions only.")
        sentence = draft % {"version": found}
        raise Refusal("version_not_published", sentence, status=409, fix="agents", field=way)
    return found


def route_facts(
    ways: Iterable[Direction], versions: Mapping[Direction, AgentVersion | None]
) -> dict[str, str | None]:
    """What the history keeps for these directions: the version's id, and its name as it was then."""
    ids = {f"{way}_version": version.pk if (version := versions[way]) else None for way in ways}
    names = {way: str(versions[way] or "") for way in ways}
    return ids | names
