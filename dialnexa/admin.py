"""Customers as support sees them: workspaces, people, memberships, keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from dialnexa import (
    admin_approvals,  # noqa: F401
    admin_books,  # noqa: F401  registers its pages too
    admin_keys,  # noqa: F401
    clock,
    wallet,
)
from dialnexa import admin_notices as admin_notices
from dialnexa import admin_sign_in as sign_in
from dialnexa import admin_webhooks as admin_webhooks
from dialnexa import admin_work as work
from dialnexa.admin_lists import state_filter
from dialnexa.admin_looks import exact_money, pill
from dialnexa.admin_pieces import EditableAdmin, ReadOnlyAdmin
from dialnexa.admin_site import desk
from dialnexa.admin_timeline import Section, link_to, link_to_id
from dialnexa.models import Invitation, LedgerEntry, Membership, User, Workspace

RECENT = 10
OPEN = Q(accepted_at=None, withdrawn_at=None)


@admin.register(Workspace)
class WorkspaceAdmin(EditableAdmin):
    shelf = "Customers"
    shows_history = True
    form = work.ZonedForm
    editable = ("name", "time_zone")
    fieldsets = (
        (None, {"fields": ("id", "name", "slug", "country", "time_zone", "is_demo", "created_at")}),
        ("Wallet", {"fields": ("currency", "spendable", "on_hold")}),
    )
    list_display = ("name", "slug", "country", "currency", "is_demo", "created_at")
    list_filter = ("is_demo", "currency")
    search_fields = ("name", "slug", "id__exact", "memberships__user__email")
    staff_actions = (work.CREDIT_WALLET, work.ADD_MEMBER)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Lists are of customers; the page of the numbers without an owner stays."""
        return super().get_search_results(request, queryset.filter(is_pool=False), search_term)

    @admin.display(description="Balance")
    def spendable(self, workspace: Workspace) -> str:
        return exact_money(wallet.balance(workspace), workspace.currency)

    @admin.display(description="On hold for open orders")
    def on_hold(self, workspace: Workspace) -> str:
        return exact_money(wallet.held(workspace), workspace.currency)

    def describe(self, item: Workspace) -> str:
        return item.slug

    def sections(self, item: Workspace, request: HttpRequest) -> Sequence[Section]:
        return (_members(item), _book(item))


def _members(workspace: Workspace) -> Section:
    rows = workspace.memberships.select_related("user").order_by("role", "user__email")
    return Section(
        "Members",
        head=("Person", "Role", "Since"),
        rows=[(link_to(row.user), link_to(row, row.get_role_display()), row.created_at) for row in rows],
        more=desk().list_of(Membership, f"workspace__id__exact={workspace.pk}"),
    )


def _book(workspace: Workspace) -> Section:
    rows = workspace.ledger_entries.order_by("-created_at", "-id")[:RECENT]
    return Section(
        "Latest transactions",
        head=("When", "What", "Amount", "About", "Memo"),
        rows=[
            (
                row.created_at,
                link_to(row, row.get_kind_display()),
                exact_money(row.amount, row.currency),
                link_to_id(row.subject_id),
                row.memo,
            )
            for row in rows
        ],
        more=desk().list_of(LedgerEntry, f"workspace__id__exact={workspace.pk}"),
    )


@admin.register(User)
class UserAdmin(EditableAdmin):
    shelf = "Customers"
    shows_history = True
    form = work.ZonedForm
    fieldsets = (
        (None, {"fields": ("id", "email", "first_name", "last_name", "time_zone", "has_password")}),
        ("Access", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Seen", {"fields": ("last_login", "date_joined")}),
    )
    editable = ("first_name", "last_name", "time_zone", "is_active")
    powers = ("email", "is_staff", "is_superuser", "groups", "user_permissions")
    filter_horizontal = ("groups", "user_permissions")
    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active")
    search_fields = ("email", "first_name", "last_name", "id__exact")
    ordering = ("email",)
    staff_actions = (sign_in.TURN_OFF_SECOND_STEP,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people sign up; the first superuser comes from createsuperuser

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Only superusers change colleagues: whoever may change them could become them."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (_is_superuser(request) or obj is None or not (obj.is_staff or obj.is_superuser))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        locked = super().get_readonly_fields(request, obj)
        return tuple(x for x in locked if x not in self.powers) if _is_superuser(request) else locked

    @admin.display(boolean=True, description="Has a password")
    def has_password(self, user: User) -> bool:
        return user.has_usable_password()

    def sections(self, item: User, request: HttpRequest) -> Sequence[Section]:
        rows = item.memberships.select_related("workspace").order_by("workspace__name")
        table = [
            (link_to(row.workspace), link_to(row, row.get_role_display()), row.created_at) for row in rows
        ]
        spaces = Section("Workspaces", head=("Workspace", "Role", "Since"), rows=table)
        return (spaces,)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    shows_history = True
    fields = ("workspace", "user", "role", "created_at")
    list_display = ("user", "workspace", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "workspace")
    search_fields = ("user__email", "workspace__name", "workspace__slug")
    ordering = ("-id",)
    staff_actions = (work.CHANGE_ROLE, work.REMOVE_MEMBER)


InvitationState = state_filter(
    open=("Open", lambda now: OPEN & Q(expires_at__gt=now)),
    expired=("Expired", lambda now: OPEN & Q(expires_at__lte=now)),
    accepted=("Accepted", lambda now: Q(accepted_at__isnull=False)),
    withdrawn=("Withdrawn", lambda now: Q(withdrawn_at__isnull=False)),
)


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Who was asked in. Only the workspace's own people invite; the link is not kept."""

    shelf = "Customers"
    shows_history = True
    fields = (
        *("id", "workspace", "email", "role", "state", "invited_by"),
        *("created_at", "renewed_at", "sent_at", "expires_at", "accepted_at", "withdrawn_at"),
    )
    list_display = ("email", "workspace", "role", "state", "sent_at", "expires_at")
    list_filter = (InvitationState, "role")
    list_select_related = ("workspace",)
    search_fields = ("email__iexact", "id__exact", "workspace__name", "workspace__slug")
    ordering = ("-id",)

    @admin.display(description="State")
    def state(self, invitation: Invitation) -> SafeString:
        if invitation.accepted_at:
            return pill("active", "Accepted")
        if invitation.withdrawn_at:
            return pill("off", "Withdrawn")
        over = invitation.expires_at <= clock.now()
        return pill("expired", "Expired") if over else pill("pending", "Open")


admin.site.unregister((Group, EmailAddress))


@admin.register(Group)
class GroupAdmin(EditableAdmin):
    """Sets of permissions for staff; only superusers shape them."""

    shows_history = True
    editable = ("name", "permissions")
    fields = ("name", "permissions")
    filter_horizontal = ("permissions",)
    search_fields = ("name",)
    ordering = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return _is_superuser(request)


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    called = "E-mail addresses"
    list_display = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified")
    list_select_related = ("user",)
    search_fields = ("email",)
    ordering = ("-id",)
