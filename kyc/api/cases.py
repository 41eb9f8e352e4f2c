"""KYC: which country's papers stand how, and whether the workspace may call."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.keys import workspace_of
from dialnexa.api.views import ApiView
from kyc.gate import may_dial, standing
from kyc.models import KycCase


@extend_schema_serializer(component_name="KycCase")
class CaseShape(serializers.Serializer):
    """The papers for one country. What is in them no program is told."""

    id = serializers.CharField()
    country = serializers.CharField(help_text="ISO 3166-1")
    status = serializers.ChoiceField(KycCase.Status.choices)
    reason = serializers.CharField(help_text="Why it was rejected or suspended; else empty")
    submitted_at = serializers.DateTimeField(allow_null=True)
    verified_until = serializers.DateTimeField(allow_null=True, help_text="null: without an end")


@extend_schema_serializer(component_name="Kyc")
class KycShape(serializers.Serializer):
    home_country = serializers.CharField(help_text="Whose papers decide about calls, ISO 3166-1")
    may_call = serializers.BooleanField(
        help_text="false: only the registered verification number may be called"
    )
    says = serializers.CharField(help_text="Why, in a sentence")
    cases = CaseShape(many=True)


class Cases(ApiView):
    tag = "KYC"
    scopes = {"GET": "kyc:read"}

    @extend_schema(operation_id="list_kyc_cases", responses=KycShape)
    def get(self, request: Request) -> Response:
        """How far the papers of each country are that were begun.

        Papers are uploaded by people, on the KYC page: `kyc.verified` and `kyc.rejected` tell a webhook
        endpoint how it went.
        """
        workspace, now = workspace_of(request), clock.now()
        home = may_dial(workspace, now=now)
        cases = workspace.kyc_cases.order_by("country")
        shown = {
            "home_country": workspace.country,
            "may_call": home.allowed,
            "says": home.sentence,
            "cases": [_told(case, standing(case, now=now)) for case in cases],
        }
        return Response(KycShape(shown).data)


def _told(case: KycCase, status: str) -> dict[str, Any]:
    """``status`` is that of this moment: a verification may have run out since it was last looked at."""
    return {
        "id": case.pk,
        "country": case.country,
        "status": status,
        "reason": case.reason,
        "submitted_at": case.submitted_at,
        "verified_until": case.verified_until,
    }
