"""Numbers, the orders that buy them, and the rent they cost."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from dialnexa.ids import id_maker
from dialnexa.models import ApiKey, LedgerEntry, User, Workspace
from dialnexa.states import Stateful, Transitions
from telephony.models import AgentVersion, CarrierSlug, NumberKind


class PhoneNumber(Stateful):
    """One number in one workspace. ``carrier_number_id`` is the carrier's own id for it."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        ACTIVE = "active", "Active"
        RELEASING = "releasing", "Releasing"
        RELEASED = "released", "Released"
        FAILED = "failed", "Failed"

    LIVE: ClassVar[tuple[str, ...]] = ("pending", "active", "releasing")
    TRANSITIONS: ClassVar[Transitions] = {
        "activate": (("pending",), "active"),
        "fail": (("pending",), "failed"),
        "release": (("pending", "active"), "releasing"),  # pending: sold, but its papers were refused
        "released": (("releasing",), "released"),
    }

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("phn"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="phone_numbers")
    e164 = models.CharField(max_length=16)
    country = models.CharField(max_length=2, help_text="ISO 3166-1")
    calling_code = models.CharField(max_length=4)
    national_number = models.CharField(max_length=15)
    type = models.CharField(max_length=12, choices=NumberKind.choices)
    region = models.CharField(max_length=120, blank=True)
    capabilities = ArrayField(models.CharField(max_length=10), default=list)
    nickname = models.CharField(max_length=255, blank=True)
    label = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PENDING)
    status_reason = models.CharField(
        max_length=500, blank=True, help_text="Why it waits or failed, for the customer"
    )
    carrier = models.CharField(max_length=20, choices=CarrierSlug.choices)
    carrier_number_id = models.CharField(max_length=64, blank=True)
    carrier_monthly_cost = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    carrier_currency = models.CharField(max_length=3, blank=True)
    inbound_version = models.ForeignKey(
        AgentVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    outbound_version = models.ForeignKey(
        AgentVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    is_default = models.BooleanField(default=False)
    release_protection = models.BooleanField(default=False)
    next_check_at = models.DateTimeField(
        null=True, blank=True, help_text="When to ask the carrier about its papers"
    )
    releasing_since = models.DateTimeField(null=True, blank=True)
    next_release_at = models.DateTimeField(
        null=True, blank=True, help_text="When to tell the carrier (again) that it is given back"
    )
    rung_until = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    dismissed_at = models.DateTimeField(null=True, blank=True, help_text="A failed row the customer put away")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["e164"],
                condition=Q(status__in=("pending", "active", "releasing")),
                name="one_live_owner",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("pending", "active", "releasing", "released", "failed")),
                name="number_status_known",
            ),
            models.CheckConstraint(condition=Q(e164__regex=r"^\+[1-9][0-9]{6,14}$"), name="number_is_e164"),
        )
        indexes = (
            models.Index(fields=["workspace", "-created_at", "-id"], name="number_by_workspace"),
            models.Index(fields=["workspace", "e164"], name="number_by_e164"),
            models.Index(
                fields=["next_check_at"],
                condition=Q(status="pending", next_check_at__isnull=False),
                name="number_to_check",
            ),
            models.Index(
                fields=["next_release_at"], condition=Q(status="releasing"), name="number_to_release"
            ),
            models.Index(
                fields=["inbound_version"], condition=Q(inbound_version__isnull=False), name="number_inbound"
            ),
            models.Index(
                fields=["outbound_version"],
                condition=Q(outbound_version__isnull=False),
                name="number_outbound",
            ),
        )

    def __str__(self) -> str:
        return self.e164


class NumberOrder(Stateful):
    """One intent to buy one number, with the price it was made at. The row is the job (the outbox).

    ``fence`` counts claims; a decision names the fence it was taken under, so a worker that slept through
    its lease decides nothing. ``next_run_at`` is when somebody should look at an open order next.
    """

    class Status(models.TextChoices):
        PLACED = "placed", "Placed"
        BUYING = "buying", "Buying"
        UNCERTAIN = "uncertain", "Checking with the carrier"
        FULFILLED = "fulfilled", "Fulfilled"
        REJECTED = "rejected", "Rejected"

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
    next_run_at = models.DateTimeField(default=timezone.now)
    rung_until = models.DateTimeField(null=True, blank=True)
    doubted_at = models.DateTimeField(null=True, blank=True)
    missed_at = models.DateTimeField(
        null=True, blank=True, help_text="First look-up after the settle window that found nothing"
    )
    review_since = models.DateTimeField(null=True, blank=True, help_text="A person should look")
    review_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
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
    """A number the carrier sold us that no live number of ours stands for. Staff adopt or release it."""

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("stray"), editable=False)
    carrier = models.CharField(max_length=20, choices=CarrierSlug.choices)
    e164 = models.CharField(max_length=16)
    carrier_number_id = models.CharField(max_length=64)
    order = models.ForeignKey(
        NumberOrder, on_delete=models.PROTECT, null=True, blank=True, related_name="strays"
    )
    evidence = models.CharField(max_length=500)
    found_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["carrier", "e164"], condition=Q(resolved_at__isnull=True), name="one_open_stray"
            ),
        )

    def __str__(self) -> str:
        return f"{self.e164} at {self.carrier}"


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
