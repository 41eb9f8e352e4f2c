"""Limits: how much the workspace and this key may call, spend and buy, and how much of it is used."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.keys import key_of, workspace_of
from dialnexa.api.views import ApiView
from telephony.call_stops import stop_of, stopped_words
from telephony.limits.allowances import Allowance, read_allowances
from telephony.limits.rows import limit_rows
from telephony.limits.table import LIMITS


class Figure(serializers.DecimalField):
    """Money or a count; a count has no decimals that say nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(20, 6, allow_null=True, normalize_output=True, **kwargs)


@extend_schema_serializer(component_name="Limit")
class LimitShape(serializers.Serializer):
    """One limit. Money is in the wallet's currency; a limit without a value does not exist."""

    name = serializers.ChoiceField(sorted(LIMITS))
    label = serializers.CharField()  # type: ignore[assignment]
    value = Figure(help_text="At most; null: no limit")
    used = Figure(help_text="Now; null where it can't be said")
    key_value = Figure(help_text="This key's own, if it has one")
    window_seconds = serializers.IntegerField(help_text="Of a rate's moving window; 0 for the others")
    reason = serializers.CharField(help_text="Why it is not the default; empty where it is")
    until = serializers.DateTimeField(allow_null=True, help_text="When the default holds again")


@extend_schema_serializer(component_name="Limits")
class LimitsShape(serializers.Serializer):
    currency = serializers.CharField()
    calls_stopped = serializers.BooleanField(help_text="No call goes out now")
    calls_stopped_reason = serializers.CharField()
    limits = LimitShape(many=True)


class Limits(ApiView):
    tag = "Telephony"
    scopes = {"GET": "telephony:read"}

    @extend_schema(operation_id="list_limits", responses=LimitsShape)
    def get(self, request: Request) -> Response:
        """Every limit of the workspace, how much of it is used, and whether calls are stopped.

        What calls in the air may still cost counts as spent. Owners and admins ask for more on the Limits
        page.
        """
        workspace, now = workspace_of(request), clock.now()
        own = read_allowances(workspace, at=now, key=key_of(request))
        stop = stop_of(workspace)
        shown = {
            "currency": workspace.currency,
            "calls_stopped": stop is not None,
            "calls_stopped_reason": stopped_words(stop) if stop else "",
            "limits": [
                _told(row.allowance, row.used, own.of_key(row.allowance.limit))
                for row in limit_rows(workspace, now=now)
            ],
        }
        return Response(LimitsShape(shown).data)


def _told(allowance: Allowance, used: Any, own: Allowance | None) -> dict[str, Any]:
    override = allowance.override
    return {
        "name": allowance.limit.name,
        "label": allowance.limit.label,
        "value": allowance.value,
        "used": used,
        "key_value": own.value if own else None,
        "window_seconds": allowance.limit.seconds,
        "reason": override.reason if override else "",
        "until": override.until if override else None,
    }
