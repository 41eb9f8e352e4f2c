"""Answers to htmx that more than one view gives."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django_htmx.http import trigger_client_event


def done(sentence: str, *events: str, undo: str = "") -> HttpResponse:
    """Nothing to show: a quiet toast, and these events for the page to hear (``close-modal`` …)."""
    return announce(HttpResponse(status=204), sentence, *events, undo=undo)


def announce(
    response: HttpResponse, sentence: str, *events: str, tone: str = "ok", undo: str = ""
) -> HttpResponse:
    """Let this response also show a toast and send these events. ``undo``: where the toast's button posts."""
    toast = {"text": sentence, "tone": tone, **({"undo": undo} if undo else {})}
    details: dict[str, Any] = {"toast": toast} if sentence else {}
    for event, detail in (details | {event: {} for event in events}).items():
        trigger_client_event(response, event, detail)
    return response
