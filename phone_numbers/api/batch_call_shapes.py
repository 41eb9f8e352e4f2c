"""Batches that dial, as programs order them and hear about them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from dialnexa.api.body import Amount, Moment, OneOf, Text, Whole
from dialnexa.api.pages import PageQuery
from phone_numbers.api.batch_shapes import BatchFields
from phone_numbers.batch_dialling.plans import ATTEMPTS, RETRY_MINUTES
from phone_numbers.models import PhoneNumber
from telephony.batches.drafts import TITLE
from telephony.models import BatchCall

HOUR = "A time of day in `time_zone`, like `09:00`; both or neither"


@extend_schema_serializer(component_name="BatchCallFields")
class BatchCallFields(BatchFields):
    """A list, and how it is to be called."""

    title = Text(max_length=TITLE)
    agent_id = Text(max_length=40, help_text="Who calls")
    starts_at = Moment(required=False, help_text="Not before; at once unless said")
    ends_at = Moment(required=False, help_text="No call begins after this")
    calling_hours_start = serializers.TimeField(required=False, help_text=HOUR)
    calling_hours_end = serializers.TimeField(required=False, help_text=HOUR)
    time_zone = Text(
        required=False, allow_blank=True, max_length=60, help_text="IANA; the workspace's unless said"
    )
    calls_at_once = Whole(required=False, min_value=1, max_value=1000, default=5)
    attempts = Whole(required=False, min_value=1, max_value=ATTEMPTS, default=1, help_text="To one number")
    retry_minutes = Whole(required=False, min_value=1, max_value=RETRY_MINUTES, default=30)


class BatchCallsQuery(PageQuery):
    status = OneOf([status for status in BatchCall.Status.values if status != "draft"], required=False)


class BatchAction(serializers.Serializer):
    action = OneOf(["pause", "resume", "cancel"])
    reason = Text(required=False, allow_blank=True, max_length=300, help_text="For the history")


class BatchCallShape(serializers.Serializer):
    """A batch that was ordered to dial."""

    id = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField([s for s in BatchCall.Status.values if s != "draft"])
    total_records = serializers.IntegerField(source="good_rows", help_text="Those that are called")
    from_number = serializers.SerializerMethodField(help_text="E.164")
    agent_id = serializers.CharField(source="agent_version.agent_id")
    agent_version_number = serializers.IntegerField(source="agent_version.number")
    starts_at = Moment(allow_null=True)
    ends_at = Moment(allow_null=True)
    reason = serializers.CharField(allow_blank=True, help_text="Why it was paused, was stopped or rests")
    resumes_at = Moment(
        source="rests_until",
        allow_null=True,
        help_text="It waits until then, because nobody can be called before: others have the turn",
    )
    created_at = Moment()
    finished_at = Moment(allow_null=True)
    warning = serializers.SerializerMethodField(help_text="What was left out, if anything")

    def get_from_number(self, batch: BatchCall) -> str:
        return str(PhoneNumber.objects.values_list("e164", flat=True).get(pk=batch.from_number_id))

    def get_warning(self, batch: BatchCall) -> str | None:
        left = batch.rows - batch.good_rows
        return (
            f"{left:,} row{'' if left == 1 else 's'} can't be called and will be skipped." if left else None
        )


class BatchCounts(serializers.Serializer):
    waiting = serializers.IntegerField()
    calling = serializers.IntegerField()
    done = serializers.IntegerField(help_text="Reached")
    failed = serializers.IntegerField(help_text="Not reached, however often it was tried")
    refused = serializers.IntegerField(help_text="By a rule, when it was its turn")


class BatchCallDetailsShape(BatchCallShape):
    counts: Any = BatchCounts()
    cost = Amount(help_text="So far")
    currency = serializers.CharField(source="workspace.currency")


class BatchCallPage(serializers.Serializer):
    items = BatchCallShape(many=True)
    total = serializers.IntegerField()
    page = serializers.IntegerField()
    limit = serializers.IntegerField()
