"""What one member of staff asks for and another one decides."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from dialnexa import clock
from dialnexa.ids import id_maker
from dialnexa.models.people import User
from dialnexa.models.workspaces import Workspace
from dialnexa.states import Stateful


class ApprovalRequest(Stateful):
    """What is too much for one person (``dialnexa.approvals``). Nobody decides alone: PostgreSQL says no.

    ``amount`` and ``currency`` are a credit's; ``details`` say what else is to be done, as its kind reads it.
    ``customer``, not ``workspace``: this history is ours; the customer reads of it once it is done.
    """

    class Kind(models.TextChoices):
        CREDIT = "credit", "Credit"
        RELEASE = "release", "Release of a number"
        VERIFY = "verify", "Verification without all papers"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"

    TRANSITIONS = {
        "approve": (("open",), "approved"),
        "decline": (("open",), "declined"),
    }

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("apr"), editable=False)
    customer = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="approval_requests")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.CREDIT, db_default="credit")
    amount = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    currency = models.CharField(max_length=3, blank=True)
    details = models.JSONField(default=dict, db_default={})
    reference = models.CharField(max_length=120, unique=True, help_text="Of the ledger entry to be, or ours")
    reason = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(status__in=("open", "approved", "declined")), name="approval_status_known"
            ),
            models.CheckConstraint(
                condition=Q(kind="credit", amount__isnull=False)
                | Q(kind__in=("release", "verify"), amount=None),
                name="approval_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")), name="another_person_decides"
            ),
            models.CheckConstraint(
                condition=Q(status="open") | Q(decided_by__isnull=False), name="decided_by_somebody"
            ),
        )

    def __str__(self) -> str:
        if self.amount is None:
            return f"{self.get_kind_display()}, {self.customer}: {self.details['what']}"
        return f"{self.amount.normalize():f} {self.currency} for {self.customer}"
