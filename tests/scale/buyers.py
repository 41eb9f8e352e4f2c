"""Who buys meanwhile: one Idempotency-Key for each number, sent to any web server until it is decided."""

from __future__ import annotations

import hashlib
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from tests.chaos.buyers import Memory
from tests.scale.readers import PROXIED

PURCHASE = "/v1/organization-phone-numbers/purchase"
PATIENCE = 120.0  # seconds a buyer keeps trying
TWICE = 0.25  # of the purchases are sent again although they were answered
UNDECIDED = ("409", "429")  # another request with this key is being worked on; too many


@dataclass(frozen=True)
class Wish:
    """One number for the workspace ``slug``, whose key's id and secret these are."""

    e164: str
    carrier: str
    slug: str
    key_id: str
    secret: str

    @property
    def order_key(self) -> str:
        """The order's own, as phone_numbers.api.purchase makes it."""
        digest = hashlib.sha256(f"{PURCHASE}\n{self.e164}".encode()).hexdigest()
        return f"{self.key_id}:{digest[:40]}"


@dataclass
class Storm:
    """Buyers, each with one request at a time."""

    urls: Sequence[str]
    wishes: queue.Queue[Wish]
    memory: Memory = field(default_factory=Memory)
    answers: Counter[str] = field(default_factory=Counter)
    ids: dict[str, set[str]] = field(default_factory=dict)
    began: float = 0.0

    def start(self, buyers: int) -> None:
        self.began = time.monotonic()
        self.threads = [threading.Thread(target=self._buy, args=(n,), daemon=True) for n in range(buyers)]
        for thread in self.threads:
            thread.start()

    def wait(self, decided: int) -> float:
        """Until so many have an answer, or all buyers are gone. Returns how many seconds it has lasted."""
        while any(thread.is_alive() for thread in self.threads) and self.decided < decided:
            time.sleep(0.05)
        return time.monotonic() - self.began

    def join(self) -> float:
        """Until all have an answer. Returns how many seconds it has lasted."""
        for thread in self.threads:
            thread.join()
        return time.monotonic() - self.began

    @property
    def decided(self) -> int:
        return len(self.memory.accepted) + len(self.memory.refused) + len(self.memory.gave_up)

    @property
    def bought_twice(self) -> list[str]:
        """Numbers of which two answers to one key were about different purchases."""
        return [e164 for e164, ids in self.ids.items() if len(ids) > 1]

    def _buy(self, seed: int) -> None:
        dice = random.Random(seed)
        with httpx.Client(timeout=30, trust_env=False, headers=PROXIED) as client:
            while True:
                try:
                    wish = self.wishes.get_nowait()
                except queue.Empty:
                    return
                self._get(client, wish, dice)
                if dice.random() < TWICE:
                    self._send(client, wish, dice)

    def _get(self, client: httpx.Client, wish: Wish, dice: random.Random) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            said = self._send(client, wish, dice)
            with self.memory.lock:
                if said in ("201", "202"):
                    self.memory.accepted.add(wish.order_key)
                    return
                if said[0] == "4" and said not in UNDECIDED:
                    self.memory.refused[wish.order_key] = said
                    return
            time.sleep(dice.uniform(0.05, 0.3))
        with self.memory.lock:
            self.memory.gave_up.add(wish.order_key)

    def _send(self, client: httpx.Client, wish: Wish, dice: random.Random) -> str:
        headers = {
            "Authorization": f"Bearer {wish.secret}",
            "Idempotency-Key": wish.e164,
            "Prefer": "respond-async",
        }
        body = {"phone_number": wish.e164, "provider": wish.carrier, "nickname": f"of {wish.slug}"}
        try:
            answer = client.post(f"{dice.choice(self.urls)}{PURCHASE}", headers=headers, json=body)
        except httpx.TransportError as error:
            return self._note(type(error).__name__)
        if answer.is_success:
            self.ids.setdefault(wish.e164, set()).add(answer.json()["id"])
        return self._note(str(answer.status_code))

    def _note(self, said: str) -> str:
        with self.memory.lock:
            self.memory.presses += 1
            self.answers[said] += 1
        return said
