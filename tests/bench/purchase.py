"""``python -m tests.bench.purchase``: a purchase from the Buy dialog accepted: row committed, answer sent.

Compared with a bare view that inserts one row, both behind all middleware and for somebody signed in. The
second figure is time on the wall, with a broker that takes connections and never answers.
"""

from __future__ import annotations

import argparse
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

from tests.bench.costs import owner_of, tell_cost, turns
from tests.bench.figures import head, told
from tests.bench.rating import database

if TYPE_CHECKING:
    from telephony.carriers.base import Offer

ROUNDS = 15
TIMES = 8  # in a turn
MOST_BLOCKED = 1.0  # seconds
SERIAL = count(2_000_000)
CARRIERS = {"plivo": {"base_url": "http://127.0.0.1:9", "auth_id": "MA", "auth_token": "-"}}  # is not asked


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.purchase", description=__doc__)
    parser.parse_args()
    with database():
        from django.test import override_settings

        apart = {"PURCHASES_AN_HOUR": 10**6, "CARRIERS": CARRIERS, "ROOT_URLCONF": "tests.bench.bare_urls"}
        with override_settings(DEBUG=False, **apart):
            buy, insert = _askers()
            head("purchase: one number, processor time of web and database process")
            took = turns({"one insert": insert, "ours": buy}, rounds=ROUNDS, times=TIMES)
            tell_cost("purchase: accepted", took, "ours", "one insert", most=3)
            usual = _seconds(buy)
            with silent_broker():
                blocked = _seconds(buy) - usual
            told("purchase: longer with a silent broker, on the wall", blocked, most=MOST_BLOCKED, unit=" s")
    return 0


def _askers() -> tuple[Callable[[], None], Callable[[], None]]:
    """Buy a number, and insert one row."""
    from dialnexa import wallet
    from dialnexa.actors import SYSTEM
    from dialnexa.models import User
    from phone_numbers.buying.quoting import sign_offer
    from tests.conftest import make_catalogue, make_workspace

    now = datetime.now(UTC)
    make_catalogue()
    workspace = make_workspace(User.objects.create_user("who@bench.example"), "bench", "Bench", now)
    wallet.credit(workspace, Decimal(10**7), reference="bench", memo="Bench", by=SYSTEM, now=now)
    client = owner_of(workspace)

    def buy() -> None:
        serial = next(SERIAL)
        form = {
            "token": sign_offer(offer_of(serial), "plivo"),
            "idempotency_key": f"bench-{serial}",
            "expected_total": "92",
            "nickname": "Bench",
        }
        response = client.post("/w/bench/numbers/buy/", form, headers={"HX-Request": "true"})
        assert response.status_code < 300, response.content

    def insert() -> None:
        form = {"workspace": workspace.pk, "number": f"212{next(SERIAL)}"}
        assert client.post("/bare/insert/", form).status_code == 200

    return buy, insert


def _seconds(work: Callable[[], None]) -> float:
    """On the wall; of three the quickest, since a busy machine only adds."""
    took = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


def offer_of(serial: int) -> Offer:
    """What the carrier sells, without asking it; ``serial`` of seven digits makes the number."""
    from telephony.carriers.base import Money, NumberType, Offer

    nothing, month = Money(Decimal(0), "USD"), Money(Decimal("0.5"), "USD")
    return Offer(f"+1212{serial}", "US", NumberType.LOCAL, "New York", ("voice",), nothing, month)


@contextmanager
def silent_broker() -> Iterator[None]:
    """Messages go to somebody who takes connections and says nothing."""
    from celery import current_app

    from dialnexa import doorbell

    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        current_app.conf.update(broker_url=f"redis://127.0.0.1:{deaf.getsockname()[1]}/0")
        doorbell._line.cache_clear()
        yield


if __name__ == "__main__":
    sys.exit(main())
