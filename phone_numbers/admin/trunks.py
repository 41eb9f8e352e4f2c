"""SIP trunks as support sees them: everything but the password."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from dialnexa.actors import Actor
from dialnexa.admin_actions import StaffAction
from dialnexa.admin_looks import pill
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import desk
from dialnexa.admin_timeline import Section, link_to
from phone_numbers.admin.find import spelled
from phone_numbers.linking.health import check_now
from phone_numbers.models import PhoneNumber, SipTrunk
from telephony.e164 import format_international

CONNECTION = ("termination_", "transport", "auth_mode", "username", "password")
TONES = {"healthy": "active", "unchecked": "pending"}  # health → a state that looks like it


def _check_now(trunk: SipTrunk, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    found = check_now(trunk, by=by, now=now, reason=data["reason"])
    took = f" in {found.round_trip_ms} ms" if found.round_trip_ms is not None else ""
    return f"{found.health}, {f'SIP {found.code}' if found.code else 'no reply'}{took}. {found.sentence}"


def _is_linked(trunk: SipTrunk) -> bool:
    return (trunk.status, trunk.number.status) == (SipTrunk.Status.LINKED, PhoneNumber.Status.ACTIVE)


CHECK_NOW = StaffAction(
    name="check-now",
    label="Check now",
    explains="The customer's carrier is asked here and now (up to 5 seconds), with the stored credentials.",
    run=_check_now,
    permission="numbers.change_siptrunk",
    fits=_is_linked,
    says=lambda trunk: f"{trunk.get_health_display()}, {trunk.workspace}.",
    single=True,
)


@admin.register(SipTrunk)
class SipTrunkAdmin(ReadOnlyAdmin):
    shelf = "Numbers"
    shows_history = True
    fieldsets = (
        (None, {"fields": ("id", "number_", "workspace", "state", "created_at")}),
        (
            "Trunk",
            {"fields": (*CONNECTION, "caller_id", "sources")},
        ),
        ("Health", {"fields": ("condition", "health_code", "health_text", "round_trip_ms", "checked_at")}),
        ("Work", {"fields": ("next_check_at", "checking_until", "rung_until")}),
    )
    list_display = ("number_", "termination_", "condition", "state", "workspace", "checked_at")
    list_display_links = ("termination_",)
    list_filter = ("health", "status", "transport", "auth_mode")
    list_select_related = ("number", "workspace")
    search_fields = ("id__exact", "number__id__exact", "host", "username__exact", "workspace__slug__exact")
    search_help_text = "A number in any spelling, an id, a host, a workspace's slug"
    ordering = ("-id",)
    staff_actions = (CHECK_NOW,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SipTrunk]:
        return super().get_queryset(request).select_related("number", "workspace")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        number = spelled(search_term)
        if number is None:
            return super().get_search_results(request, queryset, search_term)
        numbers = PhoneNumber.objects.filter(number)  # an address has digits, too
        return queryset.filter(Q(number__in=numbers) | Q(host__contains=search_term.strip())), False

    def heading(self, item: SipTrunk) -> str:
        return f"Trunk of {format_international(item.number.e164)}"

    def describe(self, item: SipTrunk) -> str:
        return f"{item.get_health_display()}, {item.workspace}"

    @admin.display(description="Number", ordering="number__e164")
    def number_(self, trunk: SipTrunk) -> SafeString | str:
        return link_to(trunk.number, format_international(trunk.number.e164))

    @admin.display(description="Host", ordering="host")
    def termination_(self, trunk: SipTrunk) -> str:
        return trunk.termination

    @admin.display(description="Password")
    def password(self, trunk: SipTrunk) -> str:
        return "Set, and shown nowhere" if trunk.sealed_password else "None"

    @admin.display(description="Status", ordering="status")
    def state(self, trunk: SipTrunk) -> SafeString:
        tone = "active" if trunk.status == SipTrunk.Status.LINKED else "pending"
        return pill(tone if trunk.status != SipTrunk.Status.FAILED else "failed", trunk.get_status_display())

    @admin.display(description="Health", ordering="health")
    def condition(self, trunk: SipTrunk) -> SafeString:
        return pill(TONES.get(trunk.health, "failed"), trunk.get_health_display())


def trunk_of(number: PhoneNumber, request: HttpRequest) -> Section | None:
    """The number's trunk, for the number's page; nothing for one that was bought from a carrier of ours."""
    trunks = SipTrunk.objects.filter(number=number)
    rows = [
        (link_to(trunk), trunk.get_transport_display(), trunk.get_health_display(), trunk.health_text or "–")
        for trunk in trunks
    ]
    head = ("Host", "Transport", "Health", "What it said")
    return Section("SIP trunk", head=head, rows=rows) if rows else None


desk().extend(PhoneNumber, trunk_of)
