"""The books as support sees them, and never writes to them: accounts, transfers, the history, heartbeats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from dialnexa import clock
from dialnexa.actors import Channel
from dialnexa.admin_looks import exact_money
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import Watch, desk
from dialnexa.admin_timeline import (
    Section,
    change_text,
    history_event,
    history_events,
    ledger_events,
    link_to,
    link_to_id,
    short_link_to_id,
    timeline,
)
from dialnexa.heartbeats import PROCESSES
from dialnexa.models import AuditEntry, AuditLink, Heartbeat, LedgerAccount, LedgerEntry, User, Workspace

RECENT = 10
SILENCE = timedelta(minutes=1)
SHORTEST_TEXT = 2  # characters: less finds everything


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnlyAdmin):
    shelf = "Money"
    fields = ("id", "workspace", "kind", "currency", "stands_at")
    list_display = ("__str__", "workspace", "kept_balance")
    list_filter = ("kind", "currency")
    list_select_related = ("workspace",)
    search_fields = ("id__exact", "workspace__name", "workspace__slug", "workspace__id__exact")
    ordering = ("kind", "id")

    @admin.display(description="Balance")
    def kept_balance(self, account: LedgerAccount) -> str:
        return exact_money(account.balance, account.currency) if account.workspace_id else "on its page"

    @admin.display(description="Balance")
    def stands_at(self, account: LedgerAccount) -> str:
        return exact_money(_stands_at(account), account.currency)

    def sections(self, item: LedgerAccount, request: HttpRequest) -> Sequence[Section]:
        latest = LedgerEntry.objects.filter(Q(debit=item) | Q(credit=item)).order_by("-id")[:RECENT]
        rows = [(row.created_at, link_to(row), row.memo, _signed(row, item)) for row in latest]
        return (Section("Latest entries", head=("When", "Entry", "Memo", "Amount"), rows=rows),)


def _stands_at(account: LedgerAccount) -> Decimal:
    """Kept for wallets and holds; platform accounts add up their entries."""
    if account.workspace_id:
        return account.balance
    return _sum(account.credits.all()) - _sum(account.debits.all())


def _sum(entries: QuerySet[LedgerEntry]) -> Decimal:
    return entries.aggregate(total=Sum("amount"))["total"] or Decimal(0)


def _signed(entry: LedgerEntry, account: LedgerAccount) -> str:
    """What the entry did to this account."""
    sign = "+" if entry.credit_id == account.pk else "−"
    return f"{sign}{exact_money(entry.amount, entry.currency)}"


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    shelf = "Money"
    fields = (
        "id",
        "reference",
        "kind",
        "exact",
        "debit",
        "credit",
        "workspace",
        "about",
        "memo",
        "actor_name",
        "created_at",
    )
    list_display = ("created_at", "kind", "exact", "workspace", "about_", "memo", "actor_name")
    list_display_links = ("created_at", "kind")
    list_filter = ("kind", "currency", "created_at")
    list_select_related = ("workspace",)
    search_fields = ("id__exact", "reference__exact", "subject_id__exact", "workspace__id__exact")
    search_help_text = "An entry's id or reference, an order's id, a workspace's id"
    ordering = ("-id",)

    @admin.display(description="Amount", ordering="amount")
    def exact(self, entry: LedgerEntry) -> str:
        return exact_money(entry.amount, entry.currency)

    @admin.display(description="About")
    def about_(self, entry: LedgerEntry) -> SafeString | str:
        return short_link_to_id(entry.subject_id)

    @admin.display(description="About")
    def about(self, entry: LedgerEntry) -> SafeString | str:
        return link_to_id(entry.subject_id)

    def describe(self, item: LedgerEntry) -> str:
        return item.memo

    def sections(self, item: LedgerEntry, request: HttpRequest) -> Sequence[Section]:
        subjects = [item.subject_id] if item.subject_id else []
        return (timeline(history_events([*subjects, item.pk]), ledger_events(subjects)),)


DOORS = {Channel.API: "API"}


class ChannelFilter(admin.SimpleListFilter):
    """Through which door; the choices are known, so the big table isn't asked for them."""

    title = "door"
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(channel.value, DOORS.get(channel, channel.value.capitalize())) for channel in Channel]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(channel=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    shelf = "System"
    fields = ("at", "subject", "event", "changes", "reason", "who", "workspace", "request_id")
    list_display = ("at", "subject_", "event_", "changes", "reason", "who", "workspace")
    list_filter = ("at", ChannelFilter)
    list_select_related = ("workspace",)
    search_fields = ("subject_id__exact", "request_id__exact", "workspace__id__exact")
    search_help_text = "The id of an object, of a request or of a workspace"
    ordering = ("-id",)

    @admin.display(description="About")
    def subject_(self, entry: AuditEntry) -> SafeString | str:
        return short_link_to_id(entry.subject_id)

    @admin.display(description="Event", ordering="event")
    def event_(self, entry: AuditEntry) -> str:
        return entry.event.replace("_", " ").capitalize()

    @admin.display(description="About")
    def subject(self, entry: AuditEntry) -> SafeString | str:
        return link_to_id(entry.subject_id)

    @admin.display(description="Change")
    def changes(self, entry: AuditEntry) -> str:
        return change_text(entry) or "–"

    @admin.display(description="Who")
    def who(self, entry: AuditEntry) -> str:
        return f"{entry.actor_name} ({entry.channel})"

    def describe(self, item: AuditEntry) -> str:
        return f"{localtime(item.at):%d %b %Y %H:%M:%S}, {self.who(item)}"

    def sections(self, item: AuditEntry, request: HttpRequest) -> Sequence[Section]:
        same = AuditEntry.objects.filter(request_id=item.request_id).exclude(request_id="")
        events = [history_event(entry) for entry in same.order_by("at", "id")[:RECENT]]
        more = desk().list_of(AuditEntry, f"request_id__exact={item.request_id}") if events else ""
        return (Section("In the same request", events, more=more, empty="Not part of a request."),)


@admin.register(AuditLink)
class AuditLinkAdmin(ReadOnlyAdmin):
    shelf = "System"
    called = "Links of the history"
    list_display = ("entry_id", "chain", "n", "digest")
    search_fields = ("entry_id__exact", "chain__exact")
    ordering = ("-entry_id",)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    shelf = "System"
    list_display = ("name", "at")
    ordering = ("name",)


def find_books(q: str) -> Iterable[QuerySet]:
    """A request's history, or a transfer by its reference; what is left of something that is gone."""
    yield LedgerEntry.objects.filter(reference=q).order_by("-id")
    yield AuditEntry.objects.filter(Q(request_id=q) | Q(subject_id=q)).order_by("-id")


def find_customers(q: str) -> Iterable[QuerySet]:
    """People by e-mail or name, workspaces by name."""
    exact = User.objects.filter(email__iexact=q)
    if exact.exists():
        yield exact
    elif len(q) >= SHORTEST_TEXT:
        names = Q(email__icontains=q) | Q(first_name__icontains=q) | Q(last_name__icontains=q)
        yield User.objects.filter(names).order_by("email")
        customers = Workspace.objects.filter(is_pool=False)
        yield customers.filter(Q(name__icontains=q) | Q(slug__iexact=q)).order_by("name")


def silent_processes(_: datetime) -> QuerySet:
    """In real time, as they beat (see ``heartbeats``)."""
    return Heartbeat.objects.filter(name__in=PROCESSES, at__lt=clock.wall_now() - SILENCE)


desk().find_with(find_books)
desk().find_with(find_customers)
desk().watch(
    Watch("Silent processes", "A worker or sweeper not seen for a minute", silent_processes, query="")
)
