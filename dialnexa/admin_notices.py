"""What workspaces were told, as support sees it."""

from __future__ import annotations

from django.contrib import admin

from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.models import Notice, NoticeCopy


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    fields = ("id", "workspace", "title", "body", "tone", "right", "page", "reference", "created_at")
    list_display = ("created_at", "title", "workspace", "tone")
    list_display_links = ("title",)
    list_select_related = ("workspace",)
    search_fields = ("id__exact", "reference__startswith", "workspace__slug")
    ordering = ("-created_at", "-id")


@admin.register(NoticeCopy)
class NoticeCopyAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    fields = ("notice", "user", "read_at", "mailed_at", "next_mail_at", "tries")
    list_display = ("notice", "user", "read_at", "mailed_at", "tries")
    list_select_related = ("notice", "user")
    search_fields = ("notice__id__exact", "user__email")
    ordering = ("-id",)
