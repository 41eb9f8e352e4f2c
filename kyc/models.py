"""Identity dossiers: one per workspace and country whose rules ask for papers."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dialnexa.ids import id_maker
from dialnexa.models import Workspace
from dialnexa.states import Stateful, Transitions


class KycCase(Stateful):
    class Status(models.TextChoices):
        NOT_STARTED = "not_started", "Not started"
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "In review"
        VERIFIED = "verified", "Verified"
        REJECTED = "rejected", "Rejected"
        EXPIRED = "expired", "Expired"
        SUSPENDED = "suspended", "Suspended"

    TRANSITIONS: ClassVar[Transitions] = {
        "start": (("not_started",), "draft"),
        "submit": (("draft", "rejected", "expired"), "submitted"),
        "verify": (("submitted",), "verified"),
        "reject": (("submitted",), "rejected"),
        "expire": (("verified",), "expired"),
        "suspend": (("verified",), "suspended"),
        "reinstate": (("suspended",), "verified"),
    }

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("kyc"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="kyc_cases")
    country = models.CharField(max_length=2, help_text="Whose rules the papers answer, ISO 3166-1")
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.NOT_STARTED)
    reason = models.CharField(
        max_length=500, blank=True, help_text="Why it was rejected or suspended, for the customer"
    )
    verified_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "KYC case"
        constraints = (
            models.UniqueConstraint(fields=["workspace", "country"], name="one_case_per_country"),
            models.CheckConstraint(
                condition=models.Q(
                    status__in=(
                        "not_started",
                        "draft",
                        "submitted",
                        "verified",
                        "rejected",
                        "expired",
                        "suspended",
                    )
                ),
                name="kyc_status_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.workspace} · {self.country} · {self.get_status_display()}"
