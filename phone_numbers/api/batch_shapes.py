"""A list of numbers to call, as programs send it and hear about it."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from dialnexa.api.body import Amount, File, Text, Whole
from phone_numbers.api.changes import HIGHEST, LATEST
from telephony.batches.drafts import TITLE
from telephony.batches.repairs import KINDS
from telephony.batches.report import FIRST

ROWS = f"The first {FIRST}, as a spreadsheet counts: the header is row 1"


class BatchFields(serializers.Serializer):
    """A list and what is decided about it."""

    file = File(help_text="CSV or an Excel workbook (.xlsx), with a column `phone_number` or `phone`")
    title = Text(required=False, allow_blank=True, max_length=TITLE)
    agent_id = Text(required=False, max_length=40, help_text="Who is to call")
    agent_version_number = Whole(required=False, min_value=1, max_value=HIGHEST, help_text=LATEST)
    from_number = Text(
        required=False,
        max_length=40,
        help_text="The number to call from, or its id. Its provider decides what may be called",
    )
    default_country = Text(
        required=False,
        allow_blank=True,
        max_length=2,
        help_text="ISO 3166-1: where numbers are that lack a country code. Never guessed",
    )
    repairs = Text(
        required=False,
        allow_blank=True,
        max_length=200,
        help_text=f"Which repairs to take, with commas between: {', '.join(KINDS)}",
    )
    on_invalid = serializers.ChoiceField(
        ["reject", "skip"], default="reject", help_text="Whether a row that can't be called stops the batch"
    )


class FoundError(serializers.Serializer):
    """Rows that can't be called, for one reason."""

    code = serializers.CharField(help_text="Stable")
    message = serializers.CharField(help_text="A sentence")
    country_iso = serializers.CharField(allow_null=True, help_text="Where the reason is about one country")
    count = serializers.IntegerField(help_text="How many rows")
    rows = serializers.ListField(child=serializers.IntegerField(), help_text=ROWS)
    fix_url = serializers.CharField(allow_null=True, help_text="The page where it is changed")


class FoundExample(serializers.Serializer):
    row = serializers.IntegerField()
    value = serializers.CharField(allow_blank=True, help_text="As it is in the list")
    becomes = serializers.CharField(help_text="E.164")


class FoundRepair(serializers.Serializer):
    """Rows that can safely be read in one way only."""

    kind = serializers.ChoiceField(list(KINDS), help_text="As `repairs` names it")
    message = serializers.CharField(help_text="What it does")
    taken = serializers.BooleanField()
    count = serializers.IntegerField()
    rows = serializers.ListField(child=serializers.IntegerField(), help_text=ROWS)
    examples = FoundExample(many=True)


class FoundCost(serializers.Serializer):
    """Of all valid rows: every call answered, each as short or as long as said."""

    currency = serializers.CharField(help_text="ISO 4217; the workspace's")
    lowest_cost = Amount()
    highest_cost = Amount()
    unpriced_records = serializers.IntegerField(help_text="Without a rate; not in the cost")
    minutes_per_call = serializers.ListField(
        child=serializers.IntegerField(), help_text="Shortest and longest"
    )
    calls_at_once = serializers.IntegerField()
    shortest_minutes = serializers.IntegerField(help_text="How long the whole list takes")
    longest_minutes = serializers.IntegerField()


@extend_schema_serializer(component_name="BatchCheckResult")
class BatchCheckShape(serializers.Serializer):
    accepted = serializers.BooleanField(help_text="Whether a batch of this list would be taken as it is")
    title = serializers.CharField(allow_null=True)
    from_number = serializers.CharField(allow_null=True, help_text="E.164")
    provider = serializers.CharField(help_text="Whose Telephony Config and rates were asked")
    agent_id = serializers.CharField(allow_null=True)
    agent_version_number = serializers.IntegerField(allow_null=True)
    total_records = serializers.IntegerField()
    valid_records = serializers.IntegerField(help_text="Those that would be called")
    repaired_records = serializers.IntegerField(help_text="Of the valid ones")
    rejected_records = serializers.IntegerField()
    duplicate_records = serializers.IntegerField(help_text="Of the rejected ones: the first row counts")
    variables = serializers.ListField(child=serializers.CharField(), help_text="The other columns")
    errors = FoundError(many=True)  # type: ignore[assignment]
    repairs = FoundRepair(many=True)
    estimate = FoundCost()
    warnings = serializers.ListField(child=serializers.CharField(), help_text="About the file as a whole")
