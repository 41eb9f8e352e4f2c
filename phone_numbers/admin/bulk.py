"""Bulk changes of routing as support sees them: which numbers, from what to what, and whether undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.safestring import SafeString

from dialnexa.admin_lists import state_filter
from dialnexa.admin_looks import pill
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_timeline import Section, link_to
from phone_numbers.models import BulkRouting, PhoneNumber
from telephony.e164 import format_international
from telephony.models import AgentVersion

SHOWN = 200  # numbers on one page
Versions = dict[str, AgentVersion]

BulkState = state_filter(
    standing=("In force", lambda now: Q(undone_at=None)),
    undone=("Undone", lambda now: Q(undone_at__isnull=False)),
)


@admin.register(BulkRouting)
class BulkRoutingAdmin(ReadOnlyAdmin):
    shelf = "Numbers"
    shows_history = True
    fields = ("id", "workspace", "made_by", "numbers", "state", "created_at", "undone_at")
    list_display = ("id", "workspace", "numbers", "state", "made_by", "created_at")
    list_filter = (BulkState, "created_at")
    list_select_related = ("workspace", "made_by")
    search_fields = ("id__exact", "workspace__slug__exact", "workspace__id__exact", "made_by__email")
    ordering = ("-id",)

    @admin.display(description="Numbers")
    def numbers(self, bulk: BulkRouting) -> int:
        return len(bulk.changes)

    @admin.display(description="State")
    def state(self, bulk: BulkRouting) -> SafeString:
        return pill("off", "Undone") if bulk.undone_at else pill("active", "In force")

    def describe(self, item: BulkRouting) -> str:
        return str(item.workspace)

    def sections(self, item: BulkRouting, request: HttpRequest) -> Sequence[Section]:
        changes = item.changes[:SHOWN]
        numbers = PhoneNumber.objects.in_bulk([change["number"] for change in changes])
        versions = _versions(changes)
        rows = [
            (
                link_to(number, format_international(number.e164)) if number else change["number"],
                _move(change.get("inbound"), versions),
                _move(change.get("outbound"), versions),
            )
            for change in changes
            for number in (numbers.get(change["number"]),)
        ]
        return (Section("Changes", head=("Number", "Inbound", "Outbound"), rows=rows),)


def _versions(changes: Sequence[dict[str, Any]]) -> Versions:
    ids = {pk for change in changes for way in ("inbound", "outbound") for pk in change.get(way) or ()}
    return AgentVersion.objects.select_related("agent").in_bulk([pk for pk in ids if pk])


def _move(pair: Sequence[str | None] | None, versions: Versions) -> str:
    """``nobody → Reception v2``; a dash for a direction that was left alone."""
    if not pair:
        return "–"
    return " → ".join(str(versions.get(pk, pk)) if pk else "nobody" for pk in pair)
