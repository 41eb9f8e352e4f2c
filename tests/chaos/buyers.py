"""Customers: they press Buy in the real pages, press again when nothing comes back, and remember."""

from __future__ import annotations

import queue
import random
import re
import threading
import time
from dataclasses import dataclass, field
from decimal import Decimal

import httpx
from django.db import Error, connection
from django.utils.crypto import get_random_string

from telephony.carriers.base import Offer

AGAIN = "Try again in a few seconds"  # said while Redis is away; an earlier press may still get through
PATIENCE = 90.0  # seconds a customer keeps trying


@dataclass(frozen=True)
class Errand:
    """One number one customer wants. The same key goes with every press of the button."""

    slug: str
    email: str
    offer: Offer
    token: str
    total: Decimal
    key: str


@dataclass
class Memory:
    """What customers were told. ``accepted`` holds the keys of orders the pages said were placed."""

    accepted: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    gave_up: set[str] = field(default_factory=set)
    presses: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Buyer(threading.Thread):
    """Takes errands from the queue; every fourth press is a double click."""

    def __init__(self, url: str, errands: queue.Queue[Errand], memory: Memory, seed: int) -> None:
        super().__init__(daemon=True)
        self.url, self.errands, self.memory = url, errands, memory
        self.random = random.Random(seed)
        self.clients: dict[str, httpx.Client] = {}

    def run(self) -> None:
        while True:
            try:
                errand = self.errands.get_nowait()
            except queue.Empty:
                return
            self._buy(errand)

    def _buy(self, errand: Errand) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            answer = self._press(errand)
            if answer is None or answer.status_code >= 500 or AGAIN in answer.text:
                time.sleep(self.random.uniform(0.2, 0.8))
                continue
            self._remember(errand, answer)
            if self.random.random() < 0.25:
                self._press(errand)
            return
        with self.memory.lock:
            self.memory.gave_up.add(errand.key)

    def _press(self, errand: Errand) -> httpx.Response | None:
        with self.memory.lock:
            self.memory.presses += 1
        form = {
            "token": errand.token,
            "idempotency_key": errand.key,
            "expected_total": str(errand.total),
            "nickname": "",
        }
        try:
            client = self._client(errand.email)
            headers = {"X-CSRFToken": client.cookies["csrftoken"], "HX-Request": "true"}
            return client.post(f"/w/{errand.slug}/numbers/buy/", data=form, headers=headers)
        except (httpx.HTTPError, KeyError):
            return None

    def _client(self, email: str) -> httpx.Client:
        """A signed-in browser, kept for the next errand."""
        if email not in self.clients:
            client = httpx.Client(base_url=self.url, timeout=10)
            cookies = {"sessionid": _session_of(email), "csrftoken": get_random_string(32)}
            for name, value in cookies.items():
                client.cookies.set(name, value, domain=client.base_url.host)
            self.clients[email] = client
        return self.clients[email]

    def _remember(self, errand: Errand, answer: httpx.Response) -> None:
        with self.memory.lock:
            if answer.status_code == 204:
                self.memory.accepted.add(errand.key)
            else:
                self.memory.refused[errand.key] = f"{answer.status_code} {_reason(answer.text)}"


def _session_of(email: str) -> str:
    """Begun in the database: at the page, so many who sign in from one address would have to wait."""
    from dialnexa.models import User
    from tests.conftest import client_of

    try:
        return client_of(User.objects.get(email=email)).session.session_key or ""
    except Error as error:
        connection.close()
        raise httpx.RequestError("signing in failed") from error


def _reason(page: str) -> str:
    """The page in a few words, for the report."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())[:160]
