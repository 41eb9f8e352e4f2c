"""Tenancy and money: users, workspaces, memberships, API keys, the ledger and the history."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from dialnexa.ids import id_maker
from dialnexa.time_zones import validate_time_zone


class UserManager(BaseUserManager["User"]):
    """Django's own, for users who sign in by e-mail and have no user name."""

    def _create_user_object(
        self, username: str | None, email: str | None, password: str | None, **extra: Any
    ) -> User:
        user = self.model(email=self.normalize_email(email or username), **extra)
        user.set_password(password)
        return user

    def _create_user(
        self, username: str | None, email: str | None, password: str | None, **extra: Any
    ) -> User:
        user = self._create_user_object(username, email, password, **extra)
        user.save(using=self._db)
        return user

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:  # type: ignore[override]
        return self._create_user(None, email, password, **{"is_staff": False, "is_superuser": False} | extra)

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:  # type: ignore[override]
        return self._create_user(None, email, password, **{"is_staff": True, "is_superuser": True} | extra)


class User(AbstractUser):
    id = models.CharField(primary_key=True, max_length=40, default=id_maker("usr"), editable=False)
    username = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    time_zone = models.CharField(max_length=64, default="Asia/Kolkata", validators=[validate_time_zone])

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.email


class Workspace(models.Model):
    """The tenant. Its wallet has one currency; ``time_zone`` fixes the days of its rentals."""

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("ws"), editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2, default="IN", help_text="Home country, ISO 3166-1")
    currency = models.CharField(max_length=3, default="INR", help_text="ISO 4217")
    time_zone = models.CharField(max_length=64, default="Asia/Kolkata", validators=[validate_time_zone])
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    members = models.ManyToManyField(User, through="Membership", related_name="workspaces")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        ADMIN = "admin", "Admin"
        MEMBER = "member", "Member"
        VIEWER = "viewer", "Viewer"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "user"], name="one_role_per_member"),)

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class Invitation(models.Model):
    """Somebody is asked into a workspace by e-mail. The link in the mail works once, for that address, until
    ``expires_at``; its token is kept only as a digest.
    """

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("inv"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(help_text="In lower case")
    role = models.CharField(max_length=10, choices=Membership.Role.choices)
    digest = models.CharField(max_length=128, unique=True, editable=False)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    renewed_at = models.DateTimeField(help_text="When the link that works now was made")
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When the last mail was handed over")
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "email"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="one_open_invitation",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(withdrawn_at=None), name="accepted_or_withdrawn"
            ),
        )

    def __str__(self) -> str:
        return f"{self.email} · {self.get_role_display()}"


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
    created_at = models.DateTimeField(default=timezone.now, editable=False)
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
    died). ``fingerprint`` is the SHA-256 of method, path and body.
    """

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    route = models.CharField(max_length=120)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    locked_until = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["api_key", "route", "key"], name="one_answer_per_key"),
        )

    def __str__(self) -> str:
        return f"{self.route} {self.key}"


class LedgerAccount(models.Model):
    """One side of a transfer. Wallets and held money keep a balance; platform accounts derive theirs.

    A trigger keeps ``balance`` from the entries; writing it by hand is refused by the database.
    """

    class Kind(models.TextChoices):
        WALLET = "wallet", "Wallet"
        HELD = "held", "On hold"
        REVENUE_NUMBERS = "revenue:numbers", "Revenue: numbers"
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
        CREDIT = "credit", "Credit"
        HOLD = "hold", "Reserved"
        CAPTURE = "capture", "Charged"
        VOID = "void", "Returned"
        REFUND = "refund", "Refunded"
        ADJUSTMENT = "adjustment", "Correction"

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
    created_at = models.DateTimeField(default=timezone.now)

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
        return f"{self.reference} {self.amount} {self.currency}"


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


class Heartbeat(models.Model):
    """When a background process was last seen; ``/readyz`` reads it."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
