"""What was said to carriers."""

from __future__ import annotations

from django.db import models

from dialnexa import clock
from dialnexa.models import Workspace


class CarrierExchange(models.Model):
    """One request to a carrier and its answer, secrets masked. Support reads it; nothing decides by it."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, null=True, related_name="+")
    about = models.CharField(
        max_length=40, blank=True, db_index=True, help_text="The order or number it was for"
    )
    carrier = models.CharField(max_length=20)
    method = models.CharField(max_length=8)
    url = models.CharField(max_length=1000)
    request_body = models.TextField(blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    response_body = models.TextField(blank=True)
    error = models.CharField(max_length=300, blank=True)
    duration_ms = models.PositiveIntegerField()
    at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.method} {self.url} → {self.status or self.error}"
