"""The orders that buy numbers, and what became of every request to a carrier."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dialnexa import clock
from dialnexa.ids import id_maker
from dialnexa.models import ApiKey, User, Workspace
from dialnexa.states import Stateful, Transitions
from phone_numbers.models.numbers import PhoneNumber
from telephony.models import AgentVersion, CarrierSlug


class NumberOrder(Stateful):
    """One intent to buy one number, with the price it was made at. The row is the job (the outbox).

    ``fence`` counts claims; a decision names the fence it was taken under, so a worker that slept through
    its lease decides nothing. ``next_run_at`` is when somebody should look at an open order next.
    """

    class Status(models.TextChoices):
        PLACED = "placed", _("Placed")
        BUYING = "buying", _("Buying")
        UNCERTAIN = "uncertain", _("Checking with the carrier")
        FULFILLED = "fulfilled", _("Fulfilled")
        REJECTED = "rejected", _("Rejected")

    OPEN: ClassVar[tuple[str, ...]] = ("placed", "buying", "uncertain")
    TRANSITIONS: ClassVar[Transitions] = {
        "claim": (("placed",), "buying"),
        "put_back": (("buying",), "placed"),
        "doubt": (("buying",), "uncertain"),
        "retry": (("uncertain",), "placed"),
        "fulfil": (("placed", "buying", "uncertain"), "fulfilled"),
        "reject": (("placed", "buying", "uncertain"), "rejected"),
    }

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("ord"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="number_orders")
    number = models.OneToOneField(PhoneNumber, on_delete=models.PROTECT, related_name="order")
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    placed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True)
    idempotency_key = models.CharField(max_length=120)
    inbound_version = models.ForeignKey(
        AgentVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who is to answer from the moment the number is active",
    )
    carrier = models.CharField(max_length=20, choices=CarrierSlug.choices)
    e164 = models.CharField(max_length=16)
    setup_price = models.DecimalField(max_digits=20, decimal_places=6)
    monthly_price = models.DecimalField(max_digits=20, decimal_places=6)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PLACED)
    failure_code = models.CharField(max_length=60, blank=True)
    failure_reason = models.CharField(max_length=500, blank=True)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    next_run_at = models.DateTimeField(default=clock.now)
    rung_until = models.DateTimeField(null=True, blank=True)
    doubted_at = models.DateTimeField(null=True, blank=True)
    missed_at = models.DateTimeField(
        null=True, blank=True, help_text="First look-up after the settle window that found nothing"
    )
    review_since = models.DateTimeField(null=True, blank=True, help_text="A person should look")
    review_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=["workspace", "idempotency_key"], name="one_order_per_key"),
            models.UniqueConstraint(
                fields=["e164"],
                condition=Q(status__in=("placed", "buying", "uncertain")),
                name="one_open_order",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("placed", "buying", "uncertain", "fulfilled", "rejected")),
                name="order_status_known",
            ),
            models.CheckConstraint(
                condition=Q(setup_price__gte=0, monthly_price__gt=0), name="order_price_positive"
            ),
        )
        indexes = (
            models.Index(
                fields=["next_run_at"],
                condition=Q(status__in=("placed", "buying", "uncertain")),
                name="order_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.e164}"

    @property
    def total(self) -> Decimal:
        """Setup and first month, in ``currency``."""
        return self.setup_price + self.monthly_price

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN


class PurchaseAttempt(models.Model):
    """The intent to send one purchase request, committed before it is sent. ``outcome`` empty: not known."""

    class Outcome(models.TextChoices):
        SOLD = "sold", "Sold"
        REFUSED = "refused", "Refused"
        NOT_SENT = "not_sent", "Not sent"
        UNKNOWN = "unknown", "Unknown"
        ABSENT = "absent", "Carrier confirmed that nothing was sold"

    order = models.ForeignKey(NumberOrder, on_delete=models.PROTECT, related_name="attempts")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    n = models.PositiveIntegerField()
    sent_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    text = models.CharField(max_length=300, blank=True, help_text="The carrier's words, for staff")

    class Meta:
        ordering = ("order", "n")
        constraints = (models.UniqueConstraint(fields=["order", "n"], name="one_attempt_per_fence"),)

    def __str__(self) -> str:
        return f"{self.order_id} #{self.n} {self.get_outcome_display() or 'in flight'}"


class StrayNumber(models.Model):
    """A number the carrier sold us that no live number of ours stands for. Staff adopt or release it.

    With ``releasing_since`` it is a job, as a releasing number is: the carrier is told until it is certain.
    """

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("stray"), editable=False)
    carrier = models.CharField(max_length=20, choices=CarrierSlug.choices)
    e164 = models.CharField(max_length=16)
    carrier_number_id = models.CharField(max_length=64)
    order = models.ForeignKey(
        NumberOrder, on_delete=models.PROTECT, null=True, blank=True, related_name="strays"
    )
    evidence = models.CharField(max_length=500)
    found_at = models.DateTimeField()
    releasing_since = models.DateTimeField(null=True, blank=True, help_text="Being given back since")
    next_release_at = models.DateTimeField(
        null=True, blank=True, help_text="When to tell the carrier (again) that it is given back"
    )
    rung_until = models.DateTimeField(null=True, blank=True)
    release_note = models.CharField(
        max_length=300, blank=True, help_text="What the carrier said when it did not take it back"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["carrier", "e164"], condition=Q(resolved_at__isnull=True), name="one_open_stray"
            ),
        )
        indexes = (
            models.Index(
                fields=["next_release_at"],
                condition=Q(resolved_at__isnull=True, next_release_at__isnull=False),
                name="stray_to_release",
            ),
        )

    def __str__(self) -> str:
        return f"{self.e164} at {self.carrier}"
