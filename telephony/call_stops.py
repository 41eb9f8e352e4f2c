"""The kill switch: no call goes out, of one workspace or of everybody, until somebody lifts it.

It is asked when a call is placed and again just before it is dialled, so batches and calls that wait end at
once. Calls in the air go on.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from dialnexa import audit
from dialnexa.actors import Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from telephony.models import CallStop

LONGEST = 500


def stop_calls(workspace: Workspace | None, *, reason: str, by: Actor, now: datetime) -> CallStop:
    """Let no call of the workspace (None: of anybody) go out from now on. Doing it twice is doing it once.

    What staff stop only staff lift. Raises Refusal 400 ``reason_missing``.
    """
    _refuse_without(reason)
    staff = by.channel == Channel.STAFF
    with transaction.atomic():
        row = CallStop(workspace=workspace, reason=reason, thrown_by=by.name, thrown_at=now, by_staff=staff)
        CallStop.objects.bulk_create([row], ignore_conflicts=True)
        stop = CallStop.objects.select_for_update(of=("self",)).get(workspace=workspace, lifted_at=None)
        if stop.pk == row.pk:
            audit.record(workspace or stop, "stop_calls", by=by, now=now, reason=reason)
        elif staff and not stop.by_staff:
            stop.by_staff, stop.reason = True, reason
            stop.save(update_fields=["by_staff", "reason"])
            audit.record(workspace or stop, "stop_calls", by=by, now=now, reason=reason)
    return stop


def allow_calls(workspace: Workspace | None, *, reason: str, by: Actor, now: datetime) -> None:
    """Let calls go out again. Doing it twice changes nothing more.

    Raises Refusal 400 ``reason_missing``, 403 ``stopped_by_support`` for a customer where staff stopped them.
    """
    _refuse_without(reason)
    with transaction.atomic():
        stops = CallStop.objects.select_for_update(of=("self",)).filter(workspace=workspace, lifted_at=None)
        stop = stops.first()
        if stop is None:
            return
        if stop.by_staff and by.channel != Channel.STAFF:
            sentence = _(
                "Support stopped this workspace's calls, and has to let them go on. Write to support."
            )
            raise Refusal("stopped_by_support", sentence, status=403)
        stop.lifted_at = now
        stop.save(update_fields=["lifted_at"])
        audit.record(workspace or stop, "allow_calls", by=by, now=now, reason=reason)


def stop_of(workspace: Workspace, *, at: datetime | None = None) -> CallStop | None:
    """What stops its calls now (or did at ``at``): everybody's stop, or its own. One query."""
    stops = CallStop.objects.filter(Q(workspace=workspace) | Q(workspace=None))
    return _standing(stops, at).order_by("workspace").last()


def _standing(stops: QuerySet[CallStop], at: datetime | None) -> QuerySet[CallStop]:
    if at is None:
        return stops.filter(lifted_at=None)
    return stops.filter(Q(lifted_at=None) | Q(lifted_at__gt=at), thrown_at__lte=at)


def stopped_words(stop: CallStop) -> str:
    """Why no call goes out, and who can change that."""
    if stop.workspace_id is None:
        return _("All calls are stopped for now. Support is at it; try again later. Nothing was charged.")
    if stop.by_staff:
        return _("Support stopped this workspace's calls. Write to support to have them go on.")
    return _("This workspace's calls are stopped. An owner can let them go on, on the Limits page.")


def _refuse_without(reason: str) -> None:
    if not reason.strip() or len(reason) > LONGEST:
        sentence = _("Say why, in 1 to %(most)s characters.") % {"most": LONGEST}
        raise Refusal("reason_missing", sentence, field="reason")
