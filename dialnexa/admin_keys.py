"""API keys as support sees them: what they may do, spend and have been answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from dialnexa import admin_work as work
from dialnexa import clock
from dialnexa.admin_lists import state_filter
from dialnexa.admin_looks import exact_money, pill, pre
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import desk
from dialnexa.admin_timeline import Section, link_to, link_to_id
from dialnexa.models import ApiKey, IdempotencyRecord, LedgerEntry, Workspace
from dialnexa.spending import spent_this_month

RECENT = 10
KEY_DATES = ("created_at", "expires_at", "revoked_at", "last_used_at")

KeyState = state_filter(
    active=("Active", lambda now: Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))),
    expired=("Expired", lambda now: Q(revoked_at=None, expires_at__lte=now)),
    revoked=("Revoked", lambda now: Q(revoked_at__isnull=False)),
)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    shows_history = True
    fieldsets = (
        (
            None,
            {"fields": ("id", "workspace", "name", "state", "ends_in", "scopes", "created_by", *KEY_DATES)},
        ),
        ("Spending", {"fields": ("cap", "spent")}),
        ("Rotation", {"fields": ("replacement_of", "replaced_by")}),
    )
    list_display = ("name", "workspace", "ends_in", "state", "cap", "created_at", "last_used_at")
    list_filter = (KeyState,)
    list_select_related = ("workspace",)
    search_fields = ("name", "id__exact", "hint__exact", "workspace__name", "workspace__slug")
    ordering = ("-id",)
    staff_actions = (work.REVOKE_KEY,)

    @admin.display(description="Ends in")
    def ends_in(self, key: ApiKey) -> str:
        return f"…{key.hint}"

    @admin.display(description="State")
    def state(self, key: ApiKey) -> SafeString:
        return key_pill(key)

    @admin.display(description="Monthly cap", ordering="monthly_spend_cap")
    def cap(self, key: ApiKey) -> str:
        return cap_of(key)

    @admin.display(description="Spent this month")
    def spent(self, key: ApiKey) -> str:
        """With what counts towards the same cap: the keys it was rotated from or to."""
        return exact_money(spent_this_month(key, now=clock.now()), key.workspace.currency)

    @admin.display(description="Replaces")
    def replacement_of(self, key: ApiKey) -> SafeString | str:
        return link_to(key.replaces)

    @admin.display(description="Replaced by")
    def replaced_by(self, key: ApiKey) -> SafeString | str:
        return link_to(key.replacements.order_by("pk").last())

    def describe(self, item: ApiKey) -> str:
        return str(item.workspace)

    def sections(self, item: ApiKey, request: HttpRequest) -> Sequence[Section]:
        return (_spending(item), _answers(item))


def _spending(key: ApiKey) -> Section:
    rows = LedgerEntry.objects.filter(api_key=key).order_by("-created_at", "-id")[:RECENT]
    table = [
        (
            row.created_at,
            link_to(row, row.get_kind_display()),
            exact_money(row.amount, row.currency),
            link_to_id(row.subject_id),
            row.memo,
        )
        for row in rows
    ]
    return Section("Latest spending", head=("When", "What", "Amount", "About", "Memo"), rows=table)


def _answers(key: ApiKey) -> Section:
    rows = IdempotencyRecord.objects.filter(api_key=key).order_by("-created_at")[:RECENT]
    table = [(row.created_at, row.route, link_to(row, row.key), answer_pill(row)) for row in rows]
    return Section(
        "Latest requests with an Idempotency-Key",
        head=("When", "Route", "Key", "Answer"),
        rows=table,
        more=desk().list_of(IdempotencyRecord, f"api_key__id__exact={key.pk}") if table else "",
        empty="None in the last 24 hours.",
    )


def keys_of(workspace: Workspace, request: HttpRequest) -> Section | None:
    """The workspace's latest keys, for its page; nothing when it has none."""
    keys = workspace.api_keys.order_by("-id")[:RECENT]
    rows = [(link_to(key), key_pill(key), cap_of(key), key.last_used_at or "never") for key in keys]
    more = desk().list_of(ApiKey, f"workspace__id__exact={workspace.pk}")
    head = ("Key", "State", "Monthly cap", "Last used")
    return Section("API keys", head=head, rows=rows, more=more) if rows else None


def key_pill(key: ApiKey) -> SafeString:
    if key.revoked_at:
        return pill("off", "Revoked")
    over = key.expires_at is not None and key.expires_at <= clock.now()
    return pill("expired", "Expired") if over else pill("active", "Active")


def cap_of(key: ApiKey) -> str:
    if key.monthly_spend_cap is None:
        return "No cap"
    return exact_money(key.monthly_spend_cap, key.workspace.currency)


def answer_pill(record: IdempotencyRecord) -> SafeString:
    """What was answered; or that the request runs, or died while it did."""
    if record.status is not None:
        return pill("sold" if record.status < 400 else "refused", str(record.status))
    running = record.locked_until > clock.now()
    return pill("pending", "Running") if running else pill("unknown", "Broke off")


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    """Why a POST was answered as it was. A record that broke off is taken up by the same request again."""

    shelf = "System"
    fields = ("created_at", "api_key", "route", "key", "answer", "locked_until", "answered", "fingerprint")
    list_display = ("created_at", "route", "key", "answer", "api_key")
    list_display_links = ("created_at", "key")
    list_select_related = ("api_key",)
    search_fields = ("key__exact", "api_key__id__exact", "route__exact")
    search_help_text = "The Idempotency-Key, the API key's id or the path of the request"
    ordering = ("-id",)

    @admin.display(description="Answer")
    def answer(self, record: IdempotencyRecord) -> SafeString:
        return answer_pill(record)

    @admin.display(description="Answer body")
    def answered(self, record: IdempotencyRecord) -> SafeString | str:
        return pre(record.body)

    def heading(self, item: IdempotencyRecord) -> str:
        return item.key

    def describe(self, item: IdempotencyRecord) -> str:
        return f"{item.route}, {item.api_key}"


def find_answers(q: str) -> Iterable[QuerySet]:
    """What a POST with this Idempotency-Key was answered."""
    yield IdempotencyRecord.objects.filter(key=q).select_related("api_key").order_by("-id")


desk().find_with(find_answers)
desk().extend(Workspace, keys_of)
