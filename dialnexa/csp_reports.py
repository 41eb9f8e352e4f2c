"""``/csp-reports``: what a browser did not do because the pages' policy forbids it.

Anybody can send anything here, so little of it reaches the log: known words, the host that was asked, and our
own pattern for the address of the page, because addresses of pages hold the tokens of invitations.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dialnexa.rate_limiting import seconds_to_wait

log = logging.getLogger(__name__)
LARGEST = 16_000  # bytes
DIRECTIVE = re.compile(r"[a-z-]{1,40}")
HOST = re.compile(r"[a-z0-9.:\[\]-]{1,120}")
KEYWORDS = {"inline", "eval", "wasm-eval", "self", "data", "blob"}


@csrf_exempt
@require_POST
def take_report(request: HttpRequest) -> HttpResponse:
    """204 whatever it says; 413 when it says too much."""
    length = request.headers.get("Content-Length") or "0"
    if not length.isdecimal() or int(length) > LARGEST:
        return HttpResponse(status=413)
    report = _read(request.body)
    if report and not seconds_to_wait(settings.CSP_REPORTS_LOGGED, "csp-reports"):
        log.warning("A browser refused %s", _told(report))
    return HttpResponse(status=204)


def _read(body: bytes) -> dict[str, Any]:
    """The report, or nothing when it is none."""
    try:
        report = json.loads(body)["csp-report"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return report if isinstance(report, dict) else {}


def _told(report: dict[str, Any]) -> str:
    """``script-src-elem: evil.example on w/<slug:slug>/numbers/``"""
    words = str(report.get("effective-directive") or report.get("violated-directive") or "").split(" ")
    directive = words[0] if DIRECTIVE.fullmatch(words[0]) else "something"
    return f"{directive}: {_origin(report.get('blocked-uri'))} on {_page(report.get('document-uri'))}"


def _origin(uri: Any) -> str:
    text = str(uri or "")
    host = _parts(text)[0].lower()
    return text if text in KEYWORDS else host if HOST.fullmatch(host) else "something"


def _page(uri: Any) -> str:
    try:
        return resolve(_parts(str(uri or ""))[1]).route or "/"
    except Resolver404:
        return "no page of ours"


def _parts(uri: str) -> tuple[str, str]:
    """Host and path."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return "", ""
    return parts.netloc.rpartition("@")[2], parts.path
