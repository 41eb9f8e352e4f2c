"""Many numbers at once: routing with a preview and an undo, protection from release, auto-renewal."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import reswap, retarget

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace, has_right
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.ids import ID_PATTERN
from dialnexa.models import Workspace
from dialnexa.responses import announce, done
from dialnexa.shell import sign_in_required
from phone_numbers.models import BulkRouting
from phone_numbers.number_table.filters import read_filters
from phone_numbers.number_table.table import NumberTable
from phone_numbers.renting.bulk_auto_renew import set_auto_renew_bulk
from phone_numbers.routes.bulk_planning import LIMIT, too_large
from phone_numbers.routes.bulk_protection import protect_bulk
from phone_numbers.routes.bulk_routing import (
    UNDO_FOR,
    Undone,
    assign_bulk,
    preview_bulk,
    recent_bulks,
    told_changes,
    undo_bulk,
)
from phone_numbers.routes.routing import DIRECTIONS, UNCHANGED, Direction, Wanted
from phone_numbers.routes.selects import KEEP, bulk_selects
from phone_numbers.views.routing import find_version


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
def route_many(request: Request, slug: str) -> HttpResponse:
    """What is to become of the chosen numbers; ``step=assign`` does it. GET (a reload) leads to the table."""
    if request.method == "GET":
        return redirect("numbers:list", slug)
    workspace = get_workspace(request, slug, Right.MANAGE)
    ids = chosen_ids(request, workspace)
    try:
        if request.POST.get("step") != "assign":
            return _form(request, workspace, ids, _wanted(request, workspace))
        bulk = assign_bulk(
            workspace,
            ids,
            **_wanted(request, workspace),
            expected=request.POST.get("expected", ""),
            by=browser_actor(request),
            now=clock.now(),
        )
    except Refusal as refusal:
        return _refused(request, workspace, ids, refusal)
    return _assigned(request, bulk)


def chosen_ids(request: Request, workspace: Workspace) -> list[str]:
    """The ids the form means: carried along, ticked, of the page that was shown, or all that match now.

    Raises Http404 for what can't be an id, Refusal 400 ``bulk_too_large``.
    """
    asked = request.POST
    if "numbers" in asked:
        ids = asked["numbers"].split()
    elif asked.get("scope") in ("page", "match"):
        ids = _ids_where(workspace, asked.get("where", ""), only_page=asked["scope"] == "page")
    else:
        ids = asked.getlist("number")
    if not all(ID_PATTERN.match(pk) for pk in ids):
        raise Http404
    return ids


def _ids_where(workspace: Workspace, where: str, *, only_page: bool) -> list[str]:
    table = NumberTable(workspace, read_filters(QueryDict(where)), clock.now())
    if only_page:
        return [number.pk for number in table.page.rows]
    ids = table.ids(LIMIT + 1)
    if len(ids) > LIMIT:
        raise Refusal("bulk_too_large", too_large(table.total), limit=LIMIT)
    return ids


def _wanted(request: Request, workspace: Workspace) -> dict[Direction, Wanted]:
    return {way: _wanted_version(workspace, request.POST.get(way, KEEP), way) for way in DIRECTIONS}


def _wanted_version(workspace: Workspace, chosen: str, way: str) -> Wanted:
    if chosen == KEEP:
        return UNCHANGED
    return find_version(workspace, chosen, way) if chosen else None


def _form(
    request: Request,
    workspace: Workspace,
    ids: list[str],
    wanted: dict[Direction, Wanted],
    refusal: Refusal | None = None,
) -> HttpResponse:
    """The choices with the preview, in the dialog or on a page of their own."""
    context = {
        "workspace": workspace,
        "preview": preview_bulk(workspace, ids, **wanted),
        "is_asked": any(version is not UNCHANGED for version in wanted.values()),
        "route_selects": bulk_selects(workspace, request.POST),
        "keep": KEEP,
        "refusal": refusal,
    }
    name = "numbers/_bulk.html" if request.htmx else "numbers/bulk.html"
    status = (422 if request.htmx else refusal.status) if refusal else 200
    return render(request, name, context, status=status)


def _refused(request: Request, workspace: Workspace, ids: list[str], refusal: Refusal) -> HttpResponse:
    """The form again, with what would change now; numbers that are not ours stay 404."""
    try:
        wanted = _wanted(request, workspace)
        return _form(request, workspace, ids, wanted, refusal)
    except Refusal:
        nothing: dict[Direction, Wanted] = dict.fromkeys(DIRECTIONS, UNCHANGED)
        return _form(request, workspace, ids, nothing, refusal)


def _assigned(request: Request, bulk: BulkRouting) -> HttpResponse:
    count, slug = len(bulk.changes), bulk.workspace.slug
    sentence = ngettext("%(n)s number routed.", "%(n)s numbers routed.", count) % {"n": f"{count:,}"}
    if request.htmx:
        undo = reverse("numbers:bulk-undo", args=[slug, bulk.pk])
        return done(sentence, "close-modal", "numbers-changed", undo=undo)
    messages.success(request, sentence)
    return redirect("numbers:list", slug)


@require_POST
@sign_in_required
def undo(request: Request, slug: str, bulk_id: str) -> HttpResponse:
    """Take a bulk change back; what stays as it is comes as a list."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    bulk = get_bulk(workspace, bulk_id)
    undone = undo_bulk(bulk, by=browser_actor(request), now=clock.now())
    if not request.htmx:
        messages.success(request, _told(undone))
        return redirect("numbers:bulk-change", slug, bulk.pk)
    if not undone.kept:
        return done(_told(undone), "numbers-changed")
    context = {"workspace": workspace, "undone": undone, "told": _told(undone)}
    response = render(request, "numbers/_bulk_undone.html", context)
    return announce(reswap(retarget(response, "#modal-body"), "innerHTML"), "", "numbers-changed")


