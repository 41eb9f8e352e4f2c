"""What numbers look like over REST."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from dialnexa.api.body import Moment, money_text
from dialnexa.api.shapes import RowShape, reads
from phone_numbers.models import PhoneNumber, Rental
from telephony.models import CarrierSlug, NumberKind


def rental_of(number: PhoneNumber) -> Rental | None:
    """Linked numbers have none."""
    return getattr(number, "rental", None)


@extend_schema_serializer(component_name="Number")
class NumberShape(RowShape):
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
    auto_renew = serializers.SerializerMethodField()
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
            "auto_renew",
            "renews_at",
            "created_at",
        )

    @extend_schema_field(serializers.ChoiceField(Rental.Status.choices, allow_null=True))
    @reads("rental.rental_status", "rental.ended_at")
    def get_rental_status(self, status: str | None, ended_at: datetime | None) -> str | None:
        """Null without a rent: not bought yet, linked, or given back."""
        return None if ended_at else status

    @reads("carrier_monthly_cost", "carrier_currency")
    def get_monthly_cost_usd(self, cost: Decimal | None, currency: str) -> str | None:
        """What the carrier asks, where it asks in dollars."""
        return money_text(cost) if cost is not None and currency == "USD" else None

    @reads("rental.monthly_price", "order.monthly_price")
    def get_monthly_price(self, rented: Decimal | None, ordered: Decimal | None) -> str | None:
        price = ordered if rented is None else rented
        return None if price is None else money_text(price)

    @reads("workspace.currency")
    def get_currency(self, currency: str) -> str:
        return currency

    @reads("carrier")
    def get_sip_trunk_enabled(self, carrier: str) -> bool:
        return carrier == CarrierSlug.SIP_TRUNK

    @extend_schema_field(serializers.BooleanField(allow_null=True))
    @reads("rental.auto_renew", "rental.ended_at")
    def get_auto_renew(self, auto_renew: bool | None, ended_at: datetime | None) -> bool | None:
        """Whether the rent renews by itself. Null without a rent."""
        return None if ended_at else auto_renew

    @extend_schema_field(Moment(allow_null=True))
    @reads("rental.paid_through", "rental.ended_at")
    def get_renews_at(self, paid_through: datetime | None, ended_at: datetime | None) -> str | None:
        return None if paid_through is None or ended_at else Moment().to_representation(paid_through)
