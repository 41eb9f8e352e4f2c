"""The numbers nobody rents, for support staff: who gets them, or when they go back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from dialnexa.admin_lists import state_filter
from dialnexa.admin_looks import dot
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import Watch, desk
from phone_numbers.admin import pool_work as work
from phone_numbers.admin.find import spelled
from phone_numbers.models import PhoneNumber, ReassignableNumber
from telephony.e164 import format_international

SOON = timedelta(days=3)
OPEN = Q(closed_at=None)
DATES = ("available_at", "assignable_at", "release_at", "closed_at")


def _leaves_soon(now: datetime) -> Q:
    return OPEN & Q(release_at__lte=now + SOON)


PoolState = state_filter(
    open=("Without an owner", lambda now: OPEN),
    soon=("Given back soon", _leaves_soon),
    kept=("Kept", lambda now: OPEN & Q(release_at=None)),
    assigned=("Given to a workspace", lambda now: Q(assigned_to__isnull=False)),
    back=("Given back", lambda now: Q(closed_at__isnull=False, assigned_to=None)),
)


@admin.register(ReassignableNumber)
class ReassignableNumberAdmin(ReadOnlyAdmin):
    shelf = "Numbers"
    called = "Numbers without an owner"
    fields = ("number", "state", "came_from", "carrier_anchor", "assigned_to", *DATES)
    list_display = ("number_", "state", "available_at", "assignable_at", "release_at", "assigned_to")
    list_filter = (PoolState,)
    list_select_related = ("number", "assigned_to")
    search_fields = ("number__id__exact", "came_from__id__exact", "came_from__workspace__slug__exact")
    search_help_text = "A number in any spelling, an id, the slug of who had it"
    ordering = ("-available_at",)
    staff_actions = (work.ASSIGN, work.KEEP, work.GIVE_BACK)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        number = spelled(search_term)
        if number is None:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(number__in=PhoneNumber.objects.filter(number)), False

    def heading(self, item: ReassignableNumber) -> str:
        return format_international(item.number.e164)

    def describe(self, item: ReassignableNumber) -> str:
        return f"was {item.came_from.workspace}’s" if item.came_from else "nobody had ordered it"

    @admin.display(description="Number", ordering="number__e164")
    def number_(self, item: ReassignableNumber) -> str:
        return format_international(item.number.e164)

    @admin.display(description="State")
    def state(self, pooled: ReassignableNumber) -> SafeString:
        if pooled.closed_at:
            return dot("off", "Given to a workspace" if pooled.assigned_to_id else "Given back")
        return dot("waiting", "Without an owner") if pooled.release_at else dot("ok", "Kept")


def _leaving(now: datetime) -> QuerySet:
    return ReassignableNumber.objects.filter(_leaves_soon(now))


desk().watch(Watch("Numbers given back soon", "Nobody rents them any more", _leaving, "state=soon"))
