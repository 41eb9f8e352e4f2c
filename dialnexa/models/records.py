"""What happened, and what is alive."""

from __future__ import annotations

from django.db import models

from dialnexa.models.keys import ApiKey
from dialnexa.models.people import User
from dialnexa.models.workspaces import Workspace


class AuditEntry(models.Model):
    """One thing that happened to one object. Append-only, by trigger."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, null=True, related_name="audit_entries"
    )
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=40)
    event = models.CharField(max_length=40)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    channel = models.CharField(max_length=10)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    actor_name = models.CharField(max_length=150)
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    request_id = models.CharField(max_length=64, blank=True, db_index=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-id")
        indexes = (
            models.Index(fields=["subject_id", "at"], name="audit_by_subject"),
            models.Index(fields=["workspace", "-at"], name="audit_by_workspace"),
        )
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.subject_id} {self.event}"


class AuditLink(models.Model):
    """An entry's place in its workspace's chain (``dialnexa.audit_chain``). Append-only, by trigger.

    No foreign key: a link outlives an entry that somebody deletes, and tells of it.
    """

    entry_id = models.BigIntegerField(primary_key=True)
    chain = models.CharField(max_length=40, blank=True, help_text="The workspace's id; empty: nobody's")
    n = models.BigIntegerField(help_text="From 1, without gaps")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the link before and the entry")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["chain", "n"], name="one_link_per_place"),)

    def __str__(self) -> str:
        return f"{self.chain or 'nobody'} {self.n}"


class Heartbeat(models.Model):
    """When a background process was last seen; ``/readyz`` reads it."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
