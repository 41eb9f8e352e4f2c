"""The catalogue (where numbers exist, what calls and rents cost), agents, and what was said to carriers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from dialnexa.ids import id_maker
from dialnexa.models import Workspace


class CarrierSlug(models.TextChoices):
    PLIVO = "plivo", "Plivo"
    TWILIO = "twilio", "Twilio"
    SIGNALWIRE = "signalwire", "SignalWire"
    SIP_TRUNK = "sip_trunk", "SIP trunk"


class NumberKind(models.TextChoices):
    LOCAL = "local", "Local"
    MOBILE = "mobile", "Mobile"
    TOLL_FREE = "toll_free", "Toll-free"
    NATIONAL = "national", "National"


class Country(models.Model):
    """From the phonenumbers metadata, loaded by ``load_catalogue``."""

    iso = models.CharField(max_length=2, primary_key=True)
    name = models.CharField(max_length=80)
    calling_code = models.PositiveSmallIntegerField()
    max_length = models.PositiveSmallIntegerField(help_text="Digits of the longest national number")
    is_offered = models.BooleanField(default=True, help_text="Off: the country is shown nowhere")

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "countries"

    def __str__(self) -> str:
        return self.name


class NetworkGroup(models.Model):
    """Destinations of one carrier in one country that are switched on and priced together."""

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("nwg"), editable=False)
    carrier = models.CharField(max_length=20, choices=CarrierSlug.choices)
    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="network_groups")
    name = models.CharField(max_length=80, help_text="India mobile, United States local …")

    class Meta:
        ordering = ("country__name", "name")
        constraints = (
            models.UniqueConstraint(fields=["carrier", "country", "name"], name="one_group_per_name"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.get_carrier_display()})"


class Prefix(models.Model):
    """The leading digits, with the calling code and without +. A group without any is the whole country."""

    network_group = models.ForeignKey(NetworkGroup, on_delete=models.CASCADE, related_name="prefixes")
    digits = models.CharField(max_length=15)

    class Meta:
        ordering = ("digits",)
        verbose_name_plural = "prefixes"
        constraints = (
            models.UniqueConstraint(fields=["network_group", "digits"], name="one_prefix_per_group"),
            models.CheckConstraint(condition=Q(digits__regex=r"^[1-9][0-9]*$"), name="prefix_is_digits"),
        )

    def __str__(self) -> str:
        return f"+{self.digits}"


class CallRate(models.Model):
    """What a minute costs from ``valid_from`` on. The latest rate that has begun counts."""

    class Direction(models.TextChoices):
        OUTBOUND = "outbound", "Outbound"
        INBOUND = "inbound", "Inbound"

    network_group = models.ForeignKey(NetworkGroup, on_delete=models.PROTECT, related_name="call_rates")
    prefix = models.CharField(
        max_length=15, blank=True, help_text="Digits with calling code; empty: the whole group"
    )
    direction = models.CharField(max_length=8, choices=Direction.choices, default=Direction.OUTBOUND)
    currency = models.CharField(max_length=3)
    per_minute = models.DecimalField(max_digits=20, decimal_places=6)
    pulse_seconds = models.PositiveSmallIntegerField(default=60)
    connection_fee = models.DecimalField(max_digits=20, decimal_places=6, default=0)
    valid_from = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["network_group", "prefix", "direction", "currency", "valid_from"],
                name="one_call_rate_per_start",
            ),
            models.CheckConstraint(
                condition=Q(per_minute__gte=0, connection_fee__gte=0), name="call_rate_not_negative"
            ),
            models.CheckConstraint(condition=Q(pulse_seconds__gt=0), name="pulse_positive"),
        )

    def __str__(self) -> str:
        return f"{self.network_group} {self.prefix} {self.per_minute} {self.currency}"


class RentalRate(models.Model):
    """What a number costs us to sell: once at purchase, and every month, from ``valid_from`` on."""

    carrier = models.CharField(max_length=20, choices=CarrierSlug.choices)
    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="rental_rates")
    type = models.CharField(max_length=12, choices=NumberKind.choices)
    currency = models.CharField(max_length=3)
    setup = models.DecimalField(max_digits=20, decimal_places=6, default=0)
    monthly = models.DecimalField(max_digits=20, decimal_places=6)
    valid_from = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["carrier", "country", "type", "currency", "valid_from"],
                name="one_rental_rate_per_start",
            ),
            models.CheckConstraint(condition=Q(setup__gte=0, monthly__gt=0), name="rental_rate_positive"),
        )

    def __str__(self) -> str:
        return f"{self.country_id} {self.type} {self.monthly} {self.currency} a month"


class SipRate(models.Model):
    """What a minute over a customer's own carrier costs, wherever it goes, from ``valid_from`` on."""

    currency = models.CharField(max_length=3)
    per_minute = models.DecimalField(max_digits=20, decimal_places=6)
    valid_from = models.DateTimeField()

    class Meta:
        verbose_name = "SIP rate"
        constraints = (
            models.UniqueConstraint(fields=["currency", "valid_from"], name="one_sip_rate_per_start"),
            models.CheckConstraint(
                condition=Q(per_minute__gte=0, per_minute__lt=10**13), name="sip_rate_not_negative"
            ),  # the upper bound keeps NaN out
        )

    def __str__(self) -> str:
        return f"{self.per_minute} {self.currency} a minute"


class WorkspaceNetworkGroup(models.Model):
    """One switch of a workspace's Telephony Config. No row means off."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="network_groups")
    network_group = models.ForeignKey(NetworkGroup, on_delete=models.CASCADE, related_name="+")
    enabled = models.BooleanField(default=False)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["workspace", "network_group"], name="one_switch_per_group"),
        )

    def __str__(self) -> str:
        return f"{self.network_group} {'on' if self.enabled else 'off'}"


class Agent(models.Model):
    """A voice agent. What it is lives in its versions."""

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("agt"), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="agents")
    title = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title


class AgentVersion(models.Model):
    """One state of an agent, and where it runs. Once published it never changes."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("agv"), editable=False)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="versions")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="agent_versions")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    runtime_url = models.CharField(max_length=2048, help_text="wss://… (media stream) or sip:…")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("agent", "-number")
        constraints = (
            models.UniqueConstraint(fields=["agent", "number"], name="one_version_per_number"),
            models.UniqueConstraint(
                fields=["agent"], condition=Q(status="draft"), name="one_draft_per_agent"
            ),
            models.CheckConstraint(
                condition=Q(status__in=("draft", "published")), name="version_status_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.agent.title} v{self.number}"


class CarrierExchange(models.Model):
    """One request to a carrier and its answer, secrets masked. Support reads it; nothing decides by it."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, null=True, related_name="+")
    about = models.CharField(
        max_length=40, blank=True, db_index=True, help_text="The order or number it was for"
    )
    carrier = models.CharField(max_length=20)
    method = models.CharField(max_length=8)
    url = models.CharField(max_length=1000)
    request_body = models.TextField(blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    response_body = models.TextField(blank=True)
    error = models.CharField(max_length=300, blank=True)
    duration_ms = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.method} {self.url} → {self.status or self.error}"
