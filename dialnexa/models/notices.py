"""What members are told: in the application, and by e-mail."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from dialnexa import clock
from dialnexa.ids import id_maker
from dialnexa.models.people import User
from dialnexa.models.workspaces import Workspace


class Notice(models.Model):
    """One thing a workspace is told once. ``reference`` names it (``kyc:kyc_…:verified``) and is unique, so
    it is never told twice, however often something tries.
    """

    class Tone(models.TextChoices):
        GOOD = "ok", "Good"
        WAITING = "waiting", "Neutral"
        TROUBLE = "trouble", "Trouble"

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("ntc"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="notices")
    reference = models.CharField(max_length=160, unique=True)
    right = models.CharField(max_length=10, help_text="Who is told: a dialnexa.access.Right")
    tone = models.CharField(max_length=10, choices=Tone.choices, default=Tone.WAITING)
    title = models.CharField(max_length=160)
    body = models.CharField(max_length=1000)
    page = models.CharField(max_length=300, blank=True, help_text="Path of the page that mends or shows it")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=["workspace", "-created_at", "-id"], name="notice_by_workspace"),)

    def __str__(self) -> str:
        return self.title


class NoticeCopy(models.Model):
    """One member's copy: whether it was read, and the e-mail that carries it. The row is the job."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="copies")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    next_mail_at = models.DateTimeField(null=True, blank=True, help_text="Empty: there is nothing to send")
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "notice copies"
        constraints = (models.UniqueConstraint(fields=["notice", "user"], name="one_copy_per_member"),)
        indexes = (
            models.Index(
                fields=["next_mail_at"], condition=Q(next_mail_at__isnull=False), name="notice_to_mail"
            ),
            models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="notice_unread"),
        )

    def __str__(self) -> str:
        return f"{self.notice_id} for {self.user_id}"
