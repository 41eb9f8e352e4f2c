"""Calls, what carriers said about them, and the rows of batches, as support sees them."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from dialnexa.admin_looks import pill
from dialnexa.admin_pieces import ReadOnlyAdmin
from telephony.models import BatchRow, Call, CarrierWebhook


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    """One attempt: its states are in its history, the carrier's words in its webhooks and exchanges."""

    shelf = "Customers"
    list_display = ("id", "workspace", "direction", "from_text", "to_text", "state", "charged", "created_at")
    list_filter = ("direction", "status", "carrier")
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
