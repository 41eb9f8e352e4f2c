"""The drift desk's page: each carrier's last list, read again at a press, and what the differences cost."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.timezone import localtime

from dialnexa import clock
from dialnexa.access import staff_actor
from dialnexa.admin_looks import exact_money
from dialnexa.admin_site import Page, desk
from dialnexa.admin_timeline import Section, link_to
from phone_numbers.admin.drift import AGREED, sweep_state
from phone_numbers.admin.drift_work import SWEEP
from phone_numbers.admin.find import phone
from phone_numbers.buying.quoting import label_of
from phone_numbers.drift.standing import last_sweep, monthly_bills, names_prices
from phone_numbers.drift.sweeps import ask_for_sweep
from phone_numbers.models import CarrierSweep, Drift
from telephony.carriers import carrier_slugs

SAYS_PRICES = {True: "named", False: "this carrier’s list names no prices", None: "–"}


def show_desk(request: HttpRequest) -> HttpResponse:
    """Each carrier's last list, and what the differences cost a month. POST ``carrier``: read its list."""
    if request.method == "POST":
        return _read_now(request, request.POST.get("carrier", ""))
    sweeps = {slug: last_sweep(slug) for slug in carrier_slugs()}
    context = desk().each_context(request) | {
        "title": "Drift desk",
        "alarms": [sweep.alarm for sweep in sweeps.values() if sweep and sweep.alarm],
        "sections": (_bills(), _found(), _carriers(request, sweeps)),
    }
    return TemplateResponse(request, "admin/drift.html", context)


def _read_now(request: HttpRequest, carrier: str) -> HttpResponse:
    """It is only begun here: a worker reads it, however slow the carrier is."""
    if not request.user.has_perm(SWEEP.permission):
        raise PermissionDenied
    try:
        begun = ask_for_sweep(carrier, by=staff_actor(request), now=clock.now())
    except LookupError as error:
        messages.error(request, str(error))
    else:
        told = f"A worker reads {begun.get_carrier_display()}’s list now; reload to see how far it is."
        messages.success(request, told)
    return redirect("admin:drift")


def _bills() -> Section:
    rows = []
    for bill in monthly_bills(Drift.objects.filter(AGREED)):
        where = desk().list_of(Drift, f"state=agreed&kind__exact={bill.kind}")
        cost = exact_money(bill.amount, bill.currency) if bill.amount is not None else "not known"
        name = format_html('<a href="{}">{}</a>', where, Drift.Kind(bill.kind).label)
        rows.append((name, bill.count, cost))
    empty = "Carriers and we agree: nothing waits for a decision."
    return Section("To decide", head=("Kind", "Numbers", "A month"), rows=rows, empty=empty)


def _found() -> Section:
    """The dearest first."""
    dearest = F("monthly_cost").desc(nulls_last=True)
    rows = [
        (
            link_to(drift, phone(drift.e164)),
            drift.get_kind_display(),
            exact_money(drift.monthly_cost, drift.currency),
            " ".join(drift.evidence),
        )
        for drift in Drift.objects.filter(AGREED).order_by(dearest, "first_seen_at")[:20]
    ]
    more = desk().list_of(Drift, "state=agreed")
    head = ("Number", "Kind", "A month", "Evidence")
    return Section("The dearest", head=head, rows=rows, more=more, empty="Nothing to decide.")


def _carriers(request: HttpRequest, sweeps: dict[str, CarrierSweep | None]) -> Section:
    rows = [_carrier_row(request, slug, sweep) for slug, sweep in sweeps.items()]
    may = ("Again",) if request.user.has_perm(SWEEP.permission) else ()
    head = ("Carrier", "List", *may, "Begun", "Numbers", "They say", "Prices", "Problem")
    more = desk().list_of(CarrierSweep)
    return Section("Carriers’ lists", head=head, rows=rows, more=more, empty="No carrier is configured.")


def _carrier_row(request: HttpRequest, slug: str, sweep: CarrierSweep | None) -> tuple[Any, ...]:
    may = request.user.has_perm(SWEEP.permission)
    button = (_button(request, slug, sweep),) if may else ()
    if sweep is None:
        return (label_of(slug), "not read yet", *button, "–", "–", "–", "–", "–")
    begun = link_to(sweep, f"{localtime(sweep.started_at):%-d %b %H:%M}")
    told = "does not say" if sweep.told_total is None else sweep.told_total
    problem = sweep.alarm or sweep.problem or "–"
    prices = SAYS_PRICES[names_prices(slug)]
    return (label_of(slug), sweep_state(sweep), *button, begun, sweep.counted, told, prices, problem)


def _button(request: HttpRequest, slug: str, sweep: CarrierSweep | None) -> str:
    if sweep is not None and sweep.finished_at is None:
        return "being read"
    context = {"carrier": slug, "label": label_of(slug)}
    return render_to_string("admin/_read_list.html", context, request)


desk().add_page(Page("Numbers", "Drift desk", "drift", show_desk, Drift))
