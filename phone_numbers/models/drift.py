"""What carriers say we own, and where that differs from what we show."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.timezone import localtime

from dialnexa.ids import id_maker
from dialnexa.states import Stateful, Transitions
from phone_numbers.models.numbers import PhoneNumber
from phone_numbers.models.orders import NumberOrder, StrayNumber
from telephony.models import CarrierSlug


class CarrierSweep(models.Model):
    """One reading of a carrier's list of our numbers, or (``recent``) of a few numbers one by one.

    The row is the job: ``cursor`` is where to read on, and a page counts only if nobody else has read it
    first. Only a complete sweep says anything about what is not on it.
    """

    class Scope(models.TextChoices):
        FULL = "full", "The whole list"
        RECENT = "recent", "Recent numbers"

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("swp"), editable=False)
    carrier = models.CharField(max_length=20, choices=CarrierSlug.choices)
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.FULL)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    complete = models.BooleanField(default=False)
    cursor = models.TextField(blank=True)
    pages = models.PositiveIntegerField(default=0)
    counted = models.PositiveIntegerField(default=0, help_text="Numbers on the pages read so far")
    told_total = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many the carrier says there are; empty: it does not say"
    )
    starts = models.PositiveIntegerField(
        default=1, help_text="The list changed while it was read: begun so often"
    )
    next_run_at = models.DateTimeField(null=True, blank=True, help_text="When to read on")
    rung_until = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=500, blank=True, help_text="Why it is not complete")
    alarm = models.CharField(max_length=500, blank=True, help_text="Complete, but not believed")

    class Meta:
        ordering = ("-started_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["carrier", "scope"], condition=Q(finished_at__isnull=True), name="one_running_sweep"
            ),
            models.CheckConstraint(
                condition=Q(complete=False) | Q(finished_at__isnull=False), name="complete_sweep_is_finished"
            ),
        )
        indexes = (
            models.Index(fields=["carrier", "-started_at"], name="sweep_by_carrier"),
            models.Index(
                fields=["next_run_at"], condition=Q(finished_at__isnull=True), name="sweep_to_read_on"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_carrier_display()} {localtime(self.started_at):%Y-%m-%d %H:%M}"


class CarrierListing(models.Model):
    """One number as the carrier described it in a sweep; kept for the last two complete sweeps.

    ``owned`` is false where a look-up for exactly this number was answered: not yours.
    """

    sweep = models.ForeignKey(CarrierSweep, on_delete=models.CASCADE, related_name="listings")
    e164 = models.CharField(max_length=16)
    owned = models.BooleanField(default=True)
    carrier_number_id = models.CharField(max_length=64, blank=True)
    monthly_cost = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    route = models.CharField(max_length=1000, blank=True)
    papers = models.CharField(max_length=30, blank=True, help_text="Whether it may be used, in our words")
    capabilities = ArrayField(models.CharField(max_length=10), default=list)
    acquired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["sweep", "e164"], name="number_once_in_a_sweep"),)

    def __str__(self) -> str:
        return self.e164


class Drift(Stateful):
    """One difference between a carrier's list and ours. It counts once two sweeps agree (``agreed_at``).

    ``fact`` is what differs, in one line: when that changes, the difference is another one. The row of a
    ghost is a job until the carrier was asked for exactly that number (``next_run_at``).
    """

    class Kind(models.TextChoices):
        ORPHAN = "orphan", "Orphan"
        GHOST = "ghost", "Ghost"
        SWAPPED = "swapped", "Other id"
        PRICE = "price", "Price"
        ROUTE = "route", "Routing"
        COMPLIANCE = "compliance", "Papers"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        ADOPTED = "adopted", "Adopted"
        REPAIRED = "repaired", "Repaired"
        RELEASED = "released", "Released"
        IGNORED = "ignored", "Ignored"
        GONE = "gone", "Gone by itself"

    SEEN: ClassVar[tuple[str, ...]] = ("open", "ignored")
    TRANSITIONS: ClassVar[Transitions] = {
        "adopt": (("open",), "adopted"),
        "repair": (("open",), "repaired"),
        "release": (("open",), "released"),
        "ignore": (("open",), "ignored"),
        "reopen": (("ignored",), "open"),
        "vanish": (("open", "ignored"), "gone"),
    }

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("dft"), editable=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    carrier = models.CharField(max_length=20, choices=CarrierSlug.choices)
    e164 = models.CharField(max_length=16)
    carrier_number_id = models.CharField(max_length=64, blank=True, help_text="As the carrier has it")
    number = models.ForeignKey(
        PhoneNumber, on_delete=models.PROTECT, null=True, blank=True, related_name="drifts"
    )
    order = models.ForeignKey(NumberOrder, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    stray = models.ForeignKey(
        StrayNumber, on_delete=models.PROTECT, null=True, blank=True, related_name="drifts"
    )
    fact = models.CharField(max_length=400, blank=True)
    evidence = models.JSONField(default=list, help_text="Sentences")
    monthly_cost = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True, help_text="What the difference costs a month"
    )
    carrier_price = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True, help_text="What the carrier charges a month"
    )
    currency = models.CharField(max_length=3, blank=True)
    first_sweep = models.ForeignKey(CarrierSweep, on_delete=models.PROTECT, related_name="+")
    last_sweep = models.ForeignKey(CarrierSweep, on_delete=models.PROTECT, related_name="+")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    agreed_at = models.DateTimeField(null=True, blank=True, help_text="Two sweeps agree since")
    next_run_at = models.DateTimeField(
        null=True, blank=True, help_text="When to ask the carrier for exactly this number"
    )
    rung_until = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-first_seen_at", "-id")
        verbose_name = "difference"
        constraints = (
            models.UniqueConstraint(
                fields=["carrier", "e164", "kind"],
                condition=Q(status__in=("open", "ignored")),
                name="one_open_drift",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("open", "adopted", "repaired", "released", "ignored", "gone")),
                name="drift_status_known",
            ),
        )
        indexes = (
            models.Index(fields=["status", "kind"], name="drift_by_status"),
            models.Index(
                fields=["next_run_at"],
                condition=Q(status="open", next_run_at__isnull=False),
                name="drift_to_confirm",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.e164} at {self.get_carrier_display()}"
