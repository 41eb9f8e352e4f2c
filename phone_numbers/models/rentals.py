"""The rent that numbers cost, period by period, and the numbers nobody pays for any more."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dialnexa import clock
from dialnexa.ids import id_maker
from dialnexa.models import LedgerEntry, Workspace
from dialnexa.states import Stateful, Transitions
from phone_numbers.models.numbers import PhoneNumber


class Rental(Stateful):
    """Who pays what for a number, and until when it is paid. Periods are counted from ``anchor``.

    The row is the job: ``next_run_at`` is when a worker looks at it next, to renew it, to try again in the
    grace period, to let it expire, or to take it from its workspace after the hold. ``remind_at`` is the same
    for reminders; the database sets it back to where they begin whenever a date changes that they count to.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        EXPIRED = "expired", _("Expired")
        AVAILABLE = "available_for_reassignment", _("Available for reassignment")

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
    carrier_anchor = models.DateTimeField(
        null=True, blank=True, help_text="Since when the carrier bills us; empty: since the anchor"
    )
    paid_periods = models.PositiveIntegerField(default=1, help_text="The next one to pay has this k")
    paid_through = models.DateTimeField(help_text="The next renewal: where period paid_periods begins")
    auto_renew = models.BooleanField(default=True)
    renewal_rank = models.PositiveIntegerField(
        null=True, blank=True, help_text="Who renews first when money is short: 1 is first, empty comes last"
    )
    next_run_at = models.DateTimeField(null=True, blank=True, help_text="When to look at it (again)")
    short_since = models.DateTimeField(
        null=True, blank=True, help_text="In grace since then: the first renewal that could not be paid"
    )
    expired_at = models.DateTimeField(null=True, blank=True)
    review_since = models.DateTimeField(
        null=True, blank=True, help_text="More periods were missed than are charged without a person looking"
    )
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Released: no further rent")
    reminded_of = models.DateTimeField(
        null=True, blank=True, help_text="The renewal, or end, that members were last reminded of"
    )
    reminded_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How many days before it that step of the reminders stands"
    )
    remind_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="No reminder before; empty: none until a date changes",
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(rental_status__in=("active", "expired", "available_for_reassignment")),
                name="rental_status_known",
            ),
            models.CheckConstraint(
                condition=Q(rental_status="active", expired_at__isnull=True)
                | Q(rental_status="expired", expired_at__isnull=False)
                | Q(rental_status="available_for_reassignment", ended_at__isnull=False),
                name="rental_dates_fit_status",
            ),
        )
        indexes = (
            models.Index(fields=["next_run_at"], condition=Q(ended_at__isnull=True), name="rental_to_run"),
            models.Index(
                fields=["workspace"],
                condition=Q(short_since__isnull=False, ended_at__isnull=True),
                name="rental_unpaid",
            ),
            models.Index(
                fields=["paid_through"],
                condition=Q(rental_status="active", ended_at__isnull=True),
                name="rental_due",
            ),
            models.Index(fields=["remind_at"], condition=Q(ended_at__isnull=True), name="rental_to_remind"),
            models.Index(
                fields=["workspace", "paid_through"],
                condition=Q(rental_status="active", ended_at__isnull=True),
                name="rental_by_end",
            ),
            models.Index(
                fields=["workspace"],
                condition=Q(rental_status="expired", ended_at__isnull=True),
                name="rental_expired",
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
    entry = models.ForeignKey(
        LedgerEntry,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Empty: the period was free, or waived",
    )

    class Meta:
        ordering = ("rental", "-k")
        constraints = (
            models.UniqueConstraint(fields=["rental", "k"], name="one_charge_per_period"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")), name="period_runs_forward"
            ),
            models.CheckConstraint(
                condition=Q(entry__isnull=False) | Q(amount=0), name="rent_is_in_the_ledger"
            ),
        )

    def __str__(self) -> str:
        return f"{self.rental_id} period {self.k}"


class RentalPrice(models.Model):
    """What a rental costs from a day on: it holds for the periods that begin then or later."""

    rental = models.ForeignKey(Rental, on_delete=models.PROTECT, related_name="prices")
    monthly_price = models.DecimalField(max_digits=20, decimal_places=6)
    starts_at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ("rental", "-starts_at")
        constraints = (
            models.UniqueConstraint(fields=["rental", "starts_at"], name="one_price_at_a_time"),
            models.CheckConstraint(
                condition=Q(monthly_price__gte=0, monthly_price__lt=10**13), name="rent_not_negative"
            ),
        )

    def __str__(self) -> str:
        return f"{Decimal(self.monthly_price).normalize():f} from {self.starts_at:%Y-%m-%d}"


class ReassignableNumber(models.Model):
    """A number that left its workspace unpaid, while it is still ours at the carrier.

    ``number`` is its row in the pool (a workspace without members), which keeps it from being bought and
    gives it back by the usual protocol. ``came_from`` is the row its former owner sees as released; none:
    a carrier lists it as ours, and nobody had ordered it.
    """

    number = models.OneToOneField(PhoneNumber, on_delete=models.PROTECT, related_name="reassignable")
    came_from = models.OneToOneField(
        PhoneNumber, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    carrier_anchor = models.DateTimeField(
        default=clock.now, help_text="Since when the carrier bills us, month by month"
    )
    available_at = models.DateTimeField()
    assignable_at = models.DateTimeField(help_text="End of the cool-off: not given to anybody earlier")
    release_at = models.DateTimeField(
        null=True, blank=True, help_text="Given back then, before the carrier charges again; empty: kept"
    )
    assigned_to = models.OneToOneField(
        PhoneNumber, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True, help_text="Assigned or given back")

    class Meta:
        ordering = ("-available_at",)
        indexes = (
            models.Index(fields=["release_at"], condition=Q(closed_at__isnull=True), name="pool_to_release"),
        )

    def __str__(self) -> str:
        return str(self.number)
