"""What the daily look at the books found."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.timezone import localtime

from dialnexa.ids import id_maker


class LedgerProof(models.Model):
    """The books held against what they are about, at one moment. Rows are only added.

    ``checks``: for each check its code, title, how many rows break it (``count``), how long it took
    (``took_ms``), and the first of those rows (``found``: pairs of the id it is about and a sentence). One
    that found what the one before did not is a job until staff were mailed (``next_mail_at``).
    """

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("prf"), editable=False)
    at = models.DateTimeField()
    ok = models.BooleanField()
    took_ms = models.PositiveIntegerField()
    entries = models.PositiveIntegerField(help_text="Entries the books held then")
    checks = models.JSONField(default=list)
    next_mail_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: there is nothing to tell staff"
    )
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-at", "-id")
        verbose_name = "proof of the books"
        verbose_name_plural = "proofs of the books"
        indexes = (
            models.Index(fields=["-at"], name="proof_by_time"),
            models.Index(
                fields=["next_mail_at"], condition=Q(next_mail_at__isnull=False), name="proof_to_mail"
            ),
        )

    def __str__(self) -> str:
        return f"{localtime(self.at):%Y-%m-%d %H:%M}: {'in order' if self.ok else 'NOT IN ORDER'}"

    @property
    def wrong(self) -> set[str]:
        """The codes of the checks that failed."""
        return {check["code"] for check in self.checks if check["count"]}
