"""The drift desk: what carriers list otherwise than we do, what it costs a month, what is done about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from dialnexa.admin_lists import state_filter
from dialnexa.admin_looks import dot, exact_money
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import Page, Watch, desk
from dialnexa.admin_timeline import Section, history_events, link_to, timeline
from phone_numbers.admin import drift_work as work
from phone_numbers.admin.find import NumberSearch
from phone_numbers.buying.quoting import label_of
from phone_numbers.drift.standing import last_sweep, monthly_bills
from phone_numbers.models import CarrierListing, CarrierSweep, Drift, PhoneNumber
from telephony.admin.catalogue import exchange_events
from telephony.carriers import carrier_slugs
from telephony.e164 import format_international

AGREED = Q(status=Drift.Status.OPEN, agreed_at__isnull=False)
DOUBTFUL = ~Q(alarm="") | Q(finished_at__isnull=False, complete=False)
LATELY = timedelta(days=2)

DriftState = state_filter(
    agreed=("To decide", lambda now: AGREED),
    once=("Seen once", lambda now: Q(status=Drift.Status.OPEN, agreed_at=None)),
    ignored=("Ignored", lambda now: Q(status=Drift.Status.IGNORED)),
    done=("Done", lambda now: ~Q(status__in=Drift.SEEN)),
)
SweepState = state_filter(
    doubt=("In doubt", lambda now: _doubtful(now)),
    complete=("Complete", lambda now: Q(complete=True, alarm="")),
    running=("Running", lambda now: Q(finished_at=None)),
)


def _doubtful(now: datetime) -> Q:
    """Whole lists of late that nothing follows from."""
    return DOUBTFUL & Q(scope=CarrierSweep.Scope.FULL, started_at__gt=now - LATELY)


@admin.register(Drift)
class DriftAdmin(NumberSearch):
    shelf = "Numbers"
    called = "Differences from carriers"
    fieldsets = (
        (None, {"fields": ("id", "number_", "kind", "state", "told", "carrier", "carrier_number_id")}),
        ("Who it concerns", {"fields": ("ours", "workspace", "order_", "stray_", "monthly")}),
        ("Seen", {"fields": ("first_seen_at", "last_seen_at", "agreed_at", "first_", "last_")}),
        ("Decided", {"fields": ("decided_at", "decided_by", "reason")}),
    )
    list_display = ("number_", "kind", "state", "carrier", "monthly", "told", "workspace", "first_seen_at")
    list_filter = (DriftState, "kind", "carrier")
    list_select_related = ("number__workspace", "order__workspace", "stray", "first_sweep", "last_sweep")
    search_fields = ("id__exact", "number__id__exact", "order__id__exact", "carrier_number_id__exact")
    ordering = ("-id",)
    staff_actions = (work.RECHECK, work.ADOPT, work.POOL, work.REPAIR, work.RELEASE, work.IGNORE)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Drift]:
        return super().get_queryset(request).select_related(*self.list_select_related)

    @admin.display(description="Status", ordering="status")
    def state(self, drift: Drift) -> SafeString:
        if drift.status != Drift.Status.OPEN:
            return dot("off", drift.get_status_display())
        return dot("trouble", "To decide") if drift.agreed_at else dot("waiting", "Seen once")

    @admin.display(description="Evidence")
    def told(self, drift: Drift) -> SafeString:
        return format_html_join(" ", "{}", ((sentence,) for sentence in drift.evidence))

    @admin.display(description="A month", ordering="monthly_cost")
    def monthly(self, drift: Drift) -> str:
        return exact_money(drift.monthly_cost, drift.currency)

    @admin.display(description="Our number")
    def ours(self, drift: Drift) -> SafeString | str:
        if drift.number is None:
            return "–"
        return link_to(drift.number, f"{drift.number.pk} ({drift.number.get_status_display().lower()})")

    @admin.display(description="Workspace")
    def workspace(self, drift: Drift) -> SafeString | str:
        concerned = drift.order or drift.number
        return link_to(concerned.workspace) if concerned else "–"

    @admin.display(description="Order")
    def order_(self, drift: Drift) -> SafeString | str:
        return link_to(drift.order, drift.order_id or "")

    @admin.display(description="Stray number")
    def stray_(self, drift: Drift) -> SafeString | str:
        return link_to(drift.stray)

    @admin.display(description="First seen by")
    def first_(self, drift: Drift) -> SafeString | str:
        return link_to(drift.first_sweep)

    @admin.display(description="Last seen by")
    def last_(self, drift: Drift) -> SafeString | str:
        return link_to(drift.last_sweep)

    def describe(self, item: Drift) -> str:
        return (
            f"{item.get_kind_display()} at {item.get_carrier_display()}, {item.get_status_display().lower()}"
        )

    def sections(self, item: Drift, request: HttpRequest) -> Sequence[Section]:
        ids = [pk for pk in (item.pk, item.number_id, item.order_id, item.stray_id) if pk]
        return (timeline(exchange_events([item.pk]), history_events(ids)),)


@admin.register(CarrierSweep)
class CarrierSweepAdmin(ReadOnlyAdmin):
    shelf = "Numbers"
    called = "Sweeps of carriers’ lists"
    list_display = ("started_at", "carrier", "scope", "state", "counted", "told_total", "finished_at")
    list_filter = (SweepState, "scope", "carrier")
    search_fields = ("id__exact",)
    ordering = ("-id",)
    staff_actions = (work.SWEEP,)

    @admin.display(description="State")
    def state(self, sweep: CarrierSweep) -> SafeString:
        return sweep_state(sweep)

    def sections(self, item: CarrierSweep, request: HttpRequest) -> Sequence[Section]:
        return (timeline(exchange_events([item.pk]), history_events([item.pk])),)


@admin.register(CarrierListing)
class CarrierListingAdmin(NumberSearch):
    """What carriers said in their last two complete sweeps."""

    shelf = "Numbers"
    called = "Numbers on carriers’ lists"
    list_display = ("number_", "sweep", "owned", "carrier_number_id", "monthly", "papers", "route")
    list_filter = ("owned", "papers", "sweep__carrier")
    list_select_related = ("sweep",)
    search_fields = ("carrier_number_id__exact", "sweep__id__exact")
    ordering = ("-id",)

    @admin.display(description="A month", ordering="monthly_cost")
    def monthly(self, listing: CarrierListing) -> str:
        return exact_money(listing.monthly_cost, listing.currency)


def sweep_state(sweep: CarrierSweep) -> SafeString:
    if sweep.finished_at is None:
        return dot("waiting", "Being read")
    if not sweep.complete:
        return dot("trouble", "Incomplete")
    return dot("trouble", "Not believed") if sweep.alarm else dot("ok", "Complete")


# --- the desk ---------------------------------------------------------------------------------------


def show_desk(request: HttpRequest) -> HttpResponse:
    """Each carrier's last list, and what the differences cost a month: to decide, and seen once."""
    sweeps = {slug: last_sweep(slug) for slug in carrier_slugs()}
    context = desk().each_context(request) | {
        "title": "Drift desk",
        "alarms": [sweep.alarm for sweep in sweeps.values() if sweep and sweep.alarm],
        "sections": (_bills(), _found(), _carriers(sweeps)),
    }
    return TemplateResponse(request, "admin/drift.html", context)


