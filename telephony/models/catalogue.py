"""Where numbers exist, and what is switched on together."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dialnexa.ids import id_maker


class CarrierSlug(models.TextChoices):
    PLIVO = "plivo", "Plivo"
    TWILIO = "twilio", "Twilio"
    SIGNALWIRE = "signalwire", "SignalWire"
    SIP_TRUNK = "sip_trunk", "SIP trunk"


class NumberKind(models.TextChoices):
    LOCAL = "local", _("Local")
    MOBILE = "mobile", _("Mobile")
    TOLL_FREE = "toll_free", _("Toll-free")
    NATIONAL = "national", _("National")


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
        indexes = (models.Index(fields=["digits", "network_group"], name="prefix_by_digits"),)

    def __str__(self) -> str:
        return f"+{self.digits}"
