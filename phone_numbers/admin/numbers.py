"""Numbers, orders and rents as support sees them: each page is the whole story."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from dialnexa.admin_looks import exact_money, pill
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import desk
from dialnexa.admin_timeline import (
    Event,
    Section,
    history_events,
    ledger_events,
    link_to,
    timeline,
)
from phone_numbers.admin import work
from phone_numbers.admin.bulk import BulkRoutingAdmin as BulkRoutingAdmin
from phone_numbers.admin.drift import DriftAdmin as DriftAdmin
from phone_numbers.admin.find import NeedsAPerson, NumberSearch, StrayState
from phone_numbers.admin.pool import ReassignableNumberAdmin as ReassignableNumberAdmin
from phone_numbers.admin.proofs import LedgerProofAdmin as LedgerProofAdmin
from phone_numbers.admin.rentals import rent_of
from phone_numbers.admin.trunks import SipTrunkAdmin as SipTrunkAdmin
from phone_numbers.models import (
    NumberOrder,
    PhoneNumber,
    PurchaseAttempt,
    SipTrunk,
    StrayNumber,
)
from telephony.admin.catalogue import exchange_events
from telephony.e164 import format_international

NUMBER_DATES = (
    *("activated_at", "carrier_route", "missing_since", "papers_refused_at", "next_check_at"),
    *("releasing_since", "next_release_at", "released_at"),
)


@admin.register(PhoneNumber)
class PhoneNumberAdmin(NumberSearch):
    shelf = "Numbers"
    fieldsets = (
        (None, {"fields": ("id", "number_", "workspace", "state", "status_reason", "order_", "created_at")}),
        ("Number", {"fields": ("country", "type", "region", "capabilities", "nickname", "label")}),
        ("Carrier", {"fields": ("carrier", "carrier_number_id", "cost", *NUMBER_DATES)}),
        ("Routing", {"fields": ("inbound_version", "outbound_version", "is_default", "release_protection")}),
    )
    list_display = ("number_", "state", "workspace", "country", "type", "carrier", "nickname", "created_at")
    list_filter = ("status", "type", "carrier", "created_at")
    list_select_related = ("workspace",)
    search_fields = ("id__exact", "nickname", "carrier_number_id__exact", "workspace__slug__exact")
    search_help_text = "A number in any spelling, an id, a nickname, a workspace's slug"
    ordering = ("-id",)
    staff_actions = (work.RELEASE,)

    @admin.display(description="Order")
    def order_(self, number: PhoneNumber) -> SafeString | str:
        order = NumberOrder.objects.filter(number=number).first()
        return link_to(order, order.pk) if order else "–"

    @admin.display(description="Costs us a month")
    def cost(self, number: PhoneNumber) -> str:
        return exact_money(number.carrier_monthly_cost, number.carrier_currency)

    def describe(self, item: PhoneNumber) -> str:
        return f"{item.get_status_display()}, {item.workspace}"

    def sections(self, item: PhoneNumber, request: HttpRequest) -> Sequence[Section]:
        orders = NumberOrder.objects.filter(number=item)
        trunks = SipTrunk.objects.filter(number=item)
        ids = [item.pk, *orders.values_list("pk", flat=True), *trunks.values_list("pk", flat=True)]
        attempts = PurchaseAttempt.objects.filter(order__number=item)
        return (rent_of(item), _story(ids, attempts))


def _story(ids: list[str], attempts: QuerySet[PurchaseAttempt]) -> Section:
    """Everything about these ids in the order in which it happened; causes before what followed."""
    asked = [_attempt_event(attempt) for attempt in attempts]
    return timeline(asked, exchange_events(ids), history_events(ids), ledger_events(ids))


def _attempt_event(attempt: PurchaseAttempt) -> Event:
    tones = {"sold": "ok", "refused": "trouble", "unknown": "trouble", "": "waiting"}
    known = attempt.get_outcome_display() or "in flight"
    ended = f"Ended {localtime(attempt.ended_at):%H:%M:%S}. " if attempt.ended_at else ""
    return Event(
        at=attempt.sent_at,
        kind="Attempt",
        title=f"Purchase request {attempt.n}: {known.lower()}",
        url=desk().url_of(attempt),
        text=f"{ended}{attempt.error_code} {attempt.text}".strip(),
        tone=tones.get(attempt.outcome, "off"),
    )


STRAY_DATES = ("found_at", "releasing_since", "next_release_at", "release_note", "resolved_at")


WORK_DATES = ("next_run_at", "lease_until", "doubted_at", "missed_at", "rung_until")


@admin.register(NumberOrder)
class NumberOrderAdmin(NumberSearch):
    shelf = "Numbers"
    fieldsets = (
        (
            None,
            {"fields": ("id", "state", "number_link", "workspace", "placed_by", "created_at", "finished_at")},
        ),
        ("Price", {"fields": ("carrier", "to_pay", "setup", "monthly")}),
        ("Outcome", {"fields": ("failure_code", "failure_reason", "review_since", "review_reason")}),
        (
            "Work",
            {"fields": ("idempotency_key", "fence", *WORK_DATES)},
        ),
    )
    list_display = ("number_", "state", "workspace", "to_pay", "carrier", "created_at", "review_since")
    list_filter = (NeedsAPerson, "status", "carrier", "created_at")
    list_select_related = ("workspace",)
    search_fields = ("id__exact", "idempotency_key__exact", "workspace__slug__exact", "workspace__id__exact")
    search_help_text = "A number in any spelling, an order's id, a workspace's slug"
    ordering = ("-id",)
    staff_actions = (work.ASK_NOW, work.RECORD_SALE, work.REJECT)

    def describe(self, item: NumberOrder) -> str:
        return f"{item.get_status_display()}, {item.workspace}"

    @admin.display(description="Number")
    def number_link(self, order: NumberOrder) -> SafeString | str:
        return link_to(order.number, format_international(order.e164))

    @admin.display(description="Due today")
    def to_pay(self, order: NumberOrder) -> str:
        return exact_money(order.total, order.currency)

    @admin.display(description="Setup")
    def setup(self, order: NumberOrder) -> str:
        return exact_money(order.setup_price, order.currency)

    @admin.display(description="Monthly")
    def monthly(self, order: NumberOrder) -> str:
        return exact_money(order.monthly_price, order.currency)

    def sections(self, item: NumberOrder, request: HttpRequest) -> Sequence[Section]:
        strays = [
            (link_to(stray), stray.evidence, stray.resolved_at or "open") for stray in item.strays.all()
        ]
        stray_table = Section("Stray numbers", head=("Number", "Evidence", "Resolved"), rows=strays)
        story = _story([item.pk, item.number_id], item.attempts.all())
        return (story, stray_table) if strays else (story,)


@admin.register(StrayNumber)
class StrayNumberAdmin(NumberSearch):
    shelf = "Numbers"
    fields = ("id", "number_", "state", "carrier", "carrier_number_id", "order", "evidence", *STRAY_DATES)
    list_display = ("number_", "state", "carrier", "order", "evidence", "found_at", "resolved_at")
    list_filter = (StrayState, "carrier")
    list_select_related = ("order",)
    search_fields = ("id__exact", "carrier_number_id__exact", "order__id__exact")
    ordering = ("-id",)
    staff_actions = (work.RELEASE_STRAY, work.RESOLVE)

    @admin.display(description="Status")
    def state(self, stray: StrayNumber) -> SafeString:
        if stray.resolved_at:
            return pill("off", "Resolved")
        return pill("pending", "Being given back") if stray.releasing_since else pill("unknown", "Open")

    def describe(self, item: StrayNumber) -> str:
        return f"at {item.get_carrier_display()}, found {localtime(item.found_at):%d %b %Y}"

    def sections(self, item: StrayNumber, request: HttpRequest) -> Sequence[Section]:
        return (_story([item.pk], PurchaseAttempt.objects.none()),)


@admin.register(PurchaseAttempt)
class PurchaseAttemptAdmin(ReadOnlyAdmin):
    shelf = "Numbers"
    list_display = ("order", "n", "result", "error_code", "sent_at", "ended_at")
    list_filter = ("outcome",)
    list_select_related = ("order",)
    search_fields = ("order__id__exact", "error_code__exact")
    ordering = ("-id",)

    @admin.display(description="Outcome", ordering="outcome")
    def result(self, attempt: PurchaseAttempt) -> SafeString:
        return pill(attempt.outcome or "pending", attempt.get_outcome_display() or "In flight")
