"""What things cost, from the catalogue. The latest rate whose start has come counts."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from telephony.models import RentalRate, SipRate


def rental_rate(
    carrier: str, country: str, number_type: str, currency: str, *, now: datetime
) -> RentalRate | None:
    """The rate a number of this kind is sold at; None where we have no price. One indexed query.

    ``carrier`` is its slug, ``country`` ISO 3166-1, ``currency`` ISO 4217.
    """
    return _begun(carrier, country, currency, now).filter(type=number_type).order_by("-valid_from").first()


def rental_rates(carrier: str, country: str, currency: str, *, now: datetime) -> dict[str, RentalRate]:
    """The rate of every type of number sold there, by type. One query."""
    rates = _begun(carrier, country, currency, now).order_by("type", "-valid_from").distinct("type")
    return {rate.type: rate for rate in rates}


def price_list(currency: str, *, now: datetime) -> QuerySet[RentalRate]:
    """The rate of everything sold in countries that are offered, with its country. One query."""
    begun = RentalRate.objects.filter(currency=currency, valid_from__lte=now, country__is_offered=True)
    kind = ("carrier", "country_id", "type")
    return begun.select_related("country").order_by(*kind, "-valid_from").distinct(*kind)


def sip_rate(currency: str, *, now: datetime) -> SipRate | None:
    """What a minute over a customer's own carrier costs; None where no rate is set. One indexed query."""
    return SipRate.objects.filter(currency=currency, valid_from__lte=now).order_by("-valid_from").first()


def _begun(carrier: str, country: str, currency: str, now: datetime) -> QuerySet[RentalRate]:
    return RentalRate.objects.filter(
        carrier=carrier, country_id=country, currency=currency, valid_from__lte=now
    )
