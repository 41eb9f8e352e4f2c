"""Uploaded lists, SIP/BYOC switches and the version of the rates, as support sees them."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count
from django.utils.safestring import SafeString

from dialnexa.admin_looks import pill
from dialnexa.admin_pieces import ReadOnlyAdmin
from telephony.models import BatchCall, BatchRow, RateVersion, SipSwitch

State = BatchRow.State


@admin.register(BatchCall)
class BatchCallAdmin(ReadOnlyAdmin):
    """The list's own page shows the report; its rows are the customer's business."""

    shelf = "Customers"
    fieldsets = (
        (None, {"fields": ("id", "workspace", "title", "state", "reason", "reason_code", "fix")}),
        (
            "List",
            {
                "fields": (
                    *("rows", "good_rows", "made_by", "created_at"),
                    *("read_at", "reading_due_at", "readings", "rows_read"),
                )
            },
        ),
        (
            "Plan",
            {
                "fields": (
                    *("from_number_id", "agent_version", "starts_at", "ends_at"),
                    *("hours_begin", "hours_end", "time_zone", "at_once", "attempts", "retry_minutes"),
                )
            },
        ),
        (
            "Dialling",
            {
                "fields": (
                    *("started_by", "api_key", "started_at", "begun_at", "finished_at"),
                    *("next_run_at", "rung_until", "rests_until", "hang_up_at"),
                    "outcomes",
                )
            },
        ),
    )
    list_display = ("id", "workspace", "title", "state", "rows", "good_rows", "next_run_at", "created_at")
    list_filter = ("status",)
    list_select_related = ("workspace",)
    search_fields = ("id__exact", "workspace__slug", "title")
    ordering = ("-id",)

    @admin.display(description="Status", ordering="status")
    def state(self, batch: BatchCall) -> SafeString:
        return pill(batch.status, batch.get_status_display())

    @admin.display(description="Rows by outcome")
    def outcomes(self, batch: BatchCall) -> str:
        found = BatchRow.objects.filter(batch=batch).order_by().values_list("state").annotate(n=Count("pk"))
        counts = dict(found)
        return ", ".join(f"{label} {counts[state]:,}" for state, label in State.choices if state in counts)


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
