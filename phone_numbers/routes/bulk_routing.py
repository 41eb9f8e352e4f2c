"""Routing many numbers at once: what would change, the change, and taking it back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Func, IntegerField, QuerySet
from django.utils.translation import gettext as _

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from dialnexa.translations.marking import gettext_noop
from phone_numbers.models import BulkRouting, PhoneNumber
from phone_numbers.routes.bulk_planning import (
    Planned,
    Preview,
    Versions,
    find_numbers,
    plan_back,
    plan_routes,
    read_targets,
    versions_in,
)
from phone_numbers.routes.routing import DIRECTIONS, UNCHANGED, Direction, Wanted, route_facts
from telephony.models import AgentVersion

UNDO_FOR = timedelta(hours=24)
DONE = (gettext_noop("Bulk change of 1 number"), gettext_noop("Bulk change of %(count)s numbers"))
UNDONE = (
    gettext_noop("Bulk change of 1 number undone"),
    gettext_noop("Bulk change of %(count)s numbers undone"),
)


@dataclass(frozen=True, slots=True)
class Undone:
    """``kept`` are the numbers that did not go back, each with the reason."""

    restored: list[PhoneNumber]
    kept: list[tuple[PhoneNumber, str]]


@dataclass(frozen=True, slots=True)
class ToldChange:
    """``ways`` is (direction, before, after), inbound first; ``kept`` says why undoing left it alone."""

    number: PhoneNumber
    ways: list[tuple[Direction, AgentVersion | None, AgentVersion | None]]
    kept: str


def preview_bulk(
    workspace: Workspace,
    numbers: Collection[str],
    *,
    inbound: Wanted = UNCHANGED,
    outbound: Wanted = UNCHANGED,
) -> Preview:
    """What ``assign_bulk`` would do to the numbers with these ids. Changes nothing.

    Raises Refusal: ``number_not_found`` (404), ``bulk_empty`` and ``bulk_too_large`` (400),
    ``version_not_found`` (404), ``version_not_published`` (409).
    """
    return plan_routes(find_numbers(workspace, numbers), read_targets(workspace, inbound, outbound))


def assign_bulk(
    workspace: Workspace,
    numbers: Collection[str],
    *,
    inbound: Wanted,
    outbound: Wanted,
    expected: str,
    by: Actor,
    now: datetime,
) -> BulkRouting:
    """Let these versions answer and call on all the numbers (ids) that can be routed; the others stay.

    ``expected`` is the fingerprint of the preview that was agreed to. Raises Refusal as ``preview_bulk`` does
    and 409: ``bulk_changed_meanwhile``, ``bulk_nothing_to_change``; nothing is changed then.
    """
    with transaction.atomic():
        targets = read_targets(workspace, inbound, outbound)
        plan = plan_routes(find_numbers(workspace, numbers, lock=True), targets)
        _refuse_surprise(plan, expected)
        changed = plan.changed
        PhoneNumber.objects.filter(pk__in=[row.number.pk for row in changed]).update(
            **{f"{way}_version": version for way, version in targets.items()}
        )
        _record_routes(changed, _why(DONE, len(changed)), by, now)
        bulk = BulkRouting.objects.create(
            workspace=workspace, made_by=by.user, changes=[row.ids for row in changed], created_at=now
        )
        audit.record(bulk, "assign", after={"numbers": len(changed)}, by=by, now=now)
    return bulk


def undo_bulk(bulk: BulkRouting, *, by: Actor, now: datetime) -> Undone:
    """Give back to the numbers what they had before, where they still are as the bulk change left them.

    A number that was changed since, can't be routed any more, or had a version nobody may use now, stays as
    it is. Raises Refusal 409: ``bulk_undone_already``, ``bulk_too_old`` (after ``UNDO_FOR``).
    """
    with transaction.atomic():
        bulk = BulkRouting.objects.select_for_update().get(pk=bulk.pk)
        _refuse_late(bulk, now)
        rows = _plan_back(bulk)
        back = [row for row in rows if not row.refusal]
        _give_back(back)
        _record_routes(back, _why(UNDONE, len(rows)), by, now)
        for change, row in zip(bulk.changes, rows, strict=True):
            change.update({"kept": row.refusal} if row.refusal else {})
        bulk.undone_at = now
        bulk.save(update_fields=["changes", "undone_at"])
        counts = {"restored": len(back), "kept": len(rows) - len(back)}
        audit.record(bulk, "undo", after=counts, by=by, now=now)
    kept = [(row.number, row.refusal) for row in rows if row.refusal]
    return Undone([row.number for row in back], kept)


def recent_bulks(workspace: Workspace, *, now: datetime) -> QuerySet[BulkRouting]:
    """The bulk changes that may still be undone, or were, the newest first, each with its ``count``."""
    recent = BulkRouting.objects.filter(workspace=workspace, created_at__gt=now - UNDO_FOR)
    length = Func("changes", function="jsonb_array_length", output_field=IntegerField())
    return recent.select_related("made_by").defer("changes").annotate(count=length)


def told_changes(bulk: BulkRouting) -> list[ToldChange]:
    """The change number by number, with what each was and became. Two queries."""
    versions = versions_in(bulk.changes)
    numbers = PhoneNumber.objects.in_bulk([change["number"] for change in bulk.changes])
    return [_told(numbers[change["number"]], change, versions) for change in bulk.changes]


def _told(number: PhoneNumber, change: dict[str, Any], versions: Versions) -> ToldChange:
    ways = []
    for way in DIRECTIONS:
        if way in change:
            before, after = change[way]
            ways.append((way, versions.get(before), versions.get(after)))
    return ToldChange(number, ways, change.get("kept", ""))


def _refuse_surprise(plan: Preview, expected: str) -> None:
    if not plan.changed:
        sentence = _("Nothing is left to change: these numbers are as you want.")
        raise Refusal("bulk_nothing_to_change", sentence, status=409)
    if plan.fingerprint != expected:
        sentence = _(
            "This is not what you were shown: somebody changed something meanwhile. Look at it again."
        )
        raise Refusal("bulk_changed_meanwhile", sentence, status=409)


def _record_routes(rows: list[Planned], reason: str, by: Actor, now: datetime) -> None:
    audit.record_all(
        audit.entry_for(
            row.number,
            "route",
            before=route_facts(row.after, row.before),
            after=route_facts(row.after, row.after),
            by=by,
            now=now,
            reason=reason,
        )
        for row in rows
    )


def _why(words: tuple[str, str], count: int) -> str:
    return words[count != 1] % {"count": f"{count:,}"}


def _refuse_late(bulk: BulkRouting, now: datetime) -> None:
    if bulk.undone_at:
        raise Refusal("bulk_undone_already", _("This change was undone already."), status=409)
    if now - bulk.created_at >= UNDO_FOR:
        sentence = _("This change is more than 24 hours old. Route the numbers anew instead.")
        raise Refusal("bulk_too_old", sentence, status=409)


def _plan_back(bulk: BulkRouting) -> list[Planned]:
    versions = versions_in(bulk.changes)
    ids = [change["number"] for change in bulk.changes]
    rows = PhoneNumber.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    numbers = {number.pk: number for number in rows}
    return [plan_back(numbers[change["number"]], change, versions) for change in bulk.changes]


def _give_back(rows: list[Planned]) -> None:
    for row in rows:
        for way, version in row.after.items():
            setattr(row.number, f"{way}_version", version)
    numbers = [row.number for row in rows]
    PhoneNumber.objects.bulk_update(numbers, [f"{way}_version" for way in DIRECTIONS])
