"""A workspace's API keys, and what they were answered."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from dialnexa import clock
from dialnexa.ids import id_maker
from dialnexa.models.people import User
from dialnexa.models.workspaces import Workspace


class ApiKey(models.Model):
    """A workspace's key. The secret is shown once; only its SHA-512 is kept."""

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("key"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=128, unique=True, editable=False)
    hint = models.CharField(
        max_length=12, editable=False, help_text="The last characters, to tell keys apart"
    )
    scopes = ArrayField(models.CharField(max_length=30), default=list)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    monthly_spend_cap = models.DecimalField(
        max_digits=20,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="In the wallet's currency, per calendar month of the workspace; empty: no cap",
    )
    replaces = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="replacements",
        help_text="The key this one was rotated from",
    )

    class Meta:
        verbose_name = "API key"
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(monthly_spend_cap__isnull=True)
                | Q(monthly_spend_cap__gte=0, monthly_spend_cap__lt=10**13),
                name="spend_cap_possible",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"


class IdempotencyRecord(models.Model):
    """The answer to one POST, kept 24 hours so that the same request gets the same answer again.

    ``status`` is empty while the request runs; after ``locked_until`` it may be taken up again (its process
    died). ``fingerprint`` is a keyed digest of method, path and body.
    """

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    route = models.CharField(max_length=120)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    locked_until = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["api_key", "route", "key"], name="one_answer_per_key"),
        )

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
