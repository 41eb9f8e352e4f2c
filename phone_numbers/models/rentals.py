"""The rent that numbers cost."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from dialnexa.ids import id_maker
from dialnexa.models import LedgerEntry, Workspace
from dialnexa.states import Stateful, Transitions
from phone_numbers.models.numbers import PhoneNumber


class Rental(Stateful):
    """Who pays what for a number, and until when it is paid. Periods are counted from ``anchor``."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        EXPIRED = "expired", "Expired"
        AVAILABLE = "available_for_reassignment", "Available for reassignment"

    STATE_FIELD: ClassVar[str] = "rental_status"
    TRANSITIONS: ClassVar[Transitions] = {
        "expire": (("active",), "expired"),
        "restore": (("expired",), "active"),
        "give_up": (("expired",), "available_for_reassignment"),
    }

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("rent"), editable=False)
    number = models.OneToOneField(PhoneNumber, on_delete=models.PROTECT, related_name="rental")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="rentals")
    rental_status = models.CharField(max_length=30, choices=Status.choices, default=Status.ACTIVE)
    monthly_price = models.DecimalField(max_digits=20, decimal_places=6)
    currency = models.CharField(max_length=3)
    anchor = models.DateTimeField(help_text="The moment of purchase; period k begins k months later")
    time_zone = models.CharField(max_length=64)
    paid_through = models.DateTimeField(help_text="The next renewal")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Released: no further rent")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(rental_status__in=("active", "expired", "available_for_reassignment")),
                name="rental_status_known",
            ),
        )
        indexes = (
            models.Index(
                fields=["paid_through"],
                condition=Q(rental_status="active", ended_at__isnull=True),
                name="rental_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number_id} until {self.paid_through:%Y-%m-%d}"


class RentalCharge(models.Model):
    """One paid period. ``k`` counts from 0 (the first month, paid with the purchase)."""

    rental = models.ForeignKey(Rental, on_delete=models.PROTECT, related_name="charges")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    k = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    amount = models.DecimalField(max_digits=20, decimal_places=6)
    currency = models.CharField(max_length=3)
    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("rental", "-k")
        constraints = (
            models.UniqueConstraint(fields=["rental", "k"], name="one_charge_per_period"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")), name="period_runs_forward"
            ),
        )

    def __str__(self) -> str:
        return f"{self.rental_id} period {self.k}"
