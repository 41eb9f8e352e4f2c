"""The pages of webhook endpoints. A secret is in one answer and nowhere else, as with API keys."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.ids import ID_PATTERN
from dialnexa.mfa.leading import recent_sign_in_required
from dialnexa.models import WebhookEndpoint, Workspace
from dialnexa.settings_pages.pages import dialog, go, lead_to
from dialnexa.settings_pages.webhook_forms import (
    OVERLAPS,
    EndpointForm,
    RotateForm,
    event_groups,
    initial_of,
)
from dialnexa.settings_pages.webhook_rows import endpoints_of, read_endpoint, read_endpoints
from dialnexa.shell import sign_in_required
from dialnexa.webhooks.endpoints import (
    change_endpoint,
    create_endpoint,
    disable_endpoint,
    enable_endpoint,
    new_endpoint_id,
    remove_endpoint,
    rotate_secret,
    send_test,
)


@require_GET
@sign_in_required
def list_webhooks(request: Request, slug: str) -> HttpResponse:
    """Every endpoint: what it is sent, whether it takes it."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    context = {"workspace": workspace, "rows": read_endpoints(workspace), "now": clock.now()}
    return render(request, "settings/webhooks.html", context)


@require_http_methods(["GET", "POST"])
@sign_in_required
@recent_sign_in_required
def create(request: Request, slug: str) -> HttpResponse:
    """The form, and the page that shows the secret once."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    form = EndpointForm(_sent(request))
    endpoint_id = new_endpoint_id(request.POST.get("endpoint_id", ""))
    if form.is_valid():
        by, now = browser_actor(request), clock.now()
        try:
            endpoint, secret = create_endpoint(
                workspace, **form.wanted, by=by, now=now, endpoint_id=endpoint_id
            )
            return _show_secret(request, endpoint, secret)
        except Refusal as refusal:
            if refusal.code == "webhook_endpoint_exists":
                return _tell(request, get_endpoint(workspace, endpoint_id), refusal.sentence, "trouble")
            form.add_error(refusal.details.get("field"), refusal.sentence)
    return _form(request, form, {"workspace": workspace, "endpoint_id": endpoint_id})


@require_http_methods(["GET", "POST"])
@sign_in_required
def edit(request: Request, slug: str, endpoint_id: str) -> HttpResponse:
    """Send something else, or elsewhere."""
    endpoint = get_endpoint(get_workspace(request, slug, Right.MANAGE), endpoint_id)
    form = EndpointForm(_sent(request), initial=initial_of(endpoint))
    if form.is_valid():
        try:
            change_endpoint(endpoint, **form.wanted, by=browser_actor(request), now=clock.now())
            return _tell(request, endpoint, _("The endpoint is changed."))
        except Refusal as refusal:
            form.add_error(refusal.details.get("field"), refusal.sentence)
    return _form(request, form, {"workspace": endpoint.workspace, "endpoint": endpoint})


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
@recent_sign_in_required
def rotate(request: Request, slug: str, endpoint_id: str) -> HttpResponse:
    """Ask how long the old secret should go on; then show the new one once."""
    endpoint = get_endpoint(get_workspace(request, slug, Right.MANAGE), endpoint_id)
    form = RotateForm(_sent(request), initial={"overlap": OVERLAPS[0][0]})
    if form.is_valid():
        now = clock.now()
        secret = rotate_secret(endpoint, overlap=form.wanted, by=browser_actor(request), now=now)
        endpoint.refresh_from_db()
        return _show_secret(request, endpoint, secret, is_rotated=True)
    context = {"workspace": endpoint.workspace, "endpoint": endpoint, "form": form, "overlaps": OVERLAPS}
    problem = Refusal("form_invalid", _("Choose one of these."), status=422) if form.is_bound else None
    return dialog(request, "webhook_rotate", _("Rotate the secret"), context, problem)


@require_POST
@sign_in_required
def test(request: Request, slug: str, endpoint_id: str) -> HttpResponse:
    """Send a ``webhook.test`` there."""
    endpoint = get_endpoint(get_workspace(request, slug, Right.MANAGE), endpoint_id)
    try:
        send_test(endpoint, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return _tell(request, endpoint, refusal.sentence, "trouble")
    return _tell(request, endpoint, _("A test message is on its way; what becomes of it shows below."))


@require_POST
@sign_in_required
def switch(request: Request, slug: str, endpoint_id: str) -> HttpResponse:
    """On (``on=1``) or off. Doing it twice changes nothing more."""
    endpoint = get_endpoint(get_workspace(request, slug, Right.MANAGE), endpoint_id)
    by, now = browser_actor(request), clock.now()
    if request.POST.get("on") == "1":
        enable_endpoint(endpoint, by=by, now=now)
        return _tell(request, endpoint, _("The endpoint is on."))
    disable_endpoint(endpoint, by=by, now=now)
    return _tell(request, endpoint, _("The endpoint is off. What waits for it is kept for 30 days."))


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
def remove(request: Request, slug: str, endpoint_id: str) -> HttpResponse:
    """Say what stops, then remove it."""
    endpoint = get_endpoint(get_workspace(request, slug, Right.MANAGE), endpoint_id)
    if request.method == "GET":
        row = read_endpoint(endpoint)
        context = {"workspace": endpoint.workspace, "endpoint": endpoint, "row": row}
        return dialog(request, "webhook_remove", _("Remove the endpoint"), context)
    remove_endpoint(endpoint, by=browser_actor(request), now=clock.now())
    said = _("%(url)s is sent nothing any more.") % {"url": endpoint.url}
    return lead_to(request, "settings:webhooks", slug, said)


def get_endpoint(workspace: Workspace, endpoint_id: str) -> WebhookEndpoint:
    """Another workspace's endpoint, or one that was removed, is 404 as one that does not exist."""
    if not ID_PATTERN.fullmatch(endpoint_id):
        raise Http404
    return get_object_or_404(endpoints_of(workspace).select_related("workspace"), pk=endpoint_id)


def _sent(request: Request) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _form(request: Request, form: EndpointForm, context: dict[str, Any]) -> HttpResponse:
    context |= {"form": form, "groups": event_groups()}
    return render(request, "settings/webhook_form.html", context, status=422 if form.errors else 200)


def _tell(request: Request, endpoint: WebhookEndpoint, sentence: str, tone: str = "ok") -> HttpResponse:
    (messages.success if tone == "ok" else messages.warning)(request, sentence)
    return go(request, reverse("settings:webhook", args=[endpoint.workspace.slug, endpoint.pk]))


def _show_secret(
    request: Request, endpoint: WebhookEndpoint, secret: str, *, is_rotated: bool = False
) -> HttpResponse:
    context = {"workspace": endpoint.workspace, "endpoint": endpoint, "secret": secret}
    context |= {"is_rotated": is_rotated}
    response = render(request, "settings/webhook_secret.html", context)
    response.headers["Cache-Control"] = "private, no-store"
    return response
