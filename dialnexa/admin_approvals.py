"""What waits for a second member of staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.safestring import SafeString

from dialnexa.actors import Actor
from dialnexa.admin_actions import StaffAction
from dialnexa.admin_looks import dot, exact_money
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import Watch, desk
from dialnexa.approvals import approve, decline
from dialnexa.models import ApprovalRequest

TONES = {"open": "waiting", "approved": "ok", "declined": "off"}


def _approve(asked: ApprovalRequest, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    return approve(asked, by=by, now=now, reason=data["reason"])


def _decline(asked: ApprovalRequest, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    decline(asked, by=by, now=now, reason=data["reason"])
    return "declined; nothing was done."


def _told(asked: ApprovalRequest, data: dict[str, Any]) -> str:
    if asked.amount is None:
        return str(asked)
    return f"Add {exact_money(asked.amount, asked.currency)} to {asked.customer}"


def _asked(asked: ApprovalRequest) -> str:
    return f"{asked.requested_by} asks for this: {_told(asked, {})}. {asked.reason}"


APPROVE = StaffAction(
    name="approve",
    label="Approve",
    explains="It is done at once, in your name. Only for what somebody else asked for.",
    run=_approve,
    permission="dialnexa.change_approvalrequest",
    states=("open",),
    says=_asked,
    echo=_told,
    single=True,
    final=True,
)
DECLINE = StaffAction(
    name="decline",
    label="Decline",
    explains="Nothing is done. Whoever asked can ask again.",
    run=_decline,
    permission="dialnexa.change_approvalrequest",
    states=("open",),
    says=_asked,
    single=True,
    final=True,
)


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    called = "Approval requests"
    shows_history = True
    fields = (
        *("id", "customer", "kind", "money", "what", "reason", "state", "requested_by", "created_at"),
        *("decided_by", "decided_at", "reference"),
    )
    list_display = ("created_at", "customer", "kind", "money", "state", "requested_by", "decided_by")
    list_filter = ("kind", "status")
    list_select_related = ("customer", "requested_by", "decided_by")
    search_fields = ("id__exact", "customer__slug")
    ordering = ("-id",)
    staff_actions = (APPROVE, DECLINE)

    @admin.display(description="Amount")
    def money(self, asked: ApprovalRequest) -> str:
        return "–" if asked.amount is None else exact_money(asked.amount, asked.currency)

    @admin.display(description="What")
    def what(self, asked: ApprovalRequest) -> str:
        return asked.details.get("what", "–")

    @admin.display(description="Status", ordering="status")
    def state(self, asked: ApprovalRequest) -> SafeString:
        return dot(TONES[asked.status], asked.get_status_display())


def _open(now: datetime) -> QuerySet:
    return ApprovalRequest.objects.filter(status=ApprovalRequest.Status.OPEN)


desk().watch(Watch("To approve", "A second person decides", _open, "status__exact=open"))
