"""The numbers that prove a person."""

from __future__ import annotations

from django.contrib import admin

from dialnexa.admin_pieces import ReadOnlyAdmin
from kyc.models import VerificationCall, VerificationNumber


@admin.register(VerificationNumber)
class VerificationNumberAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    fields = ("workspace", "e164", "confirmed_at", "pending_e164", "code_until", "tries_left", "changed_at")
    list_display = ("workspace", "e164", "confirmed_at", "pending_e164")
    list_select_related = ("workspace",)
    search_fields = ("workspace__slug", "e164", "pending_e164")
    ordering = ("workspace",)


@admin.register(VerificationCall)
class VerificationCallAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    fields = ("id", "workspace", "e164", "carrier", "asked_at", "failed_at", "spoken_at", "ended_as")
    list_display = ("e164", "workspace", "asked_at", "spoken_at", "ended_as", "failed_at")
    list_select_related = ("workspace",)
    search_fields = ("workspace__slug", "e164")
    ordering = ("-asked_at",)
