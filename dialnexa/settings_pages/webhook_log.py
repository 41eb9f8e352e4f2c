"""An endpoint's page: what it was sent, what it answered, and sending again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.ids import ID_PATTERN
from dialnexa.models import WebhookDelivery, WebhookEndpoint
from dialnexa.paging import Order, cut_page, find_cursor
from dialnexa.settings_pages.pages import dialog, go
from dialnexa.settings_pages.webhook_forms import PERIODS, PeriodForm
from dialnexa.settings_pages.webhook_rows import (
    TONES,
    TYPES,
    LogFilters,
    read_endpoint,
    read_log_filters,
)
from dialnexa.settings_pages.webhooks import get_endpoint
from dialnexa.shell import sign_in_required
from dialnexa.webhooks.redelivering import redeliver, redeliver_failed
from dialnexa.webhooks.sending import body_of

PAGE_SIZE = 50
NEWEST = Order("created_at", descending=True)
SOON = timedelta(seconds=30)


@require_GET
@vary_on_headers("HX-Request")
@sign_in_required
def show_webhook(request: Request, slug: str, endpoint_id: str) -> HttpResponse:
    """The endpoint and one page of its log, newest first; only the log when htmx asks."""
    endpoint = get_endpoint(get_workspace(request, slug, Right.MANAGE), endpoint_id)
    filters = read_log_filters(request.GET)
    context = {"workspace": endpoint.workspace, "row": read_endpoint(endpoint), "now": clock.now()}
    context |= {"endpoint": endpoint, "filters": filters, **_page(endpoint, filters)}
    if request.htmx:
        return render(request, "settings/_webhook_log.html", context)
    context |= {"states": WebhookDelivery.State.choices, "types": TYPES}
    return render(request, "settings/webhook.html", context)


def _page(endpoint: WebhookEndpoint, filters: LogFilters) -> dict[str, Any]:
    rows = filters.choose(endpoint)
    cursor = find_cursor(rows, NEWEST, after=filters.after, before=filters.before)
    page = cut_page(rows, NEWEST, cursor, size=PAGE_SIZE)
    here = reverse("settings:webhook", args=[endpoint.workspace.slug, endpoint.pk])
    start = f"{here}?{filters.query}&" if filters.query else f"{here}?"
    return {
        "deliveries": [(delivery, TONES[delivery.state]) for delivery in page.rows],
        "earlier_url": f"{start}before={page.rows[0].pk}" if page.rows and page.has_earlier else "",
        "later_url": f"{start}after={page.rows[-1].pk}" if page.rows and page.has_later else "",
        "log_url": here,
        "is_live": endpoint.enabled and any(_is_soon(delivery) for delivery in page.rows),
    }


def _is_soon(delivery: WebhookDelivery) -> bool:
    """Whether something will be heard of it while somebody looks."""
    return bool(delivery.next_try_at and delivery.next_try_at <= clock.now() + SOON)


@require_GET
@sign_in_required
def show_delivery(request: Request, slug: str, endpoint_id: str, delivery_id: str) -> HttpResponse:
    """The message as it was sent, and each attempt."""
    endpoint = get_endpoint(get_workspace(request, slug, Right.MANAGE), endpoint_id)
    delivery = get_delivery(endpoint, delivery_id)
    context = {
        "workspace": endpoint.workspace,
        "endpoint": endpoint,
        "delivery": delivery,
        "tone": TONES[delivery.state],
        "payload": json.dumps(json.loads(body_of(delivery.message)), indent=2, ensure_ascii=False),
        "attempts": delivery.attempts.order_by("-at", "-pk"),
        "now": clock.now(),
    }
    return render(request, "settings/webhook_delivery.html", context)


@require_POST
@sign_in_required
def send_again(request: Request, slug: str, endpoint_id: str, delivery_id: str) -> HttpResponse:
    """Send one message again, or now if it waits."""
    endpoint = get_endpoint(get_workspace(request, slug, Right.MANAGE), endpoint_id)
    delivery = get_delivery(endpoint, delivery_id)
    try:
        redeliver(delivery, by=browser_actor(request), now=clock.now())
        messages.success(request, _("The message is on its way again."))
    except Refusal as refusal:
        messages.warning(request, refusal.sentence)
    return go(request, reverse("settings:webhook-delivery", args=[slug, endpoint.pk, delivery.pk]))


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
def send_failed_again(request: Request, slug: str, endpoint_id: str) -> HttpResponse:
    """Send everything that was given up again, of a time to choose."""
    endpoint = get_endpoint(get_workspace(request, slug, Right.MANAGE), endpoint_id)
    form = PeriodForm(request.POST if request.method == "POST" else None, initial={"days": "1"})
    context = {"workspace": endpoint.workspace, "endpoint": endpoint, "form": form, "periods": PERIODS}
    title = _("Send again what was given up")
    if not form.is_valid():
        problem = Refusal("form_invalid", _("Choose one of these."), status=422) if form.is_bound else None
        return dialog(request, "webhook_redeliver", title, context, problem)
    now = clock.now()
    try:
        count = redeliver_failed(endpoint, since=form.since(now), by=browser_actor(request), now=now)
    except Refusal as refusal:
        return dialog(request, "webhook_redeliver", title, context, refusal)
    sentence = ngettext(
        "%(count)d message is on the way again.", "%(count)d messages are on the way again.", count
    ) % {"count": count}
    messages.success(request, sentence if count else _("Nothing was given up in that time."))
    return go(request, reverse("settings:webhook", args=[slug, endpoint.pk]))


def get_delivery(endpoint: WebhookEndpoint, delivery_id: str) -> WebhookDelivery:
    if not ID_PATTERN.fullmatch(delivery_id):
        raise Http404
    rows = WebhookDelivery.objects.filter(endpoint=endpoint).select_related("message", "endpoint")
    return get_object_or_404(rows, pk=delivery_id)
