"""The files that come out of a list that was read, and of a batch that was started."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from dialnexa import clock
from dialnexa.access import get_workspace
from dialnexa.http import Request
from dialnexa.shell import sign_in_required
from phone_numbers.batch_dialling.progress import result_lines
from phone_numbers.views.batches import get_batch
from telephony.batches.downloads import corrected_lines, rejected_lines
from telephony.batches.drafts import carrier_of, choices_of, file_of
from telephony.batches.judging import Choices
from telephony.batches.reading import Source, read_source
from telephony.batches.turns import in_pieces, turn
from telephony.destinations import Rules
from telephony.models import BatchCall
from telephony.rules import destination_rules

Lines = Callable[[Source, Rules, Choices], Iterator[str]]


@require_GET
@sign_in_required
def download_corrected(request: Request, slug: str, batch_id: str) -> HttpResponseBase:
    """The good rows, as CSV."""
    return _download(request, slug, batch_id, corrected_lines, "corrected")


@require_GET
@sign_in_required
def download_rejected(request: Request, slug: str, batch_id: str) -> HttpResponseBase:
    """The others, as CSV, with every reason."""
    return _download(request, slug, batch_id, rejected_lines, "rejected")


@require_GET
@sign_in_required
def download_results(request: Request, slug: str, batch_id: str) -> HttpResponseBase:
    """Every row of a batch that was started with its outcome, as CSV."""
    batch = get_batch(get_workspace(request, slug), batch_id)
    return _csv(result_lines(batch), batch, "results")


def _download(request: Request, slug: str, batch_id: str, lines: Lines, what: str) -> HttpResponseBase:
    batch = get_batch(get_workspace(request, slug), batch_id)
    if batch.is_being_read or batch.is_unreadable:  # its page says how it stands
        return redirect("batches:batch", slug, batch.pk)
    rules = destination_rules(batch.workspace, carrier_of(batch), now=clock.now())
    with turn(batch.workspace_id):
        found = lines(read_source(file_of(batch)), rules, choices_of(batch))
        header = next(found)
    return _csv(chain((header,), in_pieces(found, batch.workspace_id)), batch, what)


def _csv(lines: Iterator[str], batch: BatchCall, what: str) -> HttpResponseBase:
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{batch.pk}-{what}.csv"'
    return response
