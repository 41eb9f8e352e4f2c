"""“Can this number call there, and why not?”, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.body import Moment, Text, money_text, read
from dialnexa.api.idempotency import idempotent
from dialnexa.api.keys import key_of, workspace_of
from dialnexa.api.views import ApiView
from dialnexa.models import ApiKey, Workspace
from phone_numbers.api.examples import CHECKED_INBOUND, CHECKED_OUTBOUND
from phone_numbers.routes.calling import explain_call
from phone_numbers.routes.explaining import Explanation, explain_inbound
from phone_numbers.routes.fix_links import step_link
from phone_numbers.routes.questions import owned_number
from telephony.config import offered_carriers
from telephony.destinations import Outcome, Step
from telephony.models import CarrierSlug

DIRECTIONS = ["outbound", "inbound"]
OUTCOMES = [outcome.value for outcome in Outcome]
LIMIT = 100  # characters


@extend_schema_serializer(component_name="RouteCheck")
class CheckBody(serializers.Serializer):
    """The call in question."""

    to_number = Text(
        max_length=LIMIT,
        allow_blank=True,
        help_text="Who is called. Outbound: anything, it is judged. Inbound: a number of the workspace",
    )
    from_number = Text(
        required=False,
        allow_null=True,
        max_length=LIMIT,
        help_text="Who calls. Outbound: a number of the workspace or its id; without it, its steps are "
        "skipped. Inbound: decides nothing",
    )
    direction = serializers.ChoiceField(DIRECTIONS, default="outbound")
    provider = serializers.ChoiceField(
        CarrierSlug.choices,
        required=False,
        help_text="Whose rules count where no `from_number` is given; the first one configured unless said",
    )
    at = Moment(required=False, allow_null=True, help_text="A moment in the past; now unless said")

    def validate_at(self, at: datetime | None) -> datetime | None:
        if at and at > clock.now():
            raise serializers.ValidationError("This moment is still to come.")
        return at


@extend_schema_serializer(component_name="RouteCheckStep")
class StepShape(serializers.Serializer):
    """One question, its answer, and what decided it."""

    name = serializers.CharField(help_text="Stable: number, kyc, country, prefix, active, rental, …")
    outcome = serializers.ChoiceField(OUTCOMES)
    code = serializers.CharField(help_text="Stable; of a step that fails, the code a call is refused with")
    message = serializers.CharField(help_text="A sentence")
    record = serializers.CharField(allow_null=True, help_text="The id of what decided")
    fix_url = serializers.CharField(allow_null=True, help_text="The page where it is changed")


@extend_schema_serializer(component_name="MinutePrice")
class PriceShape(serializers.Serializer):
    per_minute = serializers.CharField(help_text="A decimal")
    pulse_seconds = serializers.IntegerField()
    connection_fee = serializers.CharField(help_text="A decimal")
    currency = serializers.CharField(help_text="ISO 4217")
    rate = serializers.CharField(help_text="The id of the rate that decides")


@extend_schema_serializer(component_name="RouteCheckResult")
class CheckShape(serializers.Serializer):
    allowed = serializers.BooleanField(help_text="Whether no step fails")
    code = serializers.CharField(allow_null=True, help_text="The first step that fails; null when none does")
    message = serializers.CharField(help_text="The verdict in a sentence")
    direction = serializers.ChoiceField(DIRECTIONS)
    from_number = serializers.CharField(allow_null=True, help_text="E.164 where it is one of ours")
    to_number = serializers.CharField(allow_null=True, help_text="E.164; null where it could not be read")
    provider = serializers.CharField(help_text="The route's")
    at = Moment()
    agent_id = serializers.CharField(allow_null=True, help_text="Who answers, or calls")
    agent_version_number = serializers.IntegerField(allow_null=True)
    price = PriceShape(allow_null=True)
    steps = StepShape(many=True)
    notes = serializers.ListField(
        child=serializers.CharField(), help_text="What can't be known of a moment in the past"
    )


class RouteChecks(ApiView):
    tag = "Telephony"
    scopes = {"POST": "telephony:read"}
    limits = {"POST": "read"}

    @extend_schema(
        operation_id="check_route",
        request=CheckBody,
        responses=OpenApiResponse(CheckShape, examples=[CHECKED_OUTBOUND, CHECKED_INBOUND]),
        examples=[
            OpenApiExample(
                "May we call there?",
                {"from_number": "+12125550123", "to_number": "+4930123456"},
                request_only=True,
            ),
            OpenApiExample(
                "Who answered on 20 November?",
                {"to_number": "+12125550123", "direction": "inbound", "at": "2026-11-20T14:02:00Z"},
                request_only=True,
            ),
        ],
        extensions={"x-refuses": ["404"]},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask whether a call is possible, or who answers one; nothing is dialled, created or charged.

        Every step is answered, the first that fails is what a call would be refused with. A moment in the
        past is answered from the history.

        - 404 a number that is not the workspace's
        """
        wish = read(CheckBody, request.data)
        found = explain(workspace_of(request), wish, key=key_of(request), now=clock.now())
        return Response(shape_of(found, workspace_of(request), wish))


def explain(workspace: Workspace, wish: dict[str, Any], *, key: ApiKey, now: datetime) -> Explanation:
    """``wish`` is a read CheckBody. Raises Http404 for numbers that are not the workspace's."""
    source, to, at = wish.get("from_number") or "", wish["to_number"], wish.get("at")
    if wish["direction"] == "inbound":
        found = explain_inbound(to, workspace=workspace, at=at, caller=source, now=now)
        if found.refusal and found.refusal.code == "number_unknown":
            raise Http404
        return found
    number = owned_number(workspace, source) if source else None
    if source and number is None:
        raise Http404
    carrier = wish.get("provider") or offered_carriers()[0]
    return explain_call(number, to, workspace=workspace, carrier=carrier, at=at, now=now, key=key)


def shape_of(found: Explanation, workspace: Workspace, wish: dict[str, Any]) -> dict[str, Any]:
    """The answer as CheckShape describes it."""
    ours, other = found.number.e164 if found.number else None, found.other.e164 if found.other else None
    inbound = found.direction == "inbound"
    return {
        "allowed": found.allowed,
        "code": found.refusal.code if found.refusal else None,
        "message": found.verdict,
        "direction": found.direction,
        "from_number": (wish.get("from_number") or None) if inbound else ours,
        "to_number": ours if inbound else other,
        "provider": found.carrier,
        "at": Moment().to_representation(found.at),
        "agent_id": found.version.agent_id if found.version else None,
        "agent_version_number": found.version.number if found.version else None,
        "price": _price(found),
        "steps": [_step(step, found, workspace) for step in found.steps],
        "notes": list(found.notes),
    }


def _price(found: Explanation) -> dict[str, Any] | None:
    price = found.price
    if price is None:
        return None
    return {
        "per_minute": money_text(price.per_minute),
        "pulse_seconds": price.pulse_seconds,
        "connection_fee": money_text(price.connection_fee),
        "currency": price.currency,
        "rate": str(price.rate_id),
    }


def _step(step: Step, found: Explanation, workspace: Workspace) -> dict[str, Any]:
    mends = step.outcome in (Outcome.FAIL, Outcome.WARNING)
    link = step_link(step, found, workspace) if mends else None
    return {
        "name": step.name,
        "outcome": step.outcome.value,
        "code": step.code,
        "message": step.sentence,
        "record": step.record or None,
        "fix_url": settings.PUBLIC_BASE_URL + link["url"] if link else None,
    }
