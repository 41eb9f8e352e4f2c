"""Differences from carriers' lists, the sweeps that found them, and what was listed, for support staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from dialnexa.admin_lists import state_filter
from dialnexa.admin_looks import dot, exact_money
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import Watch, desk
from dialnexa.admin_timeline import Section, history_events, link_to, timeline
from phone_numbers.admin import drift_work as work
from phone_numbers.admin.find import NumberSearch
from phone_numbers.models import CarrierListing, CarrierSweep, Drift, PhoneNumber
from telephony.admin.catalogue import exchange_events

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


desk().extend(PhoneNumber, differences_of)
desk().watch(Watch("Differences", "Carriers list otherwise than we do", _to_decide, "state=agreed"))
desk().watch(Watch("Lists in doubt", "Incomplete, or not believed", _in_doubt, "state=doubt"))
