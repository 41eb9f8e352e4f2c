"""What the daily look at the books found."""

from __future__ import annotations

from django.db import models

from dialnexa.ids import id_maker


class LedgerProof(models.Model):
    """The books held against what they are about, at one moment. Rows are only added.

    ``checks``: for each check its code, title, how many rows break it (``count``), how long it took
    (``took_ms``), and the first of those rows (``found``: pairs of the id it is about and a sentence).
    """

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("prf"), editable=False)
    at = models.DateTimeField()
    ok = models.BooleanField()
    took_ms = models.PositiveIntegerField()
    entries = models.PositiveIntegerField(help_text="Entries the books held then")
    checks = models.JSONField(default=list)

    class Meta:
        ordering = ("-at", "-id")
        verbose_name = "proof of the books"
        verbose_name_plural = "proofs of the books"
        indexes = (models.Index(fields=["-at"], name="proof_by_time"),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}: {'in order' if self.ok else 'NOT IN ORDER'}"
