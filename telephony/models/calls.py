"""Calls: one attempt each, in or out, and what carriers told us about them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dialnexa import clock
from dialnexa.ids import id_maker
from dialnexa.models import ApiKey, User, Workspace
from dialnexa.states import Stateful, Transitions
from telephony.models.agents import AgentVersion
from telephony.models.batches import BatchCall
from telephony.models.catalogue import CarrierSlug


class Direction(models.TextChoices):
    INBOUND = "inbound", _("Inbound")
    OUTBOUND = "outbound", _("Outbound")


class Call(Stateful):
    """One call. An outbound one is a job, as an order is: the row decides, a message is only a doorbell.

    ``initiated`` is committed before the carrier is asked. Whoever finds a call there without an outcome
    never asks again: it waits for a webhook (their URLs carry the call's token) until ``doubt_until``.

    The price is copied when the call is made; ``held`` was reserved for it, ``charged`` is what it cost.
    ``number`` is ours (from or to); ``other`` the far end as the carrier writes it.
    """

    class Status(models.TextChoices):
        CREATED = "created", _("Created")
        INITIATED = "initiated", _("Dialling")
        SENT = "sent", _("Ringing")
        RECEIVED = "received", _("In progress")
        COMPLETED = "completed", _("Completed")
        DID_NOT_PICK = "did_not_pick", _("Not picked up")
        BUSY = "busy", _("Busy")
        NO_ANSWER = "no_answer", _("No answer")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    OPEN: ClassVar[tuple[str, ...]] = ("created", "initiated", "sent", "received")
    OVER: ClassVar[tuple[str, ...]] = (
        "completed",
        "did_not_pick",
        "busy",
        "no_answer",
        "failed",
        "cancelled",
    )
    TRANSITIONS: ClassVar[Transitions] = {
        "initiate": (("created",), "initiated"),
        "put_back": (("initiated",), "created"),  # certainly nothing was sent
        # From "created", too: a carrier may have placed what it said it had not.
        "accept": (("created", "initiated"), "sent"),
        "answer": (("created", "initiated", "sent"), "received"),
        "complete": (("created", "initiated", "sent", "received"), "completed"),
        "ring_out": (("created", "initiated", "sent"), "did_not_pick"),  # it rang
        "engaged": (("created", "initiated", "sent"), "busy"),
        "unreachable": (("created", "initiated", "sent"), "no_answer"),  # it never rang
        "fail": (("created", "initiated", "sent", "received"), "failed"),
        "cancel": (("created", "initiated", "sent", "received"), "cancelled"),
    }

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("call"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="calls")
    direction = models.CharField(max_length=8, choices=Direction.choices)
    number = models.ForeignKey("numbers.PhoneNumber", on_delete=models.PROTECT, related_name="calls")
    from_text = models.CharField(max_length=255, help_text="E.164 where it is one")
    to_text = models.CharField(max_length=255)
    agent_version = models.ForeignKey(
        AgentVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="calls"
    )
    carrier = models.CharField(max_length=20, choices=CarrierSlug.choices)
    carrier_call_id = models.CharField(max_length=120, blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.CREATED)
    reason_code = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it failed, for the customer")
    cause = models.CharField(max_length=120, blank=True, help_text="Why it ended, in the carrier's words")
    trace = models.JSONField(default=list, help_text="Every question it passed, with what decided it")
    metadata = models.JSONField(default=dict)
    notes = models.JSONField(default=dict)
    batch = models.ForeignKey(
        BatchCall, on_delete=models.PROTECT, null=True, blank=True, related_name="calls"
    )
    batch_row = models.PositiveIntegerField(null=True, blank=True, help_text="The list's row it is for")
    idempotency_key = models.CharField(max_length=120, blank=True)
    placed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    rate_id = models.BigIntegerField(
        null=True, blank=True, help_text="The CallRate (or SipRate) that decided"
    )
    rate_words = models.CharField(max_length=200, blank=True, help_text="What that rate is for")
    per_minute = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    pulse_seconds = models.PositiveSmallIntegerField(default=60)
    connection_fee = models.DecimalField(max_digits=20, decimal_places=6, default=0)
    currency = models.CharField(max_length=3)
    held = models.DecimalField(max_digits=20, decimal_places=6, default=0)
    charged = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    limit_seconds = models.PositiveIntegerField(default=0, help_text="The carrier hangs up after so long")
    duration = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds spoken")
    billed_seconds = models.PositiveIntegerField(null=True, blank=True)
    carrier_cost = models.DecimalField(
        max_digits=20, decimal_places=6, null=True, blank=True, help_text="In the carrier's currency"
    )
    carrier_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="What the carrier bills, by its record"
    )
    given_away = models.DecimalField(
        max_digits=20,
        decimal_places=6,
        default=0,
        help_text="The price of what the carrier bills, not charged",
    )
    next_cost_at = models.DateTimeField(
        null=True, blank=True, help_text="When to read the carrier's record of it"
    )

    fence = models.PositiveIntegerField(default=0)
    next_run_at = models.DateTimeField(null=True, blank=True, help_text="Empty: nobody need look")
    rung_until = models.DateTimeField(null=True, blank=True)
    doubt_until = models.DateTimeField(
        null=True, blank=True, help_text="Without a word from the carrier until then it counts as not placed"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    initiated_at = models.DateTimeField(null=True, blank=True)
    rang_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    heard_at = models.DateTimeField(
        null=True, blank=True, help_text="When its SIP engine last said that it is on"
    )
    heard_seconds = models.PositiveIntegerField(default=0, help_text="Seconds spoken until then, as it said")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["carrier", "carrier_call_id"],
                condition=~Q(carrier_call_id=""),
                name="one_call_per_carrier_call",
            ),
            models.UniqueConstraint(
                fields=["workspace", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="one_call_per_key",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=(
                        "created",
                        "initiated",
                        "sent",
                        "received",
                        "completed",
                        "did_not_pick",
                        "busy",
                        "no_answer",
                        "failed",
                        "cancelled",
                    )
                ),
                name="call_status_known",
            ),
            models.CheckConstraint(
                condition=Q(direction__in=("inbound", "outbound")), name="call_direction_known"
            ),
            models.CheckConstraint(
                condition=Q(charged__isnull=True) | Q(charged__gte=0), name="call_charge_not_negative"
            ),
        )
        indexes = (
            models.Index(fields=["workspace", "-created_at", "-id"], name="call_by_workspace"),
            models.Index(fields=["workspace", "status", "-created_at"], name="call_by_status"),
            models.Index(fields=["number", "-created_at"], name="call_by_number"),
            models.Index(
                fields=["batch", "batch_row"], condition=Q(batch__isnull=False), name="call_by_batch"
            ),
            models.Index(
                fields=["workspace"],
                condition=Q(direction="outbound", status__in=("created", "initiated", "sent", "received")),
                name="call_open",
            ),
            models.Index(
                fields=["-created_at"], condition=Q(direction="outbound"), name="call_out_by_time"
            ),  # what went out lately, of everybody
            models.Index(fields=["next_run_at"], condition=Q(next_run_at__isnull=False), name="call_due"),
            models.Index(
                fields=["next_cost_at"], condition=Q(next_cost_at__isnull=False), name="call_cost_due"
            ),
            models.Index(fields=["-created_at"], condition=Q(given_away__gt=0), name="call_given_away"),
        )

    def __str__(self) -> str:
        return f"{self.from_text} → {self.to_text}"

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def other(self) -> str:
        """The far end."""
        return self.to_text if self.direction == Direction.OUTBOUND else self.from_text


class CarrierWebhook(models.Model):
    """What a carrier told us, once, as it came. A repetition has the same key and changes nothing.

    ``call`` is empty for a number nobody here owns, and until it is known. ``applied_at`` empty: to be done.
    """

    id = models.BigAutoField(primary_key=True)
    carrier = models.CharField(max_length=20, choices=CarrierSlug.choices)
    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, help_text="answer or status")
    call = models.ForeignKey(Call, on_delete=models.PROTECT, null=True, blank=True, related_name="webhooks")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, null=True, related_name="+")
    body = models.TextField(help_text="Its parameters, as sent")
    received_at = models.DateTimeField(default=clock.now)
    applied_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True, help_text="Why nothing came of it")

    class Meta:
        ordering = ("-received_at", "-id")
        constraints = (models.UniqueConstraint(fields=["carrier", "key"], name="one_webhook_per_event"),)
        indexes = (models.Index(fields=["-received_at"], name="webhook_by_time"),)

    def __str__(self) -> str:
        return f"{self.carrier} {self.kind} {self.key}"


class BatchRow(models.Model):
    """One person to call. Made when a batch starts, from the rows of its list that are good."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        CALLING = "calling", _("Calling")
        DONE = "done", _("Reached")
        FAILED = "failed", _("Not reached")
        REFUSED = "refused", _("Refused")

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(BatchCall, on_delete=models.CASCADE, related_name="batch_rows")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    row = models.PositiveIntegerField(help_text="Its line in the list, the header being 1")
    e164 = models.CharField(max_length=16)
    variables = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason_code = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("batch", "row")
        constraints = (models.UniqueConstraint(fields=["batch", "row"], name="one_batch_row_per_line"),)
        indexes = (
            models.Index(
                fields=["batch", "next_try_at", "row"], condition=Q(state="waiting"), name="batch_row_next"
            ),
            models.Index(fields=["batch", "state"], name="batch_row_by_state"),
        )

    def __str__(self) -> str:
        return f"{self.batch_id} row {self.row}"
