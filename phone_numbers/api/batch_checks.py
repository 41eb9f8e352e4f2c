"""What uploading a list would say: the dry run of a batch, for programs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.body import FormParser, SentFile, money_text, read
from dialnexa.api.idempotency import idempotent
from dialnexa.api.keys import workspace_of
from dialnexa.api.views import ApiView
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from phone_numbers.api.batch_shapes import BatchCheckShape, BatchFields
from phone_numbers.api.examples import LIST_CHECKED
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.fix_links import mending_link
from phone_numbers.routes.questions import owned_number
from phone_numbers.routes.versions import named_version
from telephony.batches.checking import check_file, read_choices
from telephony.batches.judging import DUPLICATE
from telephony.batches.reading import Source
from telephony.batches.report import Report
from telephony.config import offered_carriers
from telephony.models import AgentVersion


class BatchChecks(ApiView):
    tag = "Batch calls"
    scopes = {"POST": "calls:write"}

    def get_parsers(self) -> list[BaseParser]:
        most = settings.BATCH_MOST_BYTES
        sentence = f"The file is too large: {most:,} bytes are allowed. Split it into several lists."
        return [FormParser(largest=most, too_large=Refusal("batch_file_too_large", sentence, status=413))]

    @extend_schema(
        operation_id="check_batch",
        request=BatchFields,
        responses=OpenApiResponse(BatchCheckShape, examples=[LIST_CHECKED]),
        extensions={"x-refuses": ["404", "503"]},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Check a list of numbers to call; nothing is kept, dialled or charged.

        Every row is judged as a single call would be, and its reasons are grouped with their row numbers.
        Repairs are proposed where only one reading is safe, and taken when `repairs` names them.

        - 400 what is no list (`batch_file_type`, `batch_header_missing`, `batch_workbook_unsafe`, …)
        - 403 before the workspace is verified (`kyc_not_verified`)
        - 404 a number that is not the workspace's
        - 413 a file that is too large (10 MB unless the installation says otherwise)
        - 429 the workspace has sent many lists in a short time (`lists_too_many`)
        - 503 other lists are being read right now (`lists_busy`): try again after `Retry-After`
        """
        workspace = workspace_of(request)
        return Response(check_batch(workspace, read(BatchFields, request.data), now=clock.now()))


def check_batch(workspace: Workspace, wish: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """``wish`` is a read BatchFields; the answer as BatchCheckShape describes it.

    Raises Http404 for a foreign number, and Refusal as ``check_file``, ``read_choices``, ``named_version``.
    """
    number, version = _caller(workspace, wish.get("from_number")), _version(workspace, wish)
    file: SentFile = wish["file"]
    repairs = [kind.strip() for kind in wish.get("repairs", "").split(",") if kind.strip()]
    choices = read_choices(wish.get("default_country", "").upper(), repairs)
    carrier = number.carrier if number else offered_carriers()[0]
    source, report = check_file(workspace, file.data, choices=choices, carrier=carrier, now=now)
    found = _found(report, source, workspace, carrier)
    clean = not report.groups or wish["on_invalid"] == "skip"
    return {
        "accepted": bool(report.good and clean),
        "title": wish.get("title") or None,
        "from_number": number.e164 if number else None,
        "provider": carrier,
        "agent_id": version.agent_id if version else None,
        "agent_version_number": version.number if version else None,
        **found,
    }


def _caller(workspace: Workspace, text: str | None) -> PhoneNumber | None:
    number = owned_number(workspace, text) if text else None
    if text and number is None:
        raise Http404
    if number and number.status != PhoneNumber.Status.ACTIVE:
        sentence = f"from_number: {number.e164} is not active, so it can't call."
        raise Refusal("number_not_active", sentence, status=409)
    return number


def _version(workspace: Workspace, wish: dict[str, Any]) -> AgentVersion | None:
    if "agent_id" not in wish:
        return None
    return named_version(workspace, wish["agent_id"], wish.get("agent_version_number"))


def _found(report: Report, source: Source, workspace: Workspace, carrier: str) -> dict[str, Any]:
    return {
        "total_records": report.rows,
        "valid_records": report.good,
        "repaired_records": report.repaired,
        "rejected_records": report.rows - report.good,
        "duplicate_records": sum(group["count"] for group in report.groups if group["code"] == DUPLICATE),
        "variables": [name for name in source.variables if name],
        "errors": list(found_errors(report, workspace, carrier)),
        "repairs": [_repair(repair) for repair in report.repairs],
        "estimate": _cost(report.estimate),
        "warnings": list(report.warnings),
    }


def found_errors(report: Report, workspace: Workspace, carrier: str) -> Iterable[dict[str, Any]]:
    for group in report.groups:
        link = mending_link(group["fix"], workspace, group["country"], carrier)
        yield {
            "code": group["code"],
            "message": group["sentence"],
            "country_iso": group["country"] or None,
            "count": group["count"],
            "rows": group["rows"],
            "fix_url": settings.PUBLIC_BASE_URL + link["url"] if link else None,
        }


def _repair(repair: dict[str, Any]) -> dict[str, Any]:
    said = {name: repair[name] for name in ("kind", "taken", "count", "rows", "examples")}
    return said | {"message": repair["sentence"]}


def _cost(estimate: dict[str, Any]) -> dict[str, Any]:
    shortest, longest = estimate["minutes"]
    return {
        "currency": estimate["currency"],
        "lowest_cost": money_text(Decimal(estimate["low"])),
        "highest_cost": money_text(Decimal(estimate["high"])),
        "unpriced_records": estimate["unpriced"],
        "minutes_per_call": estimate["minutes_per_call"],
        "calls_at_once": estimate["calls_at_once"],
        "shortest_minutes": shortest,
        "longest_minutes": longest,
    }
