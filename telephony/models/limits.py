"""What keeps a stolen password from becoming a telephone bill: limits, stops, and ranges nobody calls."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from dialnexa import clock
from dialnexa.ids import id_maker
from dialnexa.models import ApiKey, User, Workspace


class LimitOverride(models.Model):
    """One limit of one workspace (or one of its API keys), other than the default while it stands.

    ``limit`` is a name of ``telephony.limits.table``. Of several that stand the newest counts. Nothing is
    changed or deleted: a new one is set, or this one ends. ``is_alarm``: the shape of the workspace's calls
    set it, and somebody who knows has to confirm that all is well.
    """

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("lim"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="limit_overrides")
    api_key = models.ForeignKey(
        ApiKey,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: the workspace",
    )
    limit = models.CharField(max_length=30)
    value = models.DecimalField(
        max_digits=20, decimal_places=6, help_text="In the limit's unit; money in the wallet's currency"
    )
    reason = models.CharField(max_length=500)
    is_alarm = models.BooleanField(default=False)
    set_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: for good")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(value__gte=0), name="limit_not_negative"),
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(is_alarm=True, ended_at=None),
                name="one_alarm_at_a_time",
            ),
        )
        indexes = (
            models.Index(fields=["workspace"], condition=Q(ended_at=None), name="limit_override_standing"),
        )

    def __str__(self) -> str:
        return f"{self.limit} {self.value.normalize():f}"


class LimitRequest(models.Model):
    """A customer asks for more than a limit allows. Staff grant it (``override``) or say why not."""

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("lrq"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="limit_requests")
    limit = models.CharField(max_length=30)
    value = models.DecimalField(max_digits=20, decimal_places=6)
    why = models.CharField(max_length=500)
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    override = models.ForeignKey(
        LimitOverride, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "limit"],
                condition=Q(answered_at=None),
                name="one_open_request_per_limit",
            ),
        )

    def __str__(self) -> str:
        return f"{self.workspace} asks for {self.value.normalize():f} ({self.limit})"


class CallStop(models.Model):
    """No call goes out while it stands: of one workspace, or of nobody (``workspace`` empty)."""

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("stp"), editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, null=True, blank=True, related_name="call_stops"
    )
    reason = models.CharField(max_length=500)
    by_staff = models.BooleanField(default=False, help_text="Then only staff lift it")
    thrown_by = models.CharField(max_length=150)
    thrown_at = models.DateTimeField(default=clock.now)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-thrown_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(lifted_at=None),
                nulls_distinct=False,
                name="one_call_stop",
            ),
        )

    def __str__(self) -> str:
        return f"Calls of {self.workspace or 'everybody'} stopped"


class DeniedPrefix(models.Model):
    """Numbers that begin so are never called, whatever country is enabled. Rows end, they are not deleted, so
    the list of any day is known.
    """

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("dpf"), editable=False)
    digits = models.CharField(max_length=15, help_text="With the calling code, without +")
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "denied prefixes"
        ordering = ("digits", "-created_at")
        constraints = (
            models.UniqueConstraint(
                fields=["digits"], condition=Q(ended_at=None), name="one_denial_per_prefix"
            ),
            models.CheckConstraint(condition=Q(digits__regex=r"^[1-9][0-9]{0,14}$"), name="denied_digits"),
        )

    def __str__(self) -> str:
        return f"+{self.digits}"


class OpenedPrefix(models.Model):
    """Staff let one workspace call expensive numbers that begin so, until a day."""

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("opf"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="opened_prefixes")
    digits = models.CharField(max_length=15, help_text="With the calling code, without +")
    reason = models.CharField(max_length=500)
    until = models.DateTimeField()
    opened_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "opened prefixes"
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(digits__regex=r"^[1-9][0-9]{1,14}$"), name="opened_digits"),
        )
        indexes = (models.Index(fields=["workspace"], condition=Q(ended_at=None), name="prefix_opened"),)

    def __str__(self) -> str:
        return f"+{self.digits} for {self.workspace}"


class CalledCountry(models.Model):
    """A country a workspace has called, since when, and how often while it was new."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="called_countries")
    country = models.CharField(max_length=2, help_text="ISO 3166-1")
    first_at = models.DateTimeField(default=clock.now)
    calls = models.PositiveIntegerField(default=0, help_text="Placed while it was new")

    class Meta:
        verbose_name_plural = "called countries"
        constraints = (
            models.UniqueConstraint(fields=["workspace", "country"], name="one_row_per_called_country"),
        )

    def __str__(self) -> str:
        return f"{self.workspace_id} → {self.country}"
