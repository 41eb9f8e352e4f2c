"""KYC: where the workspace is verified, and each country's dossier with its documents."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace, has_right
from dialnexa.countries import country_name
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.models import Workspace
from dialnexa.shell import sign_in_required
from dialnexa.uploads import TakeFiles
from kyc import documents, reviews
from kyc.dossier import has_dossier, read_dossier
from kyc.inspecting import LARGEST, inspect, refused
from kyc.models import EntityType, KycDocument, KycFile
from kyc.own_number import read_own_number
from kyc.page import read_cards

MOST_READ = 5 * LARGEST  # bytes of a request that are read at all


@require_GET
@sign_in_required
def list_cases(request: Request, slug: str) -> HttpResponse:
    """Every country that asks for papers, or with ``?country=GB`` that one."""
    return cases_page(request, get_workspace(request, slug))


def cases_page(request: Request, workspace: Workspace, *, status: int = 200, **more: Any) -> HttpResponse:
    """The KYC page. ``more`` is for the form of the verification number (see ``phone_numbers.views``)."""
    cards = read_cards(workspace, now=clock.now())
    asked = request.GET.get("country", "").upper()[:2]
    known = asked if asked != country_name(asked) else ""
    context = {
        "workspace": workspace,
        "cards": [card for card in cards if card.country == known] if known else cards,
        "asked": {"iso": known, "name": country_name(known)} if known else None,
        "may_manage": has_right(request, Right.MANAGE),
        "page_url": reverse("kyc:cases", args=[workspace.slug]),
        "own": read_own_number(workspace, now=clock.now()),
        **more,
    }
    return render(request, "kyc/cases.html", context, status=status)


@require_GET
@sign_in_required
def show_case(request: Request, slug: str, country: str) -> HttpResponse:
    """One country's dossier: what is needed, what is there, how it stands."""
    workspace = _workspace(request, slug, country, Right.SEE)
    return _page(request, workspace, country)


@require_POST
@sign_in_required
def describe_case(request: Request, slug: str, country: str) -> HttpResponse:
    """Say who the dossier is about."""
    workspace = _workspace(request, slug, country)
    kind, name = request.POST.get("entity_type", ""), request.POST.get("legal_name", "")
    try:
        with transaction.atomic():  # what is refused leaves no empty case to the reviewers
            case = reviews.open_case(workspace, country)
            documents.describe(case, kind, name, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        typed = {"entity_type": kind, "legal_name": name}
        return _page(request, workspace, country, refusal, at=refusal.details.get("field", ""), typed=typed)
    return _back(request, slug, country, _("Saved. Below is what is needed."))


@csrf_exempt  # the check reads the body, so it comes after the handler: see _upload
@require_POST
@sign_in_required
def upload(request: Request, slug: str, country: str) -> HttpResponse:
    """Take one document: ``kind`` and ``file``."""
    workspace = _workspace(request, slug, country)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > MOST_READ:
        raise refused("file_too_large")
    handler = TakeFiles(most=1, largest=LARGEST)
    request.upload_handlers = [handler]
    return _upload(request, workspace, country, handler)


@csrf_protect
def _upload(request: Request, workspace: Workspace, country: str, handler: TakeFiles) -> HttpResponse:
    try:
        file = inspect(*_sent(request, handler))
        by, now = browser_actor(request), clock.now()
        with transaction.atomic():
            case = reviews.open_case(workspace, country)
            documents.add_document(case, request.POST.get("kind", ""), file, by=by, now=now)
    except Refusal as refusal:
        return _page(request, workspace, country, refusal, at=request.POST.get("need", ""))
    return _back(request, workspace.slug, country, _("%(file)s is uploaded.") % {"file": file.name})


def _sent(request: Request, handler: TakeFiles) -> tuple[bytes, str]:
    """The file's bytes and name. Raises Refusal when it is too large or was not sent."""
    file = request.FILES.get("file")
    if handler.too_large:
        raise refused("file_too_large")
    if handler.too_many:
        raise refused("file_too_many")
    if file is None:
        raise refused("file_missing")
    return file.read(), file.name or ""


@require_POST
@sign_in_required
def remove(request: Request, slug: str, document_id: str) -> HttpResponse:
    """Take a document out again."""
    document = _document(request, slug, document_id)
    documents.remove_document(document, by=browser_actor(request), now=clock.now())
    said = _("%(file)s is removed.") % {"file": document.file_name}
    return _back(request, slug, document.case.country, said)


@require_GET
@never_cache
@sign_in_required
def download(request: Request, slug: str, document_id: str) -> HttpResponse:
    """A document as a file to save, never shown in the page; each time is written to the history."""
    document = _document(request, slug, document_id)
    try:
        content = documents.open_document(document, by=browser_actor(request), now=clock.now())
    except KycFile.DoesNotExist:
        raise Http404 from None
    return as_attachment(document, content)


def as_attachment(document: KycDocument, content: bytes) -> HttpResponse:
    """The answer that hands a document out: saved, not shown, not kept on the way, not guessed at."""
    response = HttpResponse(content, content_type=document.media_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(document.file_name, safe='')}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "no-store, private"
    return response


@require_POST
@sign_in_required
def submit_case(request: Request, slug: str, country: str) -> HttpResponse:
    """Hand the country's papers in for review."""
    workspace = _workspace(request, slug, country)
    try:
        with transaction.atomic():
            reviews.submit(reviews.open_case(workspace, country), by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return _page(request, workspace, country, refusal, at="submit")
    said = _("The papers for %(country)s are in review.") % {"country": country_name(country)}
    return _back(request, slug, country, said)


def _workspace(request: Request, slug: str, country: str, right: Right = Right.MANAGE) -> Workspace:
    workspace = get_workspace(request, slug, right)
    if not has_dossier(workspace, country):
        raise Http404
    return workspace


def _document(request: Request, slug: str, document_id: str) -> KycDocument:
    workspace = get_workspace(request, slug, Right.MANAGE)
    mine = KycDocument.objects.select_related("case", "workspace").filter(workspace=workspace)
    return get_object_or_404(mine, pk=document_id)


def _page(
    request: Request,
    workspace: Workspace,
    country: str,
    refusal: Refusal | None = None,
    *,
    at: str = "",
    typed: dict[str, str] | None = None,
) -> HttpResponse:
    """The dossier's page; a refusal stands at the place it is about."""
    dossier = read_dossier(workspace, country, now=clock.now())
    context: dict[str, Any] = {
        "workspace": workspace,
        "dossier": dossier,
        "card": dossier.card,
        "entity_types": EntityType.choices,
        "typed": typed or {"entity_type": dossier.entity_type, "legal_name": dossier.legal_name},
        "may_manage": has_right(request, Right.MANAGE),
        "refusal": refusal,
        "at": at if at in dossier.places else "",
    }
    return render(request, "kyc/case.html", context, status=refusal.status if refusal else 200)


def _back(request: Request, slug: str, country: str, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("kyc:case", slug, country)
