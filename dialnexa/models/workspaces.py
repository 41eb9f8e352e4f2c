"""The tenant, who belongs to it, and who is invited."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dialnexa import clock
from dialnexa.ids import id_maker
from dialnexa.models.people import User
from dialnexa.time_zones import validate_time_zone


class Workspace(models.Model):
    """The tenant. Its wallet has one currency; ``time_zone`` fixes the days of its rentals."""

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("ws"), editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2, default="IN", help_text="Home country, ISO 3166-1")
    currency = models.CharField(max_length=3, default="INR", help_text="ISO 4217")
    time_zone = models.CharField(max_length=64, default="Asia/Kolkata", validators=[validate_time_zone])
    is_demo = models.BooleanField(default=False)
    is_pool = models.BooleanField(
        default=False,
        editable=False,
        help_text="Holds numbers without an owner; nobody belongs to it",
    )
    requires_mfa = models.BooleanField(
        "requires two steps", default=False, help_text="Members without a second factor see nothing of it"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    members = models.ManyToManyField(User, through="Membership", related_name="workspaces")

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=["is_pool"], condition=Q(is_pool=True), name="one_pool"),
        )

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        ADMIN = "admin", _("Admin")
        MEMBER = "member", _("Member")
        VIEWER = "viewer", _("Viewer")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(default=clock.now, editable=False)

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
    created_at = models.DateTimeField(default=clock.now, editable=False)
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
