"""A number in a workspace."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dialnexa import clock
from dialnexa.ids import id_maker, uuid_of
from dialnexa.models import Workspace
from dialnexa.states import Stateful, Transitions
from telephony.models import AgentVersion, CarrierSlug, NumberKind


class IdAsUUID(models.UUIDField):
    """What ``uuid_of`` makes of the row's id, stored so that an index finds it."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        setattr(model_instance, self.attname, uuid_of(model_instance.pk))
        return super().pre_save(model_instance, add)


class PhoneNumber(Stateful):
    """One number in one workspace. ``carrier_number_id`` is the carrier's own id for it."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        ACTIVE = "active", _("Active")
        RELEASING = "releasing", _("Releasing")
        RELEASED = "released", _("Released")
        FAILED = "failed", _("Failed")

    LIVE: ClassVar[tuple[str, ...]] = ("pending", "active", "releasing")
    TRANSITIONS: ClassVar[Transitions] = {
        "activate": (("pending",), "active"),
        "fail": (("pending",), "failed"),
        "release": (("pending", "active"), "releasing"),  # pending: sold, but its papers were refused
        "released": (("releasing",), "released"),
        "hand_over": (("active",), "released"),  # to the pool, or out of it: it stays ours at the carrier
    }

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("phn"), editable=False)
    uuid = IdAsUUID(unique=True, editable=False, help_text="Its id for clients that know only UUIDs")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="phone_numbers")
    e164 = models.CharField(max_length=16)
    country = models.CharField(max_length=2, help_text="ISO 3166-1")
    calling_code = models.CharField(max_length=4)
    national_number = models.CharField(max_length=15)
    type = models.CharField(max_length=12, choices=NumberKind.choices)
    region = models.CharField(max_length=120, blank=True)
    capabilities = ArrayField(models.CharField(max_length=10), default=list)
    nickname = models.CharField(max_length=255, blank=True)
    label = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PENDING)
    status_reason = models.CharField(
        max_length=500, blank=True, help_text="Why it waits or failed, for the customer"
    )
    carrier = models.CharField(max_length=20, choices=CarrierSlug.choices)
    carrier_number_id = models.CharField(max_length=64, blank=True)
    carrier_monthly_cost = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    carrier_currency = models.CharField(max_length=3, blank=True)
    inbound_version = models.ForeignKey(
        AgentVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    outbound_version = models.ForeignKey(
        AgentVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    is_default = models.BooleanField(default=False)
    release_protection = models.BooleanField(default=False)
    next_check_at = models.DateTimeField(
        null=True, blank=True, help_text="When to ask the carrier about its papers"
    )
    papers_refused_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when the carrier has refused its papers without a break"
    )
    next_route_at = models.DateTimeField(
        null=True, blank=True, help_text="When to point its calls at us (again), at the carrier"
    )
    route_set_at = models.DateTimeField(null=True, blank=True, help_text="Since when its calls come to us")
    carrier_route = models.CharField(
        max_length=1000, blank=True, help_text="Where its calls go, as the carrier confirmed"
    )
    missing_since = models.DateTimeField(
        null=True, blank=True, help_text="Its carrier does not have it as ours: no rent is charged"
    )
    releasing_since = models.DateTimeField(null=True, blank=True)
    next_release_at = models.DateTimeField(
        null=True, blank=True, help_text="When to tell the carrier (again) that it is given back"
    )
    rung_until = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    dismissed_at = models.DateTimeField(null=True, blank=True, help_text="A failed row the customer put away")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["e164"],
                condition=Q(status__in=("pending", "active", "releasing")),
                name="one_live_owner",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("pending", "active", "releasing", "released", "failed")),
                name="number_status_known",
            ),
            models.CheckConstraint(condition=Q(e164__regex=r"^\+[1-9][0-9]{6,14}$"), name="number_is_e164"),
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(is_default=True), name="one_default_number"
            ),
        )
        indexes = (
            models.Index(fields=["workspace", "-created_at", "-id"], name="number_by_workspace"),
            models.Index(fields=["workspace", "e164"], name="number_by_e164"),
            models.Index(
                fields=["next_check_at"],
                condition=Q(status="pending", next_check_at__isnull=False),
                name="number_to_check",
            ),
            models.Index(
                fields=["next_route_at"],
                condition=Q(status="active", next_route_at__isnull=False),
                name="number_to_point",
            ),
            models.Index(
                fields=["next_release_at"], condition=Q(status="releasing"), name="number_to_release"
            ),
            models.Index(
                fields=["inbound_version"], condition=Q(inbound_version__isnull=False), name="number_inbound"
            ),
            models.Index(
                fields=["outbound_version"],
                condition=Q(outbound_version__isnull=False),
                name="number_outbound",
            ),
            models.Index(  # what occurs, for the filters of the table
                fields=["workspace", "country", "type", "carrier"],
                condition=~Q(status="released") & Q(dismissed_at__isnull=True),
                name="number_kinds",
            ),
            # the table's rare views, counted in workspaces with very many numbers
            models.Index(fields=["workspace"], condition=Q(status="pending"), name="number_pending"),
            models.Index(
                fields=["workspace"],
                condition=Q(status="failed", dismissed_at__isnull=True),
                name="number_failed",
            ),
            models.Index(
                fields=["workspace"],
                condition=Q(status="active", inbound_version__isnull=True, outbound_version__isnull=True),
                name="number_unrouted",
            ),
            models.Index(
                fields=["workspace"], condition=Q(carrier=CarrierSlug.SIP_TRUNK), name="number_own_carrier"
            ),
        )

    def __str__(self) -> str:
        return self.e164
