"""Webhooks as support sees them. Secrets are sealed and on no page."""

from __future__ import annotations

from django.contrib import admin

from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookMessage


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    shows_history = True
    called = "Webhook endpoints"
    fields = (
        *("id", "workspace", "url", "description", "events", "enabled", "disabled_reason", "failing_since"),
        *("failures", "next_turn_at", "served_at", "previous_until", "created_at", "removed_at"),
    )
    list_display = ("url", "workspace", "enabled", "failing_since", "disabled_reason", "created_at")
    list_filter = ("enabled",)
    list_select_related = ("workspace",)
    search_fields = ("id__exact", "workspace__slug", "url")
    ordering = ("-id",)


@admin.register(WebhookMessage)
class WebhookMessageAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    called = "Webhook messages"
    fields = ("id", "workspace", "type", "subject_id", "reference", "payload", "created_at")
    list_display = ("created_at", "type", "subject_id", "workspace")
    list_display_links = ("type",)
    list_select_related = ("workspace",)
    search_fields = ("id__exact", "subject_id__exact", "reference__exact", "workspace__slug")
    ordering = ("-created_at", "-id")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    called = "Webhook deliveries"
    fields = (
        *("id", "message", "endpoint", "state", "tries", "next_try_at", "http_status", "sentence"),
        *("delivered_at", "created_at"),
    )
    list_display = ("created_at", "message", "endpoint", "state", "tries", "http_status", "sentence")
    list_display_links = ("message",)
    list_filter = ("state",)
    list_select_related = ("message", "endpoint")
    search_fields = ("id__exact", "message__id__exact", "endpoint__id__exact", "message__subject_id__exact")
    ordering = ("-created_at", "-id")


@admin.register(WebhookAttempt)
class WebhookAttemptAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    called = "Webhook attempts"
    fields = ("delivery", "at", "http_status", "took_ms", "sentence", "answer")
    list_display = ("at", "delivery", "http_status", "took_ms", "sentence")
    list_select_related = ("delivery",)
    search_fields = ("delivery__id__exact", "delivery__message__id__exact")
    ordering = ("-at", "-id")
