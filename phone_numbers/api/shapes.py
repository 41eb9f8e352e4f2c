"""What numbers look like over REST."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from dialnexa.api.body import Moment, money_text
from phone_numbers.models import PhoneNumber, Rental
from telephony.models import CarrierSlug, NumberKind


def rental_of(number: PhoneNumber) -> Rental | None:
    """Linked numbers have none."""
    return getattr(number, "rental", None)


@extend_schema_serializer(component_name="Number")
class NumberShape(serializers.ModelSerializer):
    """One number. ``agent_id`` is the inbound agent, as in the first version of this API."""

    phone_number = serializers.CharField(source="e164", help_text="E.164")
    country_code = serializers.CharField(source="country", help_text="ISO 3166-1")
    type = serializers.ChoiceField(NumberKind.choices)
    status = serializers.ChoiceField(PhoneNumber.Status.choices)
    rental_status = serializers.SerializerMethodField()
    provider = serializers.ChoiceField(CarrierSlug.choices, source="carrier")
    agent_id = serializers.CharField(source="inbound_version.agent_id", default=None, allow_null=True)
    inbound_agent_id = serializers.CharField(source="inbound_version.agent_id", default=None, allow_null=True)
    inbound_agent_version = serializers.IntegerField(
        source="inbound_version.number", default=None, allow_null=True
    )
    outbound_agent_id = serializers.CharField(
        source="outbound_version.agent_id", default=None, allow_null=True
    )
    outbound_agent_version = serializers.IntegerField(
        source="outbound_version.number", default=None, allow_null=True
    )
    monthly_cost_usd = serializers.SerializerMethodField()
    monthly_price = serializers.SerializerMethodField()
    currency = serializers.SerializerMethodField()
    sip_trunk_enabled = serializers.SerializerMethodField()
    renews_at = serializers.SerializerMethodField()
    created_at = Moment()

    class Meta:
        model = PhoneNumber
        fields = (
            "id",
            "phone_number",
            "country_code",
            "calling_code",
            "national_number",
            "type",
            "status",
            "status_reason",
            "rental_status",
            "provider",
            "label",
            "nickname",
            "agent_id",
            "inbound_agent_id",
            "inbound_agent_version",
            "outbound_agent_id",
            "outbound_agent_version",
            "capabilities",
            "monthly_cost_usd",
            "monthly_price",
            "currency",
            "sip_trunk_enabled",
            "is_default",
            "release_protection",
            "renews_at",
            "created_at",
        )

    @extend_schema_field(serializers.ChoiceField(Rental.Status.choices, allow_null=True))
    def get_rental_status(self, number: PhoneNumber) -> str | None:
        """Null without a rent: not bought yet, linked, or given back."""
        rental = rental_of(number)
        return rental.rental_status if rental and not rental.ended_at else None

    def get_monthly_cost_usd(self, number: PhoneNumber) -> str | None:
        """What the carrier asks, where it asks in dollars."""
        cost = number.carrier_monthly_cost
        return money_text(cost) if cost is not None and number.carrier_currency == "USD" else None

    def get_monthly_price(self, number: PhoneNumber) -> str | None:
        priced = rental_of(number) or getattr(number, "order", None)
        return money_text(priced.monthly_price) if priced else None

    def get_currency(self, number: PhoneNumber) -> str:
        return number.workspace.currency

    def get_sip_trunk_enabled(self, number: PhoneNumber) -> bool:
        return number.carrier == CarrierSlug.SIP_TRUNK

    @extend_schema_field(Moment(allow_null=True))
    def get_renews_at(self, number: PhoneNumber) -> str | None:
        rental = rental_of(number)
        return Moment().to_representation(rental.paid_through) if rental and not rental.ended_at else None
