"""Uploaded lists, SIP/BYOC switches and the version of the rates, as support sees them."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from dialnexa.admin_looks import pill
from dialnexa.admin_pieces import ReadOnlyAdmin
from telephony.models import BatchCall, RateVersion, SipSwitch


@admin.register(BatchCall)
class BatchCallAdmin(ReadOnlyAdmin):
    """The list's own page shows the report; its rows are the customer's business."""

    shelf = "Customers"
    fields = (
        "id",
        "workspace",
        "title",
        "state",
        "rows",
        "good_rows",
        "reason",
        "reading_due_at",
        "readings",
        "rows_read",
        "from_number_id",
        "made_by",
        "created_at",
    )
    list_display = ("id", "workspace", "title", "state", "rows", "good_rows", "created_at")
    list_filter = ("status",)
    list_select_related = ("workspace",)
    search_fields = ("id__exact", "workspace__slug", "title")
    ordering = ("-id",)

    @admin.display(description="Status", ordering="status")
    def state(self, batch: BatchCall) -> SafeString:
        return pill(batch.status, batch.get_status_display())


@admin.register(SipSwitch)
class SipSwitchAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    fields = ("workspace", "enabled", "changed_at")
    list_display = ("workspace", "enabled", "changed_at")
    list_select_related = ("workspace",)
    search_fields = ("workspace__slug",)
    ordering = ("workspace",)


@admin.register(RateVersion)
class RateVersionAdmin(ReadOnlyAdmin):
    """Changes with every change of rates, prefixes and groups: prices kept in memory are read anew."""

    fields = ("id", "version")
    list_display = ("id", "version")
    ordering = ("id",)
