"""Finding numbers and orders in the admin: by any spelling, and by what needs a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dialnexa import clock
from dialnexa.admin_lists import state_filter
from dialnexa.admin_looks import exact_money, pill
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import Watch, desk
from dialnexa.admin_timeline import Section, link_to
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from phone_numbers.models import NumberOrder, PhoneNumber, StrayNumber
from telephony.e164 import format_international, parse_e164

RECENT = 10
FEWEST_DIGITS, MOST_DIGITS = 4, 15  # fewer find half the table


def spelled(text: str) -> Q | None:
    """A filter for the numbers this may spell: in full in any way of writing, or some of its digits."""
    plain = unicodedata.normalize("NFKC", text).strip()
    digits = "".join(str(unicodedata.decimal(letter)) for letter in plain if letter.isdecimal())
    part = digits.lstrip("0")  # 00 and the trunk 0 are dialled, but not part of the number
    if not FEWEST_DIGITS <= len(part) <= MOST_DIGITS or re.search(r"[^\W\d_]|_", plain):
        return None
    try:
        return Q(e164=parse_e164(f"+{digits}").e164) | Q(e164__endswith=part)
    except Refusal:
        return Q(e164__contains=part)


def phone(e164: str) -> SafeString:
    """A number as people write it, in one line."""
    return format_html('<span class="phone">{}</span>', format_international(e164))


class NumberSearch(ReadOnlyAdmin):
    """Lists that find a number however it is written, beside their other search fields."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        number = spelled(search_term)
        if number is not None:
            return queryset.filter(number), False
        return super().get_search_results(request, queryset, search_term)

    def heading(self, item: Any) -> str:
        return format_international(item.e164)

    @admin.display(description="Number", ordering="e164")
    def number_(self, item: Any) -> str:
        return format_international(item.e164)

    @admin.display(description="Status", ordering="status")
    def state(self, item: Any) -> SafeString:
        return pill(item.status, item.get_status_display())


class NeedsAPerson(admin.SimpleListFilter):
    title = "attention"
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("review", "To review"), ("overdue", "In doubt too long")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "review":
            return queryset.filter(to_review())
        return queryset.filter(overdue(clock.now())) if self.value() == "overdue" else queryset


def to_review() -> Q:
    waiting = Q(status__in=NumberOrder.OPEN) | Q(number__status=PhoneNumber.Status.PENDING)
    return waiting & Q(review_since__isnull=False)


def overdue(now: datetime) -> Q:
    """In doubt for longer than any carrier may take to act."""
    return Q(status="uncertain", doubted_at__lt=now - timedelta(seconds=settings.SETTLE_WINDOW))


ON_A_LIST = Q(drifts__status="open", drifts__agreed_at__isnull=False)  # shown there, as an orphan
StrayState = state_filter(
    open=("Open", lambda now: Q(resolved_at=None)),
    unlisted=("Open, on no list yet", lambda now: Q(resolved_at=None) & ~ON_A_LIST),
    leaving=("Being given back", lambda now: Q(resolved_at=None, releasing_since__isnull=False)),
    resolved=("Resolved", lambda now: Q(resolved_at__isnull=False)),
)


def find_numbers(q: str) -> Iterable[QuerySet]:
    """Numbers in any spelling (a number's page leads to its order), strays, nicknames."""
    number = spelled(q)
    if number is None:
        yield PhoneNumber.objects.filter(nickname__iexact=q).select_related("workspace").order_by("-id")
        yield NumberOrder.objects.filter(idempotency_key=q).order_by("-id")
    else:
        yield PhoneNumber.objects.filter(number).select_related("workspace").order_by("-id")
        yield StrayNumber.objects.filter(number).order_by("-id")


def numbers_of(workspace: Workspace, request: HttpRequest) -> Section:
    """The workspace's latest orders, for its page; each leads to its number."""
    orders = workspace.number_orders.select_related("number").order_by("-id")[:RECENT]
    rows = [
        (
            link_to(order, f"{order.created_at:%d %b %Y}"),
            link_to(order.number, format_international(order.e164)),
            pill(order.status, order.get_status_display()),
            exact_money(order.total, order.currency),
        )
        for order in orders
    ]
    more = desk().list_of(NumberOrder, f"workspace__id__exact={workspace.pk}")
    return Section("Latest orders", head=("Ordered", "Number", "Status", "Due today"), rows=rows, more=more)


def _review_rows(now: datetime) -> QuerySet:
    return NumberOrder.objects.filter(to_review())


def _overdue_rows(now: datetime) -> QuerySet:
    return NumberOrder.objects.filter(overdue(now))


def _open_strays(now: datetime) -> QuerySet:
    return StrayNumber.objects.filter(Q(resolved_at=None) & ~ON_A_LIST)


desk().find_with(find_numbers)
desk().extend(Workspace, numbers_of)
desk().watch(Watch("Orders to review", "The carrier gives no clear answer", _review_rows, "attention=review"))
desk().watch(
    Watch("In doubt too long", "Uncertain past the settle window", _overdue_rows, "attention=overdue")
)
desk().watch(Watch("Stray numbers", "Sold to us, nobody's here", _open_strays, "state=unlisted"))
