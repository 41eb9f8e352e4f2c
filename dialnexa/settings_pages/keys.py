"""The pages of API keys.

A secret is in one answer and nowhere else: the one to the POST that made it. So that answer is a page and no
redirect, and no cache keeps it. The form carries the id of the key to be; sent again (a second press, a
reload) it meets the key that is there, and the answer says so instead of making another one or showing the
secret again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace
from dialnexa.api_keys import create_api_key, new_key_id, revoke_api_key, rotate_api_key, set_spend_cap
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.ids import ID_PATTERN, uuid_of
from dialnexa.mfa.leading import recent_sign_in_required
from dialnexa.models import ApiKey, Workspace
from dialnexa.money import CENT
from dialnexa.scope_words import GROUPS, access_of
from dialnexa.settings_pages.key_forms import OVERLAPS, CapForm, KeyForm, RotateForm
from dialnexa.settings_pages.key_rows import read_key, read_keys
from dialnexa.settings_pages.pages import dialog, lead_to
from dialnexa.shell import sign_in_required
from dialnexa.spending import month_end, spent_this_month

TRY_OUT = (  # the first that fits the key's scopes
    ("numbers:read", "/v1/organization-phone-numbers"),
    ("agents:read", "/v1/agents"),
    ("telephony:read", "/v1/phone-country-rules/countries"),
)


@require_GET
@sign_in_required
def list_keys(request: Request, slug: str) -> HttpResponse:
    """Every key: what it may do, what it spends, until when it works."""
    workspace, now = get_workspace(request, slug, Right.MANAGE), clock.now()
    context = {
        "workspace": workspace,
        "keys": read_keys(workspace, now=now),
        "base_url": f"{settings.PUBLIC_BASE_URL}/v1",
        "project": uuid_of(workspace.pk),
        "month_end": month_end(workspace, now),
        "now": now,
    }
    return render(request, "settings/keys.html", context)


@require_http_methods(["GET", "POST"])
@sign_in_required
@recent_sign_in_required
def create(request: Request, slug: str) -> HttpResponse:
    """The form, and the page that shows the secret once."""
    workspace, now = get_workspace(request, slug, Right.MANAGE), clock.now()
    form = KeyForm(_sent(request), currency=workspace.currency, now=now)
    key_id = new_key_id(request.POST.get("key_id", ""))
    if form.is_valid():
        by = browser_actor(request)
        try:
            key, secret = create_api_key(workspace, **form.wanted, by=by, now=now, key_id=key_id)
            return _show_secret(request, key, secret)
        except Refusal as refusal:
            if refusal.code == "key_exists":
                return _shown_before(request, workspace, refusal)
            form.add_error(refusal.details.get("field"), refusal.sentence)
    context = {"workspace": workspace, "form": form, "key_id": key_id, "groups": GROUPS, "now": now}
    return render(request, "settings/key_create.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
@recent_sign_in_required
def rotate(request: Request, slug: str, key_id: str) -> HttpResponse:
    """Ask how long the old key should go on; then show the new one's secret once."""
    workspace, now = get_workspace(request, slug, Right.MANAGE), clock.now()
    key = get_key(workspace, key_id)
    form = RotateForm(_sent(request), initial={"overlap": request.GET.get("overlap", "86400")})
    new_id = new_key_id(request.POST.get("key_id", ""))
    context = _key_context(key, now) | {"form": form, "key_id": new_id, "overlaps": OVERLAPS}
    title = _("Rotate %(name)s") % {"name": key.name}
    if not form.is_valid():
        return dialog(request, "key_rotate", title, context, _unread() if form.is_bound else None)
    try:
        by = browser_actor(request)
        new, secret = rotate_api_key(key, overlap=form.wanted, by=by, now=now, key_id=new_id)
    except Refusal as refusal:
        if refusal.details.get("key") == new_id:
            return _shown_before(request, workspace, refusal)
        return dialog(request, "key_rotate", title, context, refusal)
    return _show_secret(request, new, secret, old=key)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
def change_cap(request: Request, slug: str, key_id: str) -> HttpResponse:
    """Set, change or take away what the key may spend in a month."""
    workspace, now = get_workspace(request, slug, Right.MANAGE), clock.now()
    key = get_key(workspace, key_id)
    before = "" if key.monthly_spend_cap is None else f"{key.monthly_spend_cap.quantize(CENT):f}"
    form = CapForm(_sent(request), currency=workspace.currency, initial={"cap": before})
    context = _key_context(key, now) | {"form": form, "month_end": month_end(workspace, now)}
    title = _("Spend cap of %(name)s") % {"name": key.name}
    if not form.is_valid():
        return dialog(request, "key_cap", title, context, _unread() if form.is_bound else None)
    try:
        set_spend_cap(key, form.cleaned_data["cap"], by=browser_actor(request), now=now)
    except Refusal as refusal:
        return dialog(request, "key_cap", title, context, refusal)
    said = _("The cap of %(name)s is changed.") % {"name": key.name}
    return lead_to(request, "settings:keys", slug, said)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
def revoke(request: Request, slug: str, key_id: str) -> HttpResponse:
    """Say what stops, then stop it for good."""
    workspace, now = get_workspace(request, slug, Right.MANAGE), clock.now()
    key = get_key(workspace, key_id)
    context, title = _key_context(key, now), _("Revoke %(name)s") % {"name": key.name}
    if request.method == "GET":
        return dialog(request, "key_revoke", title, context)
    try:
        revoke_api_key(key, by=browser_actor(request), now=now)
    except Refusal as refusal:
        return dialog(request, "key_revoke", title, context, refusal)
    said = _("%(key)s is revoked. Requests with it are refused.") % {"key": key}
    return lead_to(request, "settings:keys", slug, said)


def get_key(workspace: Workspace, key_id: str) -> ApiKey:
    """Another workspace's key is 404, as one that does not exist."""
    if not ID_PATTERN.fullmatch(key_id):
        raise Http404
    keys = ApiKey.objects.select_related("workspace", "replaces")
    return get_object_or_404(keys, pk=key_id, workspace=workspace)


def _unread() -> Refusal:
    """The form says what it could not read."""
    return Refusal("form_invalid", _("Look at what is marked."), status=422)


def _sent(request: Request) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _key_context(key: ApiKey, now: datetime) -> dict[str, Any]:
    successor = key.replacements.filter(revoked_at=None).order_by("-created_at", "-pk").first()
    row = read_key(key, spent_this_month(key, now=now), successor, now)
    return {"workspace": key.workspace, "key": key, "row": row, "now": now}


def _show_secret(request: Request, key: ApiKey, secret: str, old: ApiKey | None = None) -> HttpResponse:
    path = next((path for scope, path in TRY_OUT if scope in key.scopes), "")
    context = {
        "workspace": key.workspace,
        "key": key,
        "secret": secret,
        "old": old,
        "access": access_of(key.scopes),
        "try_url": f"{settings.PUBLIC_BASE_URL}{path}" if path else "",
        "now": clock.now(),
    }
    response = render(request, "settings/key_secret.html", context)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _shown_before(request: Request, workspace: Workspace, refusal: Refusal) -> HttpResponse:
    """The form was sent again. The key is there; its secret is gone, unless somebody copied it."""
    key = get_key(workspace, refusal.details["key"])
    context = {"workspace": workspace, "key": key, "refusal": refusal}
    return render(request, "settings/key_shown_before.html", context, status=refusal.status)
