"""Money: accounts, and the transfers between them."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dialnexa import clock
from dialnexa.ids import id_maker
from dialnexa.models.keys import ApiKey
from dialnexa.models.workspaces import Workspace


class LedgerAccount(models.Model):
    """One side of a transfer. Wallets and held money keep a balance; platform accounts derive theirs.

    A trigger keeps ``balance`` from the entries; writing it by hand is refused by the database.
    """

    class Kind(models.TextChoices):
        WALLET = "wallet", "Wallet"
        HELD = "held", "On hold"
        REVENUE_NUMBERS = "revenue:numbers", "Revenue: numbers"
        REVENUE_CALLS = "revenue:calls", "Revenue: calls"
        EXTERNAL = "external", "Payments and credits from outside"
        PROMO = "promo", "Promotional credit"
        WRITE_OFF = "writeoff", "Write-offs"

    WORKSPACE_KINDS: ClassVar[tuple[str, ...]] = ("wallet", "held")

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("acc"), editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts"
    )
    kind = models.CharField(max_length=30, choices=Kind.choices)
    currency = models.CharField(max_length=3)
    balance = models.DecimalField(max_digits=20, decimal_places=6, default=0, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "kind", "currency"], name="one_account_per_kind", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(balance__gte=0, balance__lt=10**13), name="balance_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(workspace__isnull=False, kind__in=("wallet", "held"))
                | Q(workspace__isnull=True) & ~Q(kind__in=("wallet", "held")),
                name="wallets_belong_to_workspaces",
            ),
            models.UniqueConstraint(fields=["id", "currency"], name="account_and_currency"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.currency}"


class LedgerEntry(models.Model):
    """One transfer: ``amount`` leaves ``debit`` and arrives at ``credit``. Append-only, by trigger.

    ``reference`` names the effect (``hold:ord_…``, ``resolve:ord_…``) and is unique: it happens once.
    """

    class Kind(models.TextChoices):
        CREDIT = "credit", _("Credit")
        HOLD = "hold", _("Reserved")
        CAPTURE = "capture", _("Charged")
        VOID = "void", _("Returned")
        REFUND = "refund", _("Refunded")
        ADJUSTMENT = "adjustment", _("Correction")

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("txn"), editable=False)
    reference = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    debit = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="debits")
    credit = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="credits")
    amount = models.DecimalField(max_digits=20, decimal_places=6)
    currency = models.CharField(max_length=3)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, null=True, related_name="ledger_entries"
    )
    subject_id = models.CharField(
        max_length=40, blank=True, db_index=True, help_text="The order, call … it is about"
    )
    memo = models.CharField(max_length=200)
    actor_name = models.CharField(max_length=150)
    api_key = models.ForeignKey(
        ApiKey,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The key that spent it; its monthly cap counts these",
    )
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=["workspace", "-created_at", "-id"], name="entry_by_workspace"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lt=10**13), name="amount_positive"
            ),  # the upper bound keeps NaN out, which is greater than everything
            models.CheckConstraint(condition=~Q(debit=models.F("credit")), name="two_accounts"),
        )
        verbose_name_plural = "ledger entries"

    def __str__(self) -> str:
        return f"{self.reference} {Decimal(self.amount).normalize():f} {self.currency}"
