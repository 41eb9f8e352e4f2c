"""``python -m tests.bench.decks``: importing a call deck of half a million prefixes, seconds and memory."""

from __future__ import annotations

import argparse
import io
import random
import resource
import sys
import time
from datetime import UTC, datetime, timedelta

from tests.bench.figures import say
from tests.bench.rating import PER_COUNTRY, database

STARTS = {
    "IN": ("91",),
    "US": ("1212", "1415", "1312", "1702", "1206"),
    "BR": ("55",),
    "DE": ("49",),
    "ID": ("62",),
    "NG": ("234",),
    "MX": ("52",),
}
TARGET = 60.0  # seconds, of any of the steps
MOST_MEMORY = 200  # megabytes that a step may add to the process


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.decks", description=__doc__)
    parser.add_argument("--prefixes", type=int, default=500_000)
    options = parser.parse_args()
    with database():
        from telephony.decks import Deck

        now = datetime.now(UTC)
        load_countries()
        first, second = (make_deck(options.prefixes, seed) for seed in (1, 2))
        deck = Deck("plivo", "INR", now, now)
        later = Deck("plivo", "INR", now + timedelta(days=1), now)
        say(f"decks: {options.prefixes:,} prefixes, {len(first) / 1e6:.0f} MB of CSV")
        step("dry run, nothing in force", first, deck, dry_run=True)
        step("import, nothing in force", first, deck, dry_run=False)
        step("dry run, half of the prices new", second, later, dry_run=True)
        step("import, half of the prices new", second, later, dry_run=False)
    return 0


def load_countries() -> None:
    from telephony.models import Country

    for country, code in PER_COUNTRY.items():
        Country.objects.create(iso=country, name=country, calling_code=code, max_length=10)


def make_deck(count: int, seed: int) -> bytes:
    """The same prefixes for every seed; half of the prices differ."""
    chance, out = random.Random(seed), io.StringIO()
    out.write("country,network_group,prefix,per_minute,pulse_seconds\n")
    for number, (digits, country) in enumerate(real_prefixes(count).items()):
        price = chance.randrange(1, 4000) if number % 2 else 500
        out.write(f"{country},{country} {number % 7},{digits},{price / 1000},60\n")
    return out.getvalue().encode()


def real_prefixes(count: int) -> dict[str, str]:
    """{prefix: country}; of those sharing +1 only area codes of the country."""
    chance = random.Random(3)
    prefixes: dict[str, str] = {}
    while len(prefixes) < count:
        country = chance.choice(list(STARTS))
        size = chance.choices((2, 3, 4, 5, 6), (1, 3, 8, 20, 40))[0]
        prefixes[chance.choice(STARTS[country]) + str(chance.randrange(2 * 10 ** (size - 1), 10**size))] = (
            country
        )
    return prefixes


def step(what: str, data: bytes, deck: object, *, dry_run: bool) -> None:
    from telephony.call_decks import import_call_rates

    before, began = peak_memory(), time.perf_counter()
    report = import_call_rates(io.BytesIO(data), deck, dry_run=dry_run)  # type: ignore[arg-type]
    took, grown = time.perf_counter() - began, peak_memory() - before
    counts = f"{report.added:,} added, {report.changed:,} changed, {report.bad_count:,} bad"
    met = "met" if took <= TARGET and grown <= MOST_MEMORY else "missed"
    say(f"  {what}: {took:.1f} s, +{grown} MB (target {TARGET:.0f} s, +{MOST_MEMORY} MB): {met}; {counts}")
    for finding in report.findings:
        say(f"    {finding.title}: {finding.count:,}")


def peak_memory() -> int:
    """Of this process so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
