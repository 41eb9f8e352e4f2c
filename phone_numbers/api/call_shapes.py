"""What calls look like to programs: what is sent, what comes back, how a list is narrowed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from dialnexa.api.body import Amount, Moment, OneOf, Text, Whole
from dialnexa.api.pages import PageQuery
from dialnexa.api.shapes import RowShape
from phone_numbers.api.fields import either
from telephony.models import Call, Direction

KEYS = 15
KEY_LIMIT = 64
FACTS_LIMIT = 8_000  # characters of JSON
OBJECT = {"type": "object", "maxProperties": KEYS, "additionalProperties": True}
NUMBER_LIMIT = 100


@extend_schema_field(OBJECT)
class Facts(serializers.JSONField):
    """A JSON object of at most KEYS keys, kept as it is and given back with the call."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("This must be a JSON object.")
        if len(data) > KEYS or any(len(key) > KEY_LIMIT for key in data):
            raise serializers.ValidationError(f"At most {KEYS} keys of up to {KEY_LIMIT} characters.")
        try:
            size = len(json.dumps(data, allow_nan=False))
        except ValueError:
            raise serializers.ValidationError("This has a number that is too large.") from None
        if size > FACTS_LIMIT:
            raise serializers.ValidationError(f"This is longer than {FACTS_LIMIT} characters of JSON.")
        return data


@extend_schema_field(OpenApiTypes.STR)
class DayOrMoment(serializers.Field):
    """``2026-11-21`` (a day of UTC) or a moment with its offset. ``days``: how much later a day ends."""

    default_error_messages = {
        "invalid": "Write a day like 2026-11-21, or a moment like 2026-11-21T05:38:00Z."
    }

    def __init__(self, *, days: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.days = days

    def to_internal_value(self, data: Any) -> datetime:
        try:
            if isinstance(data, str) and len(data) == 10:
                day = date.fromisoformat(data) + timedelta(days=self.days)
                return datetime.combine(day, time(), tzinfo=UTC)
            moment = parse_datetime(data) if isinstance(data, str) else None
        except (ValueError, OverflowError):
            moment = None
        if moment is None or moment.tzinfo is None or not 1970 <= moment.year <= 2999:
            self.fail("invalid")
        return moment

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


@extend_schema_serializer(component_name="NewCall")
class CallBody(serializers.Serializer):
    """Whom to call. The destination is needed, under one of its two names."""

    phone_number = Text(
        required=False, max_length=NUMBER_LIMIT, allow_blank=True, help_text="Who is called, with + and code"
    )
    to_number = Text(
        required=False, max_length=NUMBER_LIMIT, allow_blank=True, help_text="The same as phone_number"
    )
    agent_id = Text(max_length=40, help_text="Who speaks")
    agent_version_number = Whole(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=1_000_000,
        help_text="The latest published one",
    )
    from_number = Text(
        required=False,
        allow_null=True,
        max_length=NUMBER_LIMIT,
        help_text="A number of the workspace, or its id. Unless said: the default number, else one that this "
        "agent calls from",
    )
    metadata = Facts(required=False, help_text="Yours, given back with the call")
    notes = Facts(required=False, help_text="Yours, given back with the call")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        number = either(given, "phone_number", "to_number")
        if number is None:
            raise serializers.ValidationError({"phone_number": "This field is required."})
        return given | {"phone_number": number}


class CallsQuery(PageQuery):
    """``from`` and ``to`` are words of Python's, so they are added by hand."""

    limit = Whole(min_value=1, max_value=200, default=50, help_text="How many on a page")
    agent_id = Text(required=False, max_length=40)
    call_id = Text(required=False, max_length=40)
    batch_call_id = Text(required=False, max_length=40)
    call_direction = OneOf(Direction.choices, required=False)
    status = OneOf(Call.Status.choices, required=False)
    start_date = DayOrMoment(required=False, help_text="Calls made then or later: a day (UTC) or a moment")
    end_date = DayOrMoment(
        required=False, days=1, help_text="Calls made before: that day (UTC) included, or up to a moment"
    )

    def get_fields(self) -> dict[str, Any]:
        ends = {name: Text(required=False, max_length=NUMBER_LIMIT) for name in ("from", "to")}
        return {**super().get_fields(), **ends}


@extend_schema_serializer(component_name="CallStep")
class CallStepShape(serializers.Serializer):
    name = serializers.CharField()
    outcome = serializers.CharField(help_text="pass, fail, warning or skipped")
    code = serializers.CharField()
    message = serializers.CharField(source="sentence")
    record = serializers.CharField(help_text="The id of what decided; may be empty")


@extend_schema_serializer(component_name="Call")
class CallShape(RowShape):
    """One call, in or out."""

    to_phone_number = serializers.CharField(source="to_text", help_text="E.164 where it is one")
    from_phone_number = serializers.CharField(source="from_text", help_text="E.164 where it is one")
    agent_id = serializers.CharField(source="agent_version.agent_id", default=None, allow_null=True)
    agent_version_number = serializers.IntegerField(
        source="agent_version.number", default=None, allow_null=True
    )
    status = serializers.ChoiceField(Call.Status.choices)
    call_direction = serializers.ChoiceField(Direction.choices, source="direction")
    provider = serializers.CharField(source="carrier")
    batch_call_id = serializers.CharField(source="batch_id", allow_null=True)
    code = serializers.CharField(source="reason_code", help_text="Why it failed; empty when it did not")
    duration = serializers.IntegerField(allow_null=True, help_text="Seconds spoken")
    billed_seconds = serializers.IntegerField(allow_null=True)
    price_per_minute = Amount(source="per_minute", allow_null=True)
    held = Amount(help_text="What was reserved when it was placed")
    charged = Amount(allow_null=True, help_text="null while it is not over")
    metadata = serializers.DictField()
    notes = serializers.DictField()
    created_at = Moment()
    initiated_at = Moment(allow_null=True)
    rang_at = Moment(allow_null=True)
    answered_at = Moment(allow_null=True)
    ended_at = Moment(allow_null=True)

    class Meta:
        model = Call
        fields = (
            "id",
            "to_phone_number",
            "from_phone_number",
            "agent_id",
            "agent_version_number",
            "status",
            "call_direction",
            "provider",
            "batch_call_id",
            "code",
            "reason",
            "cause",
            "duration",
            "billed_seconds",
            "price_per_minute",
            "held",
            "charged",
            "currency",
            "metadata",
            "notes",
            "created_at",
            "initiated_at",
            "rang_at",
            "answered_at",
            "ended_at",
        )


@extend_schema_serializer(component_name="CallDetails")
class CallDetailsShape(CallShape):
    """One call with every question it had to pass, as they were answered when it was placed."""

    steps = CallStepShape(source="trace", many=True)

    class Meta:
        model = Call
        fields = (*CallShape.Meta.fields, "steps")
