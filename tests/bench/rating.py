"""``python -m tests.bench.rating``: the rating rows of performance.md, as ratios taken in one run.

Baseline and ours take turns, and the median of the turns counts, so that a busy machine slows both alike.
Nothing here fails for slowness; ``make test`` never runs it.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any

from tests.bench.costs import cost_of
from tests.bench.figures import head, micro, told

PER_COUNTRY = {"IN": "91", "US": "1", "BR": "55", "DE": "49", "GB": "44", "ID": "62", "NG": "234", "MX": "52"}
ASKED = {"carrier": "plivo", "currency": "INR"}
ROUNDS = 31  # short ones: what else the machine does falls on both


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rating")
    parser.add_argument("--prefixes", type=int, default=500_000)
    parser.add_argument("--numbers", type=int, default=20_000)
    options = parser.parse_args()
    with database():
        now = datetime.now(UTC)
        prefixes = load(options.prefixes, now)
        head(f"rating: {len(prefixes):,} prefixes in {len(PER_COUNTRY)} countries, median of {ROUNDS} turns")
        numbers = some_numbers(prefixes, options.numbers)
        one_call(numbers, now)
        batch(numbers, prefixes, now)
    return 0


def database() -> Any:
    """A database of its own on the tests' servers."""
    from contextlib import contextmanager

    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.db import connection

    from tests.databases import drop_database, make_database

    @contextmanager
    def made() -> Any:
        name = f"bench_{os.getpid()}"
        make_database(name)
        try:
            yield
        finally:
            connection.close()
            drop_database(name)

    return made()


def load(count: int, now: datetime) -> dict[str, str]:
    """That many prefixes with a rate each; {prefix: country}."""
    from django.db import connection

    from telephony.models import Country, NetworkGroup

    chance, prefixes = random.Random(6), some_prefixes(count)
    groups = {}
    for country, code in PER_COUNTRY.items():
        row = Country.objects.create(iso=country, name=country, calling_code=code, max_length=10)
        groups[country] = NetworkGroup.objects.create(carrier="plivo", country=row, name="All").pk
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout TO 0")
        rates = (
            "COPY telephony_callrate (network_group_id, prefix, direction, currency, per_minute,"
            " pulse_seconds, connection_fee, valid_from) FROM STDIN"
        )
        with cursor.copy(rates) as copy:
            for digits, country in prefixes.items():
                price = f"{chance.randrange(1, 4000) / 1000:f}"
                copy.write_row((groups[country], digits, "outbound", "INR", price, 60, "0", now))
        with cursor.copy("COPY telephony_prefix (network_group_id, digits) FROM STDIN") as copy:
            for digits, country in prefixes.items():
                copy.write_row((groups[country], digits))
        cursor.execute("ANALYZE")
    return prefixes


def some_prefixes(count: int) -> dict[str, str]:
    """{prefix: country}, of every length."""
    chance = random.Random(7)
    prefixes: dict[str, str] = {}
    while len(prefixes) < count:
        country = chance.choice(list(PER_COUNTRY))
        tail = str(chance.randrange(10 ** chance.choices((2, 3, 4, 5, 6, 7), (1, 3, 8, 20, 40, 40))[0]))
        prefixes[PER_COUNTRY[country] + tail] = country
    return prefixes


def some_numbers(prefixes: dict[str, str], count: int) -> list[tuple[str, str]]:
    """(digits, country): most of them under a prefix."""
    chance = random.Random(8)
    known = list(prefixes.items())
    made = []
    for digits, country in chance.choices(known, k=count):
        size = len(PER_COUNTRY[country]) + 10
        head = digits if chance.random() < 0.9 else PER_COUNTRY[country]
        made.append((head + "".join(chance.choices("0123456789", k=size - len(head))), country))
    return made


def one_call(numbers: Sequence[tuple[str, str]], now: datetime) -> None:
    from django.db import connection

    from telephony.e164 import E164
    from telephony.rate_tables import rate_now
    from telephony.rating import rate_call

    read = [E164(f"+{digits}", country, "", "", None) for digits, country in numbers]
    chance = random.Random(9)

    def nothing() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()

    def query() -> None:
        rate_call(chance.choice(read), **ASKED, at=now)

    def table() -> None:
        rate_now(chance.choice(read), **ASKED, now=now)

    took = [cost_of(built_table(now)) for _ in range(3)]
    size = megabytes(built_table(now))
    told(f"rating: table of {size:.0f} MB built, best of {len(took)}", min(took), most=2, unit=" s")
    rate_now(read[0], **ASKED, now=now)
    base, ours = turns(lambda: cost_of(nothing, 60), lambda: cost_of(query, 60))
    baseline = f"select 1 {micro(base)}"
    told("rating: one call by SQL", ours / base, most=1.5, baseline=baseline, ours=micro(ours))
    base, ours = turns(lambda: cost_of(query, 60), lambda: cost_of(table, 60 * 40))
    baseline, shown = f"by SQL {micro(base)}", f"{ours * 1e6:.1f} µs"
    told("rating: one call in process, times faster", base / ours, least=50, baseline=baseline, ours=shown)


def built_table(now: datetime) -> Callable[[], Any]:
    from telephony.rate_tables import build_table

    return lambda: build_table("plivo", "INR", "outbound", now=now)


def batch(numbers: Sequence[tuple[str, str]], prefixes: dict[str, str], now: datetime) -> None:
    from telephony.rate_intervals import build_intervals

    intervals = build_intervals("plivo", "INR", at=now)
    rows = {digits: row for row, digits in enumerate(prefixes)}
    longest, shortest = max(map(len, rows)), min(map(len, rows))
    digits = [number for number, _ in numbers]
    countries = [country for _, country in numbers]

    def probed() -> list[int]:
        found, get = [], rows.get
        for number in digits:
            for size in range(longest, shortest - 1, -1):
                row = get(number[:size])
                if row is not None:
                    found.append(row)
                    break
            else:
                found.append(-1)
        return found

    base, ours = turns(
        lambda: seconds(probed),
        lambda: seconds(lambda: intervals.find(digits, countries)),
    )
    speeds = [f"{len(digits) / took / 1e6:.2f} M/s" for took in (base, ours)]
    probing = f"dict {speeds[0]}"
    told("rating: batch by intervals, times faster", base / ours, least=6, baseline=probing, ours=speeds[1])
    told("rating: intervals", intervals.size / 1e6, most=60, unit=" MB")


def seconds(work: Callable[[], Any]) -> float:
    """What it takes of this process."""
    gc.disable()
    begun = time.process_time()
    work()
    took = time.process_time() - begun
    gc.enable()
    return took


def turns(baseline: Callable[[], float], ours: Callable[[], float]) -> tuple[float, float]:
    took = [(baseline(), ours()) for _ in range(ROUNDS)]
    return median(one for one, _ in took), median(two for _, two in took)


def megabytes(make: Callable[[], Any]) -> float:
    gc.collect()
    tracemalloc.start()
    kept = make()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del kept
    return size / 1e6


if __name__ == "__main__":
    sys.exit(main())
