"""The customer's own carrier, reached over SIP."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dialnexa import clock
from dialnexa.ids import id_maker
from dialnexa.models import Workspace
from dialnexa.states import Stateful, Transitions
from phone_numbers.models.numbers import PhoneNumber


class SipTrunk(Stateful):
    """How a linked number's calls reach its owner's carrier.

    ``host`` and ``port`` are the termination URI without ``sip:``; no port means the transport's own, found
    through DNS (RFC 3263). ``sealed_password`` is ciphertext bound to this row (see ``dialnexa.sealing``).
    ``health`` is what the last OPTIONS request found; it decides nothing about ``status``. ``sources`` are
    where calls that come in may come from (see ``telephony.sip.sources``); none: the host's own addresses.
    """

    class Status(models.TextChoices):
        LINKING = "linking", _("Linking")
        LINKED = "linked", _("Linked")
        FAILED = "failed", _("Failed")

    class Transport(models.TextChoices):
        UDP = "udp", "UDP"
        TCP = "tcp", "TCP"
        TLS = "tls", "TLS"

    class AuthMode(models.TextChoices):
        USERPASS = "userpass", _("User name and password")
        IP = "ip", _("IP address")

    class Health(models.TextChoices):
        UNCHECKED = "unchecked", _("Not checked yet")
        HEALTHY = "healthy", _("Healthy")
        UNREACHABLE = "unreachable", _("Unreachable")
        UNAUTHORIZED = "unauthorized", _("Unauthorized")

    TRANSITIONS: ClassVar[Transitions] = {
        "link": (("linking",), "linked"),
        "fail": (("linking",), "failed"),
    }

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("trk"), editable=False)
    number = models.OneToOneField(PhoneNumber, on_delete=models.PROTECT, related_name="trunk")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="sip_trunks")
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    transport = models.CharField(max_length=3, choices=Transport.choices, default=Transport.UDP)
    auth_mode = models.CharField(max_length=8, choices=AuthMode.choices, default=AuthMode.USERPASS)
    username = models.CharField(max_length=128, blank=True)
    sealed_password = models.BinaryField(null=True, blank=True, editable=False)
    caller_id = models.CharField(max_length=16, blank=True, help_text="E.164; empty: the number itself")
    sources = ArrayField(
        models.CharField(max_length=43),
        default=list,
        blank=True,
        help_text="Addresses and networks that calls may come from; empty: the host's own",
    )
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.LINKING)
    health = models.CharField(max_length=12, choices=Health.choices, default=Health.UNCHECKED)
    health_code = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The SIP reply")
    health_text = models.CharField(max_length=500, blank=True, help_text="What to do about it")
    round_trip_ms = models.PositiveIntegerField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    next_check_at = models.DateTimeField(
        default=clock.now, null=True, blank=True, help_text="Empty: never again"
    )
    checking_until = models.DateTimeField(
        null=True, blank=True, help_text="Somebody is asking it now, and has until then"
    )
    rung_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = "SIP trunk"
        constraints = (
            models.CheckConstraint(
                condition=Q(status__in=("linking", "linked", "failed")), name="trunk_status_known"
            ),
            models.CheckConstraint(
                condition=Q(health__in=("unchecked", "healthy", "unreachable", "unauthorized")),
                name="trunk_health_known",
            ),
            models.CheckConstraint(
                condition=Q(port__isnull=True) | Q(port__gte=1, port__lte=65535), name="trunk_port_possible"
            ),
            models.CheckConstraint(
                condition=Q(auth_mode="userpass") & ~Q(username="")
                | Q(auth_mode="ip", username="", sealed_password__isnull=True),
                name="trunk_credentials_fit_mode",
            ),
        )
        indexes = (
            models.Index(
                fields=["next_check_at"], condition=Q(status__in=("linking", "linked")), name="trunk_to_check"
            ),
        )

    def __str__(self) -> str:
        return self.termination

    @property
    def takes_any(self) -> bool:
        """Whether calls may come from anywhere."""
        return any(source.endswith("/0") for source in self.sources)

    @property
    def termination(self) -> str:
        """``host`` or ``host:port``, as the customer typed it; an IPv6 address in brackets before a port."""
        if self.port is None:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
