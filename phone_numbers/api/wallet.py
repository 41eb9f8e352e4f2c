"""The wallet: what is in it, and what rent will do to it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock, wallet
from dialnexa.api.body import Amount, Flag, Moment, Whole, money_text, read
from dialnexa.api.keys import workspace_of
from dialnexa.api.views import ApiView
from phone_numbers.rent_pages.forecast_words import say
from phone_numbers.renting.forecast import DAYS, Day, Forecast, Risk, forecast

DAYS_MOST = 92
RISKS_MOST = 1000
WALLET = {"balance": "410.00", "held": "92.00", "currency": "INR"}


@extend_schema_serializer(component_name="Wallet")
class WalletShape(serializers.Serializer):
    balance = Amount(help_text="What can be spent now; what is held is not in it")
    held = Amount(help_text="Reserved for open orders and calls")
    currency = serializers.CharField(help_text="ISO 4217")


class ForecastQuery(serializers.Serializer):
    days = Whole(min_value=1, max_value=DAYS_MOST, default=DAYS, help_text="How many days after today")
    calls = Flag(default=True, help_text="Whether calls are counted, with what they cost on average")


@extend_schema_serializer(component_name="ForecastDay")
class DayShape(serializers.Serializer):
    """A day in the workspace's time zone, as it ends."""

    date = serializers.DateField()
    rent = Amount(help_text="Falls due on it")
    balance = Amount(help_text="In the wallet; never below zero")
    missing = Amount(help_text="What has to come in by then for all rent to be paid")


@extend_schema_serializer(component_name="NumberAtRisk")
class RiskShape(serializers.Serializer):
    """A number whose rent will not be paid, or is not paid already."""

    number_id = serializers.CharField()
    phone_number = serializers.CharField(help_text="E.164")
    auto_renew = serializers.BooleanField(help_text="False: money alone does not keep it, pay by hand")
    amount = Amount(help_text="What it owes then")
    due_at = Moment(help_text="When its rent is, or was first, not paid")
    works_until = Moment(help_text="In the past: calls are off")
    kept_until = Moment(help_text="When the workspace loses it")


@extend_schema_serializer(component_name="Forecast")
class ForecastShape(serializers.Serializer):
    message = serializers.CharField(help_text="The answer in a sentence")
    currency = serializers.CharField(help_text="ISO 4217")
    balance = Amount(help_text="What can be spent now")
    calls_per_day = Amount(help_text="What calls are counted with")
    top_up_needed = Amount(help_text="The least that has to come in for every number to be renewed")
    top_up_by = Moment(allow_null=True, help_text="By when; null: nothing is missing")
    numbers = serializers.IntegerField(help_text="How many numbers are counted")
    numbers_left_out = serializers.IntegerField(help_text="How many are not: their rent is due last")
    numbers_held_up = serializers.IntegerField(help_text="Not renewed just now: somebody looks into it")
    at_risk_total = serializers.IntegerField()
    at_risk = RiskShape(many=True, help_text=f"The {RISKS_MOST} for which it is most urgent")
    days = DayShape(many=True)


FORECAST: dict[str, Any] = {
    "message": "Your money lasts until 12 December 2026. Add ₹410.00 by then to keep 1 number.",
    "currency": "INR",
    "balance": "90.00",
    "calls_per_day": "10.00",
    "top_up_needed": "410.00",
    "top_up_by": "2026-12-12T05:38:09.000Z",
    "numbers": 1,
    "numbers_left_out": 0,
    "numbers_held_up": 0,
    "at_risk_total": 1,
    "at_risk": [
        {
            "number_id": "phn_01kaj0v4d6k5r4w1c9n7t3x8zq",
            "phone_number": "+12125550123",
            "auto_renew": True,
            "amount": "92.00",
            "due_at": "2026-12-12T05:38:09.000Z",
            "works_until": "2026-12-19T05:38:09.000Z",
            "kept_until": "2027-01-18T05:38:09.000Z",
        }
    ],
    "days": [{"date": "2026-12-12", "rent": "92.00", "balance": "0.00", "missing": "212.00"}],
}


class Wallet(ApiView):
    tag = "Wallet"
    scopes = {"GET": "wallet:read"}

    @extend_schema(
        operation_id="get_wallet",
        responses=OpenApiResponse(WalletShape, examples=[OpenApiExample("A wallet", WALLET)]),
    )
    def get(self, request: Request) -> Response:
        """What can be spent, and what is reserved."""
        workspace = workspace_of(request)
        money = {"balance": wallet.balance(workspace), "held": wallet.held(workspace)}
        return Response(WalletShape({**money, "currency": workspace.currency}).data)


class WalletForecast(ApiView):
    tag = "Wallet"
    scopes = {"GET": "wallet:read"}

    @extend_schema(
        operation_id="forecast_wallet",
        parameters=[ForecastQuery],
        responses=OpenApiResponse(ForecastShape, examples=[OpenApiExample("Short of money", FORECAST)]),
    )
    def get(self, request: Request) -> Response:
        """Which rent the wallet will cover, which numbers are at risk, and how much has to come in.

        Numbers renew in the workspace's order. Money that comes in meanwhile, and numbers that are bought or
        released, are not foreseen. Calls are counted with the average of the last 14 whole days.
        """
        workspace, now = workspace_of(request), clock.now()
        seen = forecast(workspace, now=now, **read(ForecastQuery, request.query_params))
        return Response(shape_of(seen, say(seen, workspace.time_zone, now=now).headline))


def shape_of(seen: Forecast, message: str) -> dict[str, Any]:
    """The answer as ForecastShape describes it."""
    return {
        "message": message,
        "currency": seen.currency,
        "balance": money_text(seen.opening),
        "calls_per_day": money_text(seen.calls_per_day),
        "top_up_needed": money_text(seen.top_up_needed),
        "top_up_by": Moment().to_representation(seen.top_up_by) if seen.top_up_by else None,
        "numbers": seen.rentals,
        "numbers_left_out": seen.left_out,
        "numbers_held_up": seen.held_up,
        "at_risk_total": len(seen.risks),
        "at_risk": [_risk(risk) for risk in seen.risks[:RISKS_MOST]],
        "days": [_day(day) for day in seen.days],
    }


def _risk(risk: Risk) -> dict[str, Any]:
    moment = Moment().to_representation
    return {
        "number_id": risk.number_id,
        "phone_number": risk.e164,
        "auto_renew": risk.auto_renew,
        "amount": money_text(risk.amount),
        "due_at": moment(risk.short_at),
        "works_until": moment(risk.works_until),
        "kept_until": moment(risk.kept_until),
    }


def _day(day: Day) -> dict[str, Any]:
    return {
        "date": day.on.isoformat(),
        "rent": money_text(day.rent),
        "balance": money_text(day.balance),
        "missing": money_text(day.missing),
    }
