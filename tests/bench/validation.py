"""``python -m tests.bench.validation``: lists against the plain loop, both measured in one run, interleaved.

The plain loop is what anybody would write: the library for every row, prefixes with ``startswith``. Ours is
the whole chain of a batch: the file read, every step judged with its reasons, duplicates found.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import random
import statistics
import time
from collections.abc import Callable

import django
import phonenumbers

from tests.bench.figures import head, told

COUNTRIES = ("IN", "US", "GB", "DE", "BR", "SG", "AE", "ZA")


def make_list(rows: int, *, messy: float, seed: int = 7) -> bytes:
    """CSV of mobile numbers of eight countries; ``messy``: the share that is not ``+`` and digits."""
    chance, out = random.Random(seed), io.StringIO()
    starts = [_mobile(country) for country in COUNTRIES]
    out.write("phone_number,name\n")
    for row in range(rows):
        number = chance.choice(starts)[:-6] + f"{chance.randrange(10**6):06}"
        if chance.random() < messy:
            number = chance.choice(MESSES)(number)
        out.write(f'"{number}",Person {row}\n')
    return out.getvalue().encode()


def _mobile(country: str) -> str:
    number = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    assert number
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


MESSES: tuple[Callable[[str], str], ...] = (
    lambda number: f"{number[:3]} {number[3:7]} {number[7:]}",
    lambda number: f"{number[:3]}-{number[3:6]}-{number[6:]}",
    lambda number: number[1:],
    lambda number: f"00{number[1:]}",
    lambda number: number[:-4],
)


def plain_loop(data: bytes, prefixes: tuple[str, ...]) -> int:
    """How many rows are good."""
    good = 0
    rows = csv.reader(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline=""))
    next(rows)
    for cells in rows:
        try:
            number = phonenumbers.parse(cells[0])
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            good += e164.startswith(prefixes)
    return good


def ours(data: bytes, prefixes: tuple[str, ...]) -> int:
    from telephony.batches.judging import Choices, judge_rows
    from telephony.batches.reading import read_source
    from telephony.destinations import Group, Rules

    digits = frozenset(prefix[1:] for prefix in prefixes)
    groups = {country: (Group(country, country, digits),) for country in COUNTRIES}
    rules = Rules("plivo", "Plivo", True, "", "", "", sip_route=False, sip_switch=False, groups=groups)
    return sum(not row.codes for row in judge_rows(read_source(data), rules, Choices()))


def prefixes_of() -> tuple[str, ...]:
    """300 prefixes, as network groups have them; about half of the rows begin with one."""
    chance = random.Random(5)
    starts = [_mobile(country) for country in COUNTRIES]
    near = [start[:-6] for start in starts[:5]]
    return (*near, *(f"{chance.choice(starts)[:4]}{chance.randrange(100):02}" for _ in range(300)))


def ratio(rows: int, *, messy: float, times: int = 7) -> tuple[float, float]:
    """How often faster ours is (median of interleaved runs), and our rows a second."""
    from telephony.fast_e164 import COUNTRIES as TABLE

    data, prefixes, ratios, speeds = make_list(rows, messy=messy), prefixes_of(), [], []
    for _ in range(times):
        started = time.process_time()
        plain_loop(data, prefixes)
        between = time.process_time()
        TABLE.clear()  # cold, as a worker that has just begun
        ours(data, prefixes)
        ended = time.process_time()
        ratios.append((between - started) / (ended - between))
        speeds.append(rows / (ended - between))
    return statistics.median(ratios), statistics.median(speeds)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=40_000)
    rows = arguments.parse_args().rows
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    head("validation: all five steps with reasons, one process, the library alone")
    for name, messy, target in (("clean", 0.0, 5), ("messy (20 %)", 0.2, 4)):
        times, speed = ratio(rows, messy=messy)
        told(
            f"validation: {name}, times faster",
            times,
            least=target,
            baseline="plain loop",
            ours=f"{speed:,.0f} rows/s",
        )


if __name__ == "__main__":
    main()
