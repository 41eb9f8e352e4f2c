"""Calls, what carriers said about them, and the rows of batches, as support sees them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from dialnexa import clock
from dialnexa.admin_looks import pill
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import Watch, desk
from telephony.models import BatchRow, Call, CarrierWebhook

WEEK = timedelta(days=7)


def given_away(now: datetime) -> Q:
    """Carried, and billed to us, for more than its workspace paid; or nobody could tell for a day."""
    return (Q(given_away__gt=0) | Q(reason_code="call_untold")) & Q(created_at__gt=now - WEEK)


class CallMoney(admin.SimpleListFilter):
    title = "money"
    parameter_name = "money"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("given_away", "Given away this week"), ("lost", "Given away ever")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "given_away":
            return queryset.filter(given_away(clock.now()))
        return queryset.filter(given_away__gt=0) if self.value() == "lost" else queryset


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    """One attempt: its states are in its history, the carrier's words in its webhooks and exchanges."""

    shelf = "Customers"
    list_display = ("id", "workspace", "direction", "from_text", "to_text", "state", "charged", "created_at")
    list_filter = (CallMoney, "direction", "status", "carrier")
    list_select_related = ("workspace",)
    search_fields = ("id__exact", "workspace__slug", "from_text", "to_text", "carrier_call_id__exact")
    ordering = ("-id",)

    @admin.display(description="Status", ordering="status")
    def state(self, call: Call) -> SafeString:
        return pill(call.status, call.get_status_display())


@admin.register(CarrierWebhook)
class CarrierWebhookAdmin(ReadOnlyAdmin):
    list_display = ("id", "carrier", "kind", "call", "received_at", "applied_at", "problem")
    list_filter = ("carrier", "kind")
    list_select_related = ("call",)
    search_fields = ("key", "call__id__exact")
    ordering = ("-id",)


@admin.register(BatchRow)
class BatchRowAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    list_display = ("id", "batch", "row", "e164", "state", "tries", "reason")
    list_filter = ("state",)
    list_select_related = ("batch",)
    search_fields = ("batch__id__exact", "e164")
    ordering = ("-id",)


def _given_away_rows(now: datetime) -> QuerySet:
    return Call.objects.filter(given_away(now))


desk().watch(
    Watch(
        "Calls given away",
        "Billed to us this week, and not charged for",
        _given_away_rows,
        "money=given_away",
    )
)