def _bills() -> Section:
    rows = []
    for bill in monthly_bills(Drift.objects.filter(AGREED)):
        name = Drift.Kind(bill.kind).label
        where = desk().list_of(Drift, f"state=agreed&kind__exact={bill.kind}")
        cost = exact_money(bill.amount, bill.currency) if bill.amount is not None else "not known"
        rows.append((format_html('<a href="{}">{}</a>', where, name), bill.count, cost))
    empty = "Carriers and we agree: nothing waits for a decision."
    return Section("To decide", head=("Kind", "Numbers", "A month"), rows=rows, empty=empty)


def _found() -> Section:
    """The dearest first."""
    first = Drift.objects.filter(AGREED).order_by("-monthly_cost", "first_seen_at")[:20]
    rows = [
        (
            link_to(drift, format_international(drift.e164)),
            drift.get_kind_display(),
            exact_money(drift.monthly_cost, drift.currency),
            " ".join(drift.evidence),
        )
        for drift in first
    ]
    more = desk().list_of(Drift, "state=agreed")
    head = ("Number", "Kind", "A month", "Evidence")
    return Section("The dearest", head=head, rows=rows, more=more, empty="Nothing to decide.")


def _carriers(sweeps: dict[str, CarrierSweep | None]) -> Section:
    rows = [_carrier_row(slug, sweep) for slug, sweep in sweeps.items()]
    head = ("Carrier", "List", "Begun", "Numbers", "They say", "Problem")
    more = desk().list_of(CarrierSweep)
    return Section("Carriers’ lists", head=head, rows=rows, more=more, empty="No carrier is configured.")


def _carrier_row(slug: str, sweep: CarrierSweep | None) -> tuple[Any, ...]:
    if sweep is None:
        return (label_of(slug), "not read yet", "–", "–", "–", "–")
    begun = link_to(sweep, f"{localtime(sweep.started_at):%d %b %H:%M}")
    told = "does not say" if sweep.told_total is None else sweep.told_total
    problem = sweep.alarm or sweep.problem or "–"
    return (label_of(slug), sweep_state(sweep), begun, sweep.counted, told, problem)


def differences_of(number: PhoneNumber, request: HttpRequest) -> Section | None:
    """For a number's page: what its carrier says otherwise, now and before."""
    rows = [
        (link_to(drift, drift.get_kind_display()), drift.get_status_display(), " ".join(drift.evidence))
        for drift in Drift.objects.filter(number=number).order_by("-id")[:10]
    ]
    head = ("Kind", "Status", "Evidence")
    return Section("Differences from its carrier", head=head, rows=rows) if rows else None


def _to_decide(now: datetime) -> QuerySet:
    return Drift.objects.filter(AGREED)


def _in_doubt(now: datetime) -> QuerySet:
    return CarrierSweep.objects.filter(_doubtful(now))


desk().add_page(Page("Numbers", "Drift desk", "drift", show_desk, Drift))
desk().extend(PhoneNumber, differences_of)
desk().watch(Watch("Differences", "Carriers list otherwise than we do", _to_decide, "state=agreed"))
desk().watch(Watch("Lists in doubt", "Incomplete, or not believed", _in_doubt, "state=doubt"))
