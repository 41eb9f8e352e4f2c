"""What calls and rents cost, from when on."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from dialnexa import clock
from dialnexa.ids import id_maker
from dialnexa.models import User
from telephony.models.catalogue import CarrierSlug, Country, NetworkGroup, NumberKind


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
        indexes = (
            models.Index(
                fields=["prefix", "direction", "currency", "network_group", "valid_from"],
                name="call_rate_by_prefix",
            ),
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


class RateVersion(models.Model):
    """One row, which a trigger changes with every change of call rates, prefixes and network groups."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.UUIDField()

    def __str__(self) -> str:
        return str(self.version)


class DeckUpload(models.Model):
    """A call deck whose effect somebody in the support desk was shown: its bytes, compressed (zlib), until
    they are imported, a day at most.
    """

    id = models.CharField(primary_key=True, max_length=40, default=id_maker("deck"), editable=False)
    carrier = models.CharField(max_length=20, choices=CarrierSlug.choices)
    currency = models.CharField(max_length=3)
    valid_from = models.DateTimeField()
    reason = models.CharField(max_length=500)
    name = models.CharField(max_length=120, help_text="Of the file; empty when the deck was pasted")
    size = models.PositiveIntegerField(help_text="Bytes before compression")
    sha256 = models.CharField(max_length=64, help_text="Of the bytes before compression")
    compressed = models.BinaryField(editable=False)
    made_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.name or "Pasted deck"
