"""Answers to htmx that more than one view gives."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django_htmx.http import trigger_client_event


def done(sentence: str, *events: str) -> HttpResponse:
    """Nothing to show: a quiet toast, and these events for the page to hear (``close-modal`` …)."""
    return announce(HttpResponse(status=204), sentence, *events)


def announce(response: HttpResponse, sentence: str, *events: str, tone: str = "ok") -> HttpResponse:
    """Let this response also show a toast and send these events."""
    details: dict[str, Any] = {"toast": {"text": sentence, "tone": tone}} if sentence else {}
    for event, detail in (details | {event: {} for event in events}).items():
        trigger_client_event(response, event, detail)
    return response
