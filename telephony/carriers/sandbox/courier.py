"""Brings a carrier's questions and news to the application, or fails to in the ways it is told to.

It goes to this machine only, whatever URL it was given.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from .faults import Fault, Kind
from .voice import Voice, Webhook

HERE = ("127.0.0.1", "localhost", "::1")
PATIENCE = 15.0  # seconds for an answer
LONGEST_ANSWER = 100_000  # bytes
FORGED = {"CallStatus": "completed", "Duration": "9999", "CallDuration": "9999", "BillDuration": "10020"}

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Heard:
    """``status`` is None when nothing came back; ``says`` tells it in a few words."""

    status: int | None
    body: bytes
    says: str


class Courier:
    """One call's webhooks. ``note`` is told of each; ``wait`` waits so many seconds of the call and says
    whether to go on.
    """

    def __init__(self, voice: Voice, token: str, note: Note, wait: Callable[[float], bool]) -> None:
        self._voice, self._token, self._note, self._wait = voice, token, note, wait
        self._held: Webhook | None = None

    def ask(self, question: Webhook, fault: Fault | None) -> Heard:
        """The answer to a question; the call waits for it."""
        kind = fault.kind if fault else None
        if fault and kind is Kind.LATE:
            self._wait(fault.seconds)
        if kind is Kind.FORGED:
            self._forge(question)
        if kind is Kind.TWICE:
            self._send(question)
        return self._send(question)

    def tell(self, news: Webhook, fault: Fault | None) -> None:
        kind = fault.kind if fault else None
        if kind is Kind.LOST:
            self._note(f"{news.says}: lost")
        elif fault and kind is Kind.LATE:
            threading.Thread(target=self._tell_late, args=(news, fault.seconds), daemon=True).start()
        elif kind is Kind.REORDERED and self._held is None:
            self._held = news
        else:
            self._deliver(news, kind)

    def let_go(self) -> None:
        """Send what was held back for a later one that never came."""
        held, self._held = self._held, None
        if held:
            self._send(held)

    def _deliver(self, news: Webhook, kind: Kind | None) -> None:
        if kind is Kind.FORGED:
            self._forge(news)
        for _ in range(2 if kind is Kind.TWICE else 1):
            self._send(news)
        self.let_go()

    def _tell_late(self, news: Webhook, seconds: float) -> None:
        if self._wait(seconds):
            self._send(news)

    def _forge(self, webhook: Webhook) -> None:
        """Somebody who does not know the secret says that the call went on and on."""
        forged = webhook.claiming(**FORGED)
        heard = post(forged, self._voice.signature(forged, "a guess"))
        self._note(f"{webhook.says}, forged: {heard.says}")

    def _send(self, webhook: Webhook) -> Heard:
        heard = post(webhook, self._voice.signature(webhook, self._token))
        self._note(f"{webhook.says}: {heard.says}")
        return heard


def post(webhook: Webhook, headers: dict[str, str]) -> Heard:
    parts = urlsplit(webhook.url)
    if parts.scheme != "http" or parts.hostname not in HERE:
        return Heard(None, b"", f"not sent, {parts.hostname} is not this machine")
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=PATIENCE)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        connection.request("POST", path or "/", urlencode(webhook.fields), {**kind, **headers})
        response = connection.getresponse()
        return Heard(response.status, response.read(LONGEST_ANSWER), str(response.status))
    except (OSError, http.client.HTTPException) as error:
        return Heard(None, b"", f"no answer ({type(error).__name__})")
    finally:
        connection.close()
