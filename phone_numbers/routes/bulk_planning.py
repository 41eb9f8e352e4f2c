"""What would become of many numbers if they were routed at once, and if that were taken back."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from dialnexa.translations.marking import gettext_noop
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.routing import DIRECTIONS, NOT_NOW, Direction, Unchanged, Wanted, usable_version
from telephony.models import AgentVersion

LIMIT = 500
Targets = dict[Direction, AgentVersion | None]
Versions = dict[str, AgentVersion]

CHANGED_SINCE = gettext_noop("Its routing was changed since.")
UNUSABLE = gettext_noop("%(version)s can't be used any more.")
GONE = gettext_noop("Its version can't be used any more.")


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of one number. ``before`` and ``after`` hold the directions that would change."""

    number: PhoneNumber
    before: Targets
    after: Targets
    refusal: str = ""

    @property
    def outcome(self) -> str:
        """``changed``, ``unchanged`` or ``refused``."""
        return "refused" if self.refusal else "changed" if self.after else "unchanged"

    @property
    def ways(self) -> list[tuple[Direction, AgentVersion | None, AgentVersion | None]]:
        """(direction, before, after), inbound first."""
        return [(way, self.before[way], self.after[way]) for way in DIRECTIONS if way in self.after]

    @property
    def ids(self) -> dict[str, Any]:
        """As ``BulkRouting.changes`` keeps it."""
        ids: dict[str, Any] = {"number": self.number.pk}
        for way, before, after in self.ways:
            ids[way] = [before and before.pk, after and after.pk]
        return ids


@dataclass(frozen=True)
class Preview:
    """Every number that was meant, in the order of ids."""

    rows: tuple[Planned, ...]

    @cached_property
    def changed(self) -> list[Planned]:
        return self._with("changed")

    @cached_property
    def unchanged(self) -> list[Planned]:
        return self._with("unchanged")

    @cached_property
    def refused(self) -> list[Planned]:
        return self._with("refused")

    def _with(self, outcome: str) -> list[Planned]:
        return [row for row in self.rows if row.outcome == outcome]

    @cached_property
    def fingerprint(self) -> str:
        """Differs as soon as anything that is shown does; ``assign_bulk`` takes it as ``expected``."""
        shown = [[row.outcome, row.ids] for row in self.rows]
        return sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


def find_numbers(workspace: Workspace, ids: Collection[str], *, lock: bool = False) -> list[PhoneNumber]:
    """The workspace's numbers with these ids, in the order of ids, in which everybody locks them.

    Raises Refusal: ``number_not_found`` (404) when one is missing or somebody else's, ``bulk_empty`` and
    ``bulk_too_large`` (400).
    """
    wanted = set(ids)
    if not wanted:
        raise Refusal("bulk_empty", _("No number is chosen. Tick the numbers you mean."))
    if len(wanted) > LIMIT:
        raise Refusal("bulk_too_large", too_large(len(wanted)), limit=LIMIT)
    # Without joins, as in routing: after a wait PostgreSQL reads only the locked row anew.
    ours = PhoneNumber.objects.filter(workspace=workspace, pk__in=wanted).order_by("pk")
    numbers = list(ours.select_for_update(no_key=True) if lock else ours)
    if len(numbers) != len(wanted):
        raise Refusal("number_not_found", _("One of these numbers is not in this workspace."), status=404)
    return numbers


def too_large(count: int) -> str:
    sentence = _("%(count)s numbers are too many at once. Narrow the filter to at most %(limit)s.")
    return sentence % {"count": f"{count:,}", "limit": LIMIT}


def read_targets(workspace: Workspace, inbound: Wanted, outbound: Wanted) -> Targets:
    """The directions somebody spoke of, each with a version that numbers of this workspace may use.

    Raises Refusal: ``version_not_found`` (404), ``version_not_published`` (409).
    """
    asked: dict[Direction, Wanted] = {"inbound": inbound, "outbound": outbound}
    return {
        way: version and usable_version(workspace.pk, version, way)
        for way, version in asked.items()
        if not isinstance(version, Unchanged)
    }


def plan_routes(numbers: list[PhoneNumber], targets: Targets) -> Preview:
    """What routing these numbers to ``targets`` would change. One query."""
    ids = {getattr(number, f"{way}_version_id") for number in numbers for way in targets}
    versions = AgentVersion.objects.select_related("agent").in_bulk(ids - {None})
    return Preview(tuple(_planned(number, targets, versions) for number in numbers))


def _planned(number: PhoneNumber, targets: Targets, versions: Versions) -> Planned:
    if number.status != PhoneNumber.Status.ACTIVE:
        return Planned(number, {}, {}, NOT_NOW[number.status] % {"number": number.e164})
    before: Targets = {way: versions.get(getattr(number, f"{way}_version_id")) for way in targets}
    changing = [way for way in targets if before[way] != targets[way]]
    return Planned(number, {way: before[way] for way in changing}, {way: targets[way] for way in changing})


def versions_in(changes: Iterable[dict[str, Any]]) -> Versions:
    """Every version that ``BulkRouting.changes`` speaks of, by id. One query."""
    ids = {pk for change in changes for way in DIRECTIONS for pk in change.get(way, ()) if pk}
    return AgentVersion.objects.select_related("agent").in_bulk(ids)


def plan_back(number: PhoneNumber, change: dict[str, Any], versions: Versions) -> Planned:
    """What undoing one entry of ``BulkRouting.changes`` would do; ``after`` is what the number had before.

    ``refusal`` is English, for it is kept (see docs/translating.md).
    """
    ways = [way for way in DIRECTIONS if way in change]
    left: Targets = {way: versions.get(change[way][1]) for way in ways}
    had: Targets = {way: versions.get(change[way][0]) for way in ways}
    refusal = ""
    if number.status != PhoneNumber.Status.ACTIVE:
        with override("en"):
            refusal = NOT_NOW[number.status] % {"number": number.e164}
    elif any(getattr(number, f"{way}_version_id") != change[way][1] for way in ways):
        refusal = CHANGED_SINCE
    elif unusable := [had[way] for way in ways if change[way][0] and not _is_usable(had[way])]:
        refusal = UNUSABLE % {"version": unusable[0]} if unusable[0] else GONE
    return Planned(number, left, had, refusal)


def _is_usable(version: AgentVersion | None) -> bool:
    return version is not None and version.status == AgentVersion.Status.PUBLISHED
