"""Batches of calls: one uploaded list, what was found in it, and (later) how its calls went."""

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


class BatchCall(Stateful):
    """One uploaded list. A draft holds the file and the report on it; nothing is dialled from a draft.

    ``report`` is what reading found (see ``telephony.batches``): reasons, counts, row numbers, repairs,
    duplicates, estimates. ``rules`` says under which choices it was read (default country, repairs taken).
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        WAITING = "waiting", _("Waiting")
        SCHEDULED = "scheduled", _("Scheduled")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        COMPLETED = "completed", _("Completed")
        CANCELLED = "cancelled", _("Cancelled")

    TRANSITIONS: ClassVar[Transitions] = {
        "queue": (("draft",), "waiting"),
        "schedule": (("draft",), "scheduled"),
        "begin": (("waiting", "scheduled"), "running"),
        "pause": (("running", "waiting", "scheduled"), "paused"),
        "rest": (("running",), "waiting"),
        "resume": (("paused",), "waiting"),
        "complete": (("running",), "completed"),
        "cancel": (("draft", "waiting", "scheduled", "running", "paused"), "cancelled"),
    }

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("batch"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="batch_calls")
    title = models.CharField(max_length=35)
    agent_version = models.ForeignKey(
        AgentVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    from_number_id = models.CharField(max_length=40, blank=True, help_text="The phn_… it is to call from")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    rules = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    rows = models.PositiveIntegerField(default=0)
    good_rows = models.PositiveIntegerField(default=0)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    read_at = models.DateTimeField(null=True, blank=True, help_text="When the report was made")
    upload_key = models.CharField(
        max_length=64, blank=True, help_text="The same form sent again has the same"
    )
    reading_due_at = models.DateTimeField(
        null=True, blank=True, help_text="A worker is to read the list: when to ring for one (again)"
    )
    reader = models.CharField(
        max_length=40, blank=True, help_text="The worker that reads; its own word for it"
    )
    readings = models.PositiveSmallIntegerField(default=0, help_text="Begun by workers, for this report")
    rows_read = models.PositiveIntegerField(
        default=0, help_text="So far; ``rows`` is about how many there are"
    )
    starts_at = models.DateTimeField(null=True, blank=True, help_text="Scheduled: not before")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="No call begins after this")
    hours_begin = models.TimeField(null=True, blank=True, help_text="Calling hours, in ``time_zone``")
    hours_end = models.TimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=60, blank=True, help_text="IANA; empty: the workspace's")
    at_once = models.PositiveSmallIntegerField(default=5, help_text="Calls at the same time, at most")
    attempts = models.PositiveSmallIntegerField(default=1, help_text="Calls to one number, at most: 1 to 4")
    retry_minutes = models.PositiveSmallIntegerField(default=30, help_text="Between two calls to one number")
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was paused or stopped")
    reason_code = models.CharField(max_length=60, blank=True)
    fix = models.CharField(max_length=20, blank=True, help_text="The page that mends the reason")
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    api_key = models.ForeignKey(
        ApiKey, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="Its cap counts"
    )
    next_run_at = models.DateTimeField(null=True, blank=True, help_text="When to look at it next")
    rung_until = models.DateTimeField(null=True, blank=True)
    rests_until = models.DateTimeField(
        null=True, blank=True, help_text="Waiting: nobody can be called before, so others have the turn"
    )
    hang_up_at = models.DateTimeField(
        null=True, blank=True, help_text="Cancelled: when to ask (again) that its calls be ended"
    )
    started_at = models.DateTimeField(null=True, blank=True, help_text="When somebody ordered it to dial")
    begun_at = models.DateTimeField(null=True, blank=True, help_text="Its turn came, the last time")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    status__in=(
                        "draft",
                        "waiting",
                        "scheduled",
                        "running",
                        "paused",
                        "completed",
                        "cancelled",
                    )
                ),
                name="batch_status_known",
            ),
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(status="running"), name="one_running_batch"
            ),
            models.UniqueConstraint(
                fields=["workspace", "upload_key"], condition=~Q(upload_key=""), name="one_batch_per_upload"
            ),
            models.CheckConstraint(
                condition=Q(attempts__gte=1, attempts__lte=4, at_once__gte=1), name="batch_numbers_sensible"
            ),
        )
        indexes = (
            models.Index(fields=["workspace", "-created_at", "-id"], name="batch_by_workspace"),
            models.Index(fields=["next_run_at"], condition=Q(next_run_at__isnull=False), name="batch_due"),
            models.Index(
                fields=["reading_due_at"], condition=Q(reading_due_at__isnull=False), name="batch_reading_due"
            ),
            models.Index(
                fields=["hang_up_at"], condition=Q(hang_up_at__isnull=False), name="batch_hang_up_due"
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def is_being_read(self) -> bool:
        """There is no report yet, or an old one: neither counts."""
        return self.reading_due_at is not None

    @property
    def is_unreadable(self) -> bool:
        """A worker found that the file is no list; ``reason`` says why, and the file is gone."""
        return not (self.report or self.is_being_read)


class BatchFile(models.Model):
    """The bytes as they were uploaded, compressed (zlib). Apart, so lists never load them."""

    batch = models.OneToOneField(BatchCall, on_delete=models.CASCADE, primary_key=True, related_name="file")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120, help_text="As the customer called it, cleaned")
    media_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField(help_text="Bytes before compression")
    sha256 = models.CharField(max_length=64, help_text="Of the bytes before compression")
    compressed = models.BinaryField(editable=False)

    def __str__(self) -> str:
        return self.name
