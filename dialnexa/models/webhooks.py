"""What a workspace's own servers are told: where to, what, and what became of each try."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dialnexa import clock
from dialnexa.ids import id_maker
from dialnexa.models.workspaces import Workspace

URL_LIMIT = 500


class WebhookEndpoint(models.Model):
    """An address of the customer's. ``sealed_secret`` signs what is sent there (see ``dialnexa.sealing``).

    For a while after a rotation the previous secret signs, too. ``failures`` in a row put ``next_turn_at``
    off, so that a dead server holds up nobody else; who was ``served_at`` longest ago comes first. A removed
    one is off and shown nowhere; the row goes later, so that what is being written about it does not fail.
    """

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("whe"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="webhook_endpoints")
    url = models.CharField("URL", max_length=URL_LIMIT)
    description = models.CharField(max_length=120, blank=True)
    events = ArrayField(models.CharField(max_length=40), default=list, help_text="Types, or only *: all")
    sealed_secret = models.BinaryField(editable=False)
    sealed_previous_secret = models.BinaryField(null=True, blank=True, editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    next_turn_at = models.DateTimeField(default=clock.now, editable=False)
    served_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("created_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(sealed_previous_secret__isnull=True) | Q(previous_until__isnull=False),
                name="previous_secret_ends",
            ),
        )

    def __str__(self) -> str:
        return self.url


class WebhookMessage(models.Model):
    """One thing that happened, as it is told: the same for every endpoint and every try.

    ``reference`` names what happened (``number.activated:phn_…``) and is unique, so it is never told twice.
    """

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("msg"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="webhook_messages")
    type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=40, help_text="The id of what it is about")
    reference = models.CharField(max_length=160, unique=True)
    payload = models.JSONField(help_text="type, timestamp and data")
    created_at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.type} {self.subject_id}"


class WebhookDelivery(models.Model):
    """A message on its way to one endpoint. The row is the job, and its attempts are its history."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Given up")

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("whd"), editable=False)
    message = models.ForeignKey(WebhookMessage, on_delete=models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    tries = models.PositiveSmallIntegerField(default=0, help_text="Since it was last asked for")
    next_try_at = models.DateTimeField(null=True, blank=True, help_text="Empty: there is nothing to send")
    http_status = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Of the last answer; empty: there was none"
    )
    sentence = models.CharField(max_length=300, blank=True, help_text="What became of the last try")
    delivered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=["message", "endpoint"], name="one_delivery_per_endpoint"),
            models.CheckConstraint(
                condition=Q(state="pending", next_try_at__isnull=False)
                | Q(state__in=("delivered", "failed"), next_try_at__isnull=True),
                name="delivery_state_known",
            ),
        )
        indexes = (
            models.Index(
                fields=["endpoint", "next_try_at", "id"],
                condition=Q(state="pending"),
                name="delivery_to_send",
            ),
            models.Index(fields=["endpoint", "-created_at", "-id"], name="delivery_by_endpoint"),
        )

    def __str__(self) -> str:
        return f"{self.message_id} to {self.endpoint_id}"


class WebhookAttempt(models.Model):
    """One POST, and what was answered. ``sentence`` is for the customer where no answer came."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    http_status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: no answer came")
    took_ms = models.PositiveIntegerField()
    sentence = models.CharField(max_length=300)
    answer = models.CharField(max_length=500, blank=True, help_text="How the answer's body began")

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.delivery_id} at {self.at:%Y-%m-%d %H:%M:%S}"
