"""Batches that dial: order one, list them, look at one, pause, resume or cancel it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.body import FormParser, SentFile, read
from dialnexa.api.idempotency import idempotent
from dialnexa.api.keys import api_actor, key_of, workspace_of
from dialnexa.api.views import ApiView
from dialnexa.doorbell import ring_on_commit
from dialnexa.errors import Refusal
from dialnexa.ids import ID_PATTERN
from dialnexa.models import Workspace
from phone_numbers.api.batch_call_shapes import (
    BatchAction,
    BatchCallDetailsShape,
    BatchCallFields,
    BatchCallPage,
    BatchCallShape,
    BatchCallsQuery,
)
from phone_numbers.api.batch_checks import found_errors
from phone_numbers.api.calls import caller_of
from phone_numbers.batch_dialling.ending import cancel_batch, pause_batch, resume_batch
from phone_numbers.batch_dialling.ordering import RowsInvalid, SentList, order_batch, refusal_of
from phone_numbers.batch_dialling.plans import Plan
from phone_numbers.batch_dialling.progress import progress_of
from phone_numbers.routes.versions import named_version
from phone_numbers.tasks import advance_batch
from telephony.batches.checking import read_choices
from telephony.models import BatchCall


class BatchCalls(ApiView):
    tag = "Batch calls"
    scopes = {"GET": "calls:read", "POST": "calls:write"}

    def get_parsers(self) -> list[BaseParser]:
        most = settings.BATCH_MOST_BYTES
        sentence = f"The file is too large: {most:,} bytes are allowed. Split it into several lists."
        return [FormParser(largest=most, too_large=Refusal("batch_file_too_large", sentence, status=413))]

    @extend_schema(operation_id="list_batch_calls", parameters=[BatchCallsQuery], responses=BatchCallPage)
    def get(self, request: Request) -> Response:
        """The workspace's batches that were started, the newest first."""
        query = read(BatchCallsQuery, request.query_params)
        batches, page, limit = started(workspace_of(request)), query["page"], query["limit"]
        if "status" in query:
            batches = batches.filter(status=query["status"])
        shown = batches.order_by("-created_at", "-id")[(page - 1) * limit : page * limit]
        items = BatchCallShape(shown, many=True).data
        return Response({"items": items, "total": batches.count(), "page": page, "limit": limit})

    @extend_schema(
        operation_id="start_batch_call",
        request=BatchCallFields,
        responses={201: OpenApiResponse(BatchCallShape, "The batch dials, or waits for its turn.")},
        parameters=[
            OpenApiParameter(
                "Location", location=OpenApiParameter.HEADER, description="Where it is", response=[201]
            )
        ],
        extensions={"x-refuses": ["402", "404", "503"]},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Call everybody in a list. Batches of a workspace run one after the other.

        `POST /v1/batch-calls/checks` says beforehand what would be refused.

        - 400 what is no list; `batch_rows_invalid`, `batch_no_good_rows` with all reasons in
          `errors`; `batch_plan_invalid`; an agent that is unknown or not published
        - 402 `wallet_insufficient` for a first minute
        - 403 before the workspace is verified (`kyc_not_verified`)
        - 404 `number_not_found`: `from_number` is not the workspace's
        - 409 a number that is not active
        - 413 a file that is too large
        - 429 the workspace has sent many lists in a short time (`lists_too_many`)
        - 503 other lists are being read right now: try again after `Retry-After`
        """
        workspace, now = workspace_of(request), clock.now()
        batch = _order(request, workspace, read(BatchCallFields, request.data), now)
        ring_on_commit(advance_batch, batch_id=batch.pk)
        headers = {"Location": reverse("api-batch-call", kwargs={"batch_id": batch.pk})}
        return Response(BatchCallShape(batch).data, status=201, headers=headers)


class OneBatchCall(ApiView):
    tag = "Batch calls"
    scopes = {"GET": "calls:read"}

    @extend_schema(operation_id="get_batch_call", responses=BatchCallDetailsShape)
    def get(self, request: Request, batch_id: str) -> Response:
        """One batch, with how far it is. Its calls: `GET /v1/calls?batch_call_id=…`."""
        return Response(_details(get_started(workspace_of(request), batch_id), clock.now()))


class BatchCallStatus(ApiView):
    tag = "Batch calls"
    scopes = {"PATCH": "calls:write"}

    @extend_schema(
        operation_id="change_batch_call",
        request=BatchAction,
        responses=BatchCallDetailsShape,
        extensions={"x-refuses": ["409"]},
    )
    def patch(self, request: Request, batch_id: str) -> Response:
        """Pause a batch, let it go on, or cancel it for good. Calls in the air go on.

        - 403 `kyc_not_verified`, when it is to go on
        - 409 its state does not allow it: `batch_not_pausable`, `batch_not_paused`, `batch_over`
        """
        workspace, now = workspace_of(request), clock.now()
        batch, wish = get_started(workspace, batch_id), read(BatchAction, request.data)
        by, reason = api_actor(request), wish.get("reason", "")
        if wish["action"] == "pause":
            pause_batch(batch, by=by, now=now, reason=reason)
        elif wish["action"] == "cancel":
            cancel_batch(batch, by=by, now=now, reason=reason)
        else:
            resume_batch(batch, by=by, now=now)
            ring_on_commit(advance_batch, batch_id=batch.pk)
        return Response(_details(get_started(workspace, batch_id), now))


def started(workspace: Workspace) -> QuerySet[BatchCall]:
    batches = BatchCall.objects.filter(workspace=workspace).exclude(agent_version=None)
    return batches.exclude(status="draft").select_related("agent_version", "workspace").defer("report")


def get_started(workspace: Workspace, batch_id: str) -> BatchCall:
    """Raises Http404, for foreign ones and drafts alike."""
    if not ID_PATTERN.match(batch_id):
        raise Http404
    return get_object_or_404(started(workspace), pk=batch_id)


def _details(batch: BatchCall, now: datetime) -> dict[str, Any]:
    progress = progress_of(batch, now=now)
    batch.counts, batch.cost = progress, progress.cost  # type: ignore[attr-defined]
    return dict(BatchCallDetailsShape(batch).data)


def _order(request: Request, workspace: Workspace, wish: dict[str, Any], now: datetime) -> BatchCall:
    plan = _plan(workspace, wish)
    repairs = [kind.strip() for kind in wish.get("repairs", "").split(",") if kind.strip()]
    choices = read_choices(wish.get("default_country", "").upper(), repairs)
    file: SentFile = wish["file"]
    said = getattr(request, "idempotency_key", "")
    key = f"{key_of(request).pk}\n{said}" if said else ""
    sent = SentList(file.data, wish["title"], file.name, choices, key)
    skip = wish["on_invalid"] == "skip"
    try:
        return order_batch(workspace, sent, plan, skip_invalid=skip, by=api_actor(request), now=now)
    except RowsInvalid as found:
        code, sentence = refusal_of(found)
        errors = list(found_errors(found.report, workspace, plan.number.carrier))
        raise Refusal(code, sentence, errors=errors) from found


def _plan(workspace: Workspace, wish: dict[str, Any]) -> Plan:
    version = named_version(workspace, wish["agent_id"], wish.get("agent_version_number"))
    return Plan(
        number=caller_of(workspace, wish.get("from_number"), version),
        version=version,
        starts_at=wish.get("starts_at"),
        ends_at=wish.get("ends_at"),
        hours_begin=wish.get("calling_hours_start"),
        hours_end=wish.get("calling_hours_end"),
        time_zone=wish.get("time_zone", ""),
        at_once=wish["calls_at_once"],
        attempts=wish["attempts"],
        retry_minutes=wish["retry_minutes"],
    )
