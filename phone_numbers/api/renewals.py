"""Rent: what was charged, months paid by hand, and the order in which numbers renew."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.body import Amount, Moment, Text, Whole, read
from dialnexa.api.idempotency import idempotent
from dialnexa.api.keys import api_actor, workspace_of
from dialnexa.api.pages import PageQuery, page_of, paged
from dialnexa.api.shapes import RowShape
from dialnexa.api.views import ApiView
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from phone_numbers.api.numbers import get_number
from phone_numbers.api.shapes import rental_of
from phone_numbers.models import PhoneNumber, Rental, RentalCharge
from phone_numbers.renting.choices import RANKED_MOST, rank_numbers, ranked
from phone_numbers.renting.paying import pay_rent

CHARGE = {
    "period_start": "2026-12-21T05:38:09.000Z",
    "period_end": "2027-01-21T05:38:09.000Z",
    "amount": "92.00",
    "currency": "INR",
    "ledger_entry_id": "txn_01kaj0v4d6k5r4w1c9n7t3x8zq",
}
PAID = {
    "data": [CHARGE],
    "total": "92.00",
    "currency": "INR",
    "rental_status": "active",
    "renews_at": "2027-01-21T05:38:09.000Z",
}
RANKED = {
    "number_id": "phn_01kaj0v4d6k5r4w1c9n7t3x8zq",
    "phone_number": "+12125550123",
    "rank": 1,
    "auto_renew": True,
    "renews_at": "2026-12-21T05:38:09.000Z",
}


@extend_schema_serializer(component_name="RentalCharge")
class ChargeShape(RowShape):
    """One month of rent. Without a ledger entry it cost nothing."""

    period_start = Moment(source="starts_at")
    period_end = Moment(source="ends_at")
    amount = Amount()
    ledger_entry_id = serializers.CharField(source="entry_id", allow_null=True)

    class Meta:
        model = RentalCharge
        fields = ("period_start", "period_end", "amount", "currency", "ledger_entry_id")


@extend_schema_serializer(component_name="Renewal")
class RenewalBody(serializers.Serializer):
    """How many months to pay now: what is due comes first."""

    months = Whole(min_value=1, max_value=1000)


@extend_schema_serializer(component_name="RenewalPaid")
class PaidShape(serializers.Serializer):
    data = ChargeShape(many=True)  # type: ignore[assignment]
    total = Amount()
    currency = serializers.CharField()
    rental_status = serializers.ChoiceField(Rental.Status.choices)
    renews_at = Moment()


class Renewals(ApiView):
    scopes = {"GET": "numbers:read", "POST": "numbers:purchase"}
    limits = {"POST": "purchase"}

    @extend_schema(operation_id="list_renewals", parameters=[PageQuery], responses=paged(ChargeShape))
    def get(self, request: Request, number_id: str) -> Response:
        """The months that were paid, the newest first; the first came with the purchase."""
        number = get_number(workspace_of(request), number_id)
        query = read(PageQuery, request.query_params)
        rows = RentalCharge.objects.filter(rental__number=number).order_by("-k")
        return Response(page_of(rows, ChargeShape, page=query["page"], limit=query["limit"]))

    @extend_schema(
        operation_id="renew_number",
        request=RenewalBody,
        responses={
            201: OpenApiResponse(
                PaidShape,
                "The months are paid; an expired number works again.",
                [OpenApiExample("Paid", PAID, response_only=True)],
            )
        },
        examples=[OpenApiExample("One month", {"months": 1}, request_only=True)],
        extensions={"x-refuses": ["402", "409"]},
    )
    @idempotent
    def post(self, request: Request, number_id: str) -> Response:
        """Pay months of rent now: those that are due, then months ahead.

        Without an `Idempotency-Key`, sent again it pays again. An expired number is restored at once, with
        its routing. Months ahead come back when the number is released before they begin.

        - 400 `months_wrong`: fewer than are due, or further ahead than rent can be paid
        - 402 `wallet_insufficient`, `spend_cap_reached` (of this key)
        - 409 `no_rental`, `rental_ended`: the number costs no rent, or not any more
        - 409 `number_missing`: its carrier does not carry it at the moment, so it costs nothing
        - 409 `rent_paid_already`: somebody paid at the same moment; look before you pay more
        """
        number = get_number(workspace_of(request), number_id)
        months = read(RenewalBody, request.data)["months"]
        before = _rental(number)
        paid = pay_rent(
            number,
            months=months,
            paid_through=before.paid_through,
            by=api_actor(request),
            now=clock.now(),
        )
        return Response(_paid(paid, before.paid_periods), status=201)


def _rental(number: PhoneNumber) -> Rental:
    rental = rental_of(number)
    if rental is None:
        raise Refusal("no_rental", f"{number.e164} costs no rent here.", status=409)
    return rental


def _paid(rental: Rental, since: int) -> Any:
    """What was paid from period ``since`` on."""
    charges = list(rental.charges.filter(k__gte=since, k__lt=rental.paid_periods).order_by("k"))
    shown = {
        "data": charges,
        "total": sum(charge.amount for charge in charges),
        "currency": rental.currency,
        "rental_status": rental.rental_status,
        "renews_at": rental.paid_through,
    }
    return PaidShape().to_representation(shown)


@extend_schema_serializer(component_name="RankedNumber")
class RankedShape(RowShape):
    number_id = serializers.CharField()
    phone_number = serializers.CharField(source="number.e164")
    rank = serializers.IntegerField(
        source="renewal_rank", allow_null=True, help_text="Null: after those with a rank"
    )
    renews_at = Moment(source="paid_through")

    class Meta:
        model = Rental
        fields = ("number_id", "phone_number", "rank", "auto_renew", "renews_at")


@extend_schema_serializer(component_name="RenewalOrder")
class OrderBody(serializers.Serializer):
    """The numbers to pay first, in this order. All others come after them, the longest rented first."""

    numbers = serializers.ListField(
        child=Text(max_length=40), max_length=RANKED_MOST, help_text="Ids; an empty list forgets the order"
    )


@extend_schema_serializer(component_name="RenewalOrderShown")
class OrderShape(serializers.Serializer):
    data = RankedShape(many=True)  # type: ignore[assignment]


ORDER = OpenApiResponse(
    OrderShape, examples=[OpenApiExample("One number", {"data": [RANKED]}, response_only=True)]
)


class RenewalOrder(ApiView):
    scopes = {"GET": "numbers:read", "PUT": "numbers:write"}

    @extend_schema(operation_id="get_renewal_order", responses=ORDER)
    def get(self, request: Request) -> Response:
        """The first 1,000 rented numbers in the order in which they are paid when money is short."""
        return Response(_order(workspace_of(request)))

    @extend_schema(operation_id="put_renewal_order", request=OrderBody, responses=ORDER)
    def put(self, request: Request) -> Response:
        """Say which numbers are paid first when the wallet does not cover all that is due.

        - 400 `numbers_unknown`: one of them is not rented by this workspace
        """
        workspace = workspace_of(request)
        wanted = read(OrderBody, request.data)["numbers"]
        rank_numbers(workspace, wanted, by=api_actor(request), now=clock.now())
        return Response(_order(workspace))


def _order(workspace: Workspace) -> dict[str, Any]:
    return {"data": RankedShape.of(ranked(workspace)[:RANKED_MOST])}
