"""Changes made to many numbers at once."""

from __future__ import annotations

from django.db import models

from dialnexa import clock
from dialnexa.ids import id_maker
from dialnexa.models import User, Workspace


class BulkRouting(models.Model):
    """One assignment of many numbers, kept so that it can be taken back.

    ``changes`` is a list of ``{"number": id, "inbound": [before, after], "outbound": [before, after]}`` with
    version ids or null; a direction that was left alone is absent. ``"kept"`` says why undoing left a number.
    """

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("bulk"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="bulk_routings")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    changes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.id}: {len(self.changes)} numbers"

    @property
    def who(self) -> str:
        """Who made it; empty for a program."""
        return (self.made_by.get_full_name() or self.made_by.email) if self.made_by else ""
