"""The numbers that prove a person."""

from __future__ import annotations

from django.contrib import admin

from dialnexa.admin_pieces import ReadOnlyAdmin
from kyc.models import VerificationNumber


@admin.register(VerificationNumber)
class VerificationNumberAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    fields = ("workspace", "e164", "confirmed_at", "changed_at", "calls_made", "calls_since")
    list_display = ("workspace", "e164", "confirmed_at")
    list_select_related = ("workspace",)
    search_fields = ("workspace__slug", "e164")
    ordering = ("workspace",)
