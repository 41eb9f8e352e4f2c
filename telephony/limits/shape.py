"""Calls that look like fraud by their shape: too short, or seldom answered. They are slowed down.

Machines that call for money hang up after seconds, or ring numbers in a row until one answers. When the calls
of the last hour look so, the workspace is told and may begin one call a second until somebody who knows
confirms that they are meant. A confirmation is believed for a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Avg, Count, Q
from django.urls import reverse
from django.utils.translation import gettext_noop as _

from dialnexa import audit
from dialnexa.access import Right
from dialnexa.actors import system
from dialnexa.models import Notice, Workspace
from dialnexa.notices import tell
from telephony.limits.table import CALLS_A_SECOND
from telephony.models import Call, Direction, LimitOverride

WATCH = system("Fraud watch")
WINDOW, BELIEVED = timedelta(hours=1), timedelta(days=1)
SHORT = 12  # seconds
SLOW = Decimal(1)
FRAUD = _(
    "%(trouble)s Fraud looks like this, so one call a second begins until an owner or admin confirms on the "
    "Limits page that these calls are meant."
)


@dataclass(frozen=True, slots=True)
class Shape:
    """Of the calls that went out and ended within WINDOW. ``mean`` is in seconds, of those answered."""

    calls: int
    answered: int
    short: int
    mean: float

    @property
    def trouble(self) -> str:
        """What is odd about them; empty when nothing is, or there are too few to say."""
        if self.calls < settings.SHAPE_CALLS:
            return ""
        if self.answered < self.calls * settings.SHAPE_ANSWERED_SHARE:
            sentence = _("Only %(answered)s of the last %(calls)s calls were answered.")
            return sentence % {"answered": self.answered, "calls": self.calls}
        if self.short > self.answered * settings.SHAPE_SHORT_SHARE:
            sentence = _(
                "%(short)s of the last %(answered)s answered calls ended within %(seconds)s seconds."
            )
            return sentence % {"short": self.short, "answered": self.answered, "seconds": SHORT}
        if self.mean < settings.SHAPE_MEAN_SECONDS:
            sentence = _("The last %(answered)s answered calls lasted %(seconds)s seconds on average.")
            return sentence % {"answered": self.answered, "seconds": f"{self.mean:.0f}"}
        return ""


def watch_shapes(*, now: datetime) -> int:
    """Look at every workspace that called enough within WINDOW; how many were slowed down. Safe to repeat."""
    slowed = 0
    for workspace_id, shape in _shapes(now):
        if shape.trouble and not _is_settled(workspace_id, now):
            slowed += _slow_down(Workspace.objects.get(pk=workspace_id), shape.trouble, now)
    return slowed


def _shapes(now: datetime) -> list[tuple[str, Shape]]:
    calls = Call.objects.filter(
        direction=Direction.OUTBOUND, status__in=Call.OVER, created_at__gt=now - WINDOW, created_at__lte=now
    ).exclude(status=Call.Status.CANCELLED)
    answered = Q(answered_at__isnull=False)
    rows = (
        calls.order_by()
        .values_list("workspace")
        .annotate(
            n=Count("pk"),
            answered=Count("pk", filter=answered),
            short=Count("pk", filter=answered & Q(duration__lte=SHORT)),
            mean=Avg("duration", filter=answered, default=0.0),
        )
    )
    enough = rows.filter(n__gte=settings.SHAPE_CALLS)
    return [(pk, Shape(n, got, short, float(mean))) for pk, n, got, short, mean in enough]


def _is_settled(workspace_id: str, now: datetime) -> bool:
    """It is slowed down already, or somebody has just confirmed that its calls are meant."""
    alarms = LimitOverride.objects.filter(workspace=workspace_id, is_alarm=True)
    return alarms.filter(Q(ended_at=None) | Q(ended_at__gt=now - BELIEVED)).exists()


def _slow_down(workspace: Workspace, trouble: str, now: datetime) -> bool:
    with transaction.atomic():
        row = LimitOverride(
            workspace=workspace,
            limit=CALLS_A_SECOND.name,
            value=SLOW,
            reason=trouble,
            is_alarm=True,
            created_at=now,
        )
        LimitOverride.objects.bulk_create([row], ignore_conflicts=True)
        if not LimitOverride.objects.filter(pk=row.pk).exists():
            return False
        audit.record(workspace, "slow_calls", by=WATCH, now=now, reason=trouble)
        tell(
            workspace,
            reference=f"shape:{row.pk}",
            right=Right.MANAGE,
            title=_("Calls are slowed down: they look odd"),
            body=FRAUD % {"trouble": trouble},
            page=reverse("limits:limits", args=[workspace.slug]),
            tone=Notice.Tone.TROUBLE,
            now=now,
        )
    return True