def _told(undone: Undone) -> str:
    restored, kept = len(undone.restored), len(undone.kept)
    said = ngettext("Undone for %(n)s number.", "Undone for %(n)s numbers.", restored)
    if kept:
        said = ngettext(
            "Undone for %(n)s number; %(kept)s left alone.",
            "Undone for %(n)s numbers; %(kept)s left alone.",
            restored,
        )
    return said % {"n": f"{restored:,}", "kept": f"{kept:,}"}


@require_GET
@sign_in_required
def list_changes(request: Request, slug: str) -> HttpResponse:
    """The bulk changes of the last day."""
    workspace = get_workspace(request, slug)
    now = clock.now()
    context = {"workspace": workspace, "bulks": recent_bulks(workspace, now=now), "now": now}
    return render(request, "numbers/bulk_changes.html", context | {"may_manage": _may_manage(request)})


@require_GET
@sign_in_required
def show_change(request: Request, slug: str, bulk_id: str) -> HttpResponse:
    """One bulk change, number by number."""
    workspace = get_workspace(request, slug)
    bulk, now = get_bulk(workspace, bulk_id), clock.now()
    may_undo = _may_manage(request) and not bulk.undone_at and now - bulk.created_at < UNDO_FOR
    context = {"workspace": workspace, "bulk": bulk, "rows": told_changes(bulk), "now": now}
    return render(request, "numbers/bulk_change.html", context | {"may_undo": may_undo})


def _may_manage(request: Request) -> bool:
    return has_right(request, Right.MANAGE)


def get_bulk(workspace: Workspace, bulk_id: str) -> BulkRouting:
    """Another workspace's is 404, as one that does not exist."""
    if not ID_PATTERN.match(bulk_id):
        raise Http404
    bulks = BulkRouting.objects.filter(workspace=workspace).select_related("workspace", "made_by")
    return get_object_or_404(bulks, pk=bulk_id)


@require_POST
@sign_in_required
def protect_many(request: Request, slug: str) -> HttpResponse:
    """Switch the chosen numbers' protection from release on (1) or off (0)."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    protected = request.POST.get("protected") == "1"
    ids = chosen_ids(request, workspace)
    count = protect_bulk(workspace, ids, protected=protected, by=browser_actor(request), now=clock.now())
    said = ngettext(
        "%(n)s number no longer protected from release.",
        "%(n)s numbers no longer protected from release.",
        count,
    )
    if protected:
        said = ngettext(
            "%(n)s number protected from release.", "%(n)s numbers protected from release.", count
        )
    return _switched(request, count, said)


@require_POST
@sign_in_required
def renew_many(request: Request, slug: str) -> HttpResponse:
    """Let the chosen numbers renew by themselves (1) or not (0)."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    on = request.POST.get("auto_renew") == "1"
    ids = chosen_ids(request, workspace)
    count = set_auto_renew_bulk(workspace, ids, on=on, by=browser_actor(request), now=clock.now())
    said = ngettext(
        "%(n)s number switched to renewal by hand.", "%(n)s numbers switched to renewal by hand.", count
    )
    if on:
        said = ngettext(
            "%(n)s number switched to auto-renew.", "%(n)s numbers switched to auto-renew.", count
        )
    return _switched(request, count, said)


def _switched(request: Request, count: int, said: str) -> HttpResponse:
    sentence = said % {"n": f"{count:,}"} if count else gettext("Nothing was changed.")
    if request.htmx:
        return done(sentence, "numbers-changed")
    messages.success(request, sentence)
    return redirect("numbers:list", request.workspace.slug)
