"""Voice agents and their versions."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dialnexa import clock
from dialnexa.ids import id_maker
from dialnexa.models import Workspace


class Agent(models.Model):
    """A voice agent. What it is lives in its versions."""

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("agt"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="agents")
    title = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title


class AgentVersion(models.Model):
    """One state of an agent, and where it runs. Once published it never changes."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("agv"), editable=False)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="versions")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="agent_versions")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    runtime_url = models.CharField(max_length=2048, help_text="wss://… (media stream) or sip:…")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("agent", "-number")
        constraints = (
            models.UniqueConstraint(fields=["agent", "number"], name="one_version_per_number"),
            models.UniqueConstraint(
                fields=["agent"], condition=Q(status="draft"), name="one_draft_per_agent"
            ),
            models.CheckConstraint(
                condition=Q(status__in=("draft", "published")), name="version_status_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.agent.title} v{self.number}"
