"""What rent changes to, and the numbers nobody rents, for support staff."""

from __future__ import annotations

from django.contrib import admin

from dialnexa.admin_pieces import ReadOnlyAdmin
from phone_numbers.models import ReassignableNumber, RentalPrice


@admin.register(RentalPrice)
class RentalPriceAdmin(ReadOnlyAdmin):
    shelf = "Numbers"
    list_display = ("rental", "monthly_price", "starts_at", "reason")
    list_select_related = ("rental",)
    search_fields = ("rental__id__exact", "rental__number__id__exact")
    ordering = ("-starts_at",)


@admin.register(ReassignableNumber)
class ReassignableNumberAdmin(ReadOnlyAdmin):
    shelf = "Numbers"
    list_display = ("number", "available_at", "assignable_at", "release_at", "assigned_to", "closed_at")
    list_select_related = ("number", "assigned_to")
    search_fields = ("number__e164", "number__id__exact", "came_from__id__exact")
    ordering = ("-available_at",)
