"""No carrier's: a customer's server to try the project's own webhooks with, and the page of what it got."""

from __future__ import annotations

import json
import threading
from collections import deque
from datetime import UTC, datetime
from html import escape

from .console import SECURITY, STYLE, table
from .context import Request
from .state import State
from .wire import Answer, Delivery, answer, refused

KEPT = 50
REFRESH = 2  # seconds
HANGS = 20.0  # seconds
HEAD = ("When", "To", "Answered", "Event", "Id", "Signatures", "Body")
WAYS = {  # path below /webhooks/: what it answers
    "in": 200,
    "failing": 500,
    "gone": 410,
    "silent": None,  # it says nothing until the sender goes away
}


class Inbox:
    """What came in since the start; the newest last."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._rows: deque[tuple[str, ...]] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def respond(self, request: Request) -> Answer:
        way = request.path.removeprefix("/webhooks").strip("/")
        if request.method == "GET" and not way:
            return self._page(request)
        if request.method != "POST" or way not in WAYS:
            return refused(404, "not found")
        self._keep(request, way)
        status = WAYS[way]
        if status is None:
            return Answer(delivery=Delivery.NEVER, seconds=HANGS)
        return answer(status, {"received": status == 200})

    def _keep(self, request: Request, way: str) -> None:
        text = request.body.decode("utf-8", "replace")
        row = (
            f"{datetime.fromtimestamp(self._state.now(), UTC):%H:%M:%S}",
            f"/webhooks/{way}",
            str(WAYS[way] or "nothing"),
            _event(text),
            request.headers.get("webhook-id", ""),
            str(len(request.headers.get("webhook-signature", "").split())),
            text,
        )
        with self._lock:
            self._rows.append(row)

    def _page(self, request: Request) -> Answer:
        with self._lock:
            rows = list(reversed(self._rows))
        base = f"http://{request.headers.get('host', '')}/webhooks"
        page = PAGE.format(
            style=STYLE,
            refresh=REFRESH,
            base=escape(base),
            rows=table(HEAD, rows, "Nothing yet."),
        )
        return Answer(200, page.encode(), "text/html; charset=utf-8", dict(SECURITY))


def _event(text: str) -> str:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return "no JSON"
    return str(told.get("type", "")) if isinstance(told, dict) else ""


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="{refresh}"><title>Webhooks at the sandbox</title>
<style>{style}</style></head><body>
<p><a href="/">Sandbox carrier</a></p>
<h1>Webhooks</h1>
<p>A server of a customer's, to try webhooks with: name one of these addresses under Settings → Webhooks.
<code>{base}/in</code> takes everything, <code>{base}/failing</code> answers 500,
<code>{base}/gone</code> 410, <code>{base}/silent</code> nothing at all.</p>
<p class="note">This page shows itself anew every {refresh} seconds.</p>
{rows}
</body></html>
"""
