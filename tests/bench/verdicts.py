"""``python -m tests.bench.verdicts``: a million generated numbers, judged by us and by the library."""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time

from django.conf import settings

import telephony.carriers  # noqa: F401  (first: telephony.e164 takes its types from there)
from tests.bench.figures import head, told
from tests.telephony.numbers import NAMED
from tests.telephony.verdicts import SHOWN, Compared, compare

MEGABYTE = 1024  # of what the operating system counts in


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.verdicts", description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000, help="numbers")
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    options = parser.parse_args()
    settings.configure(USE_I18N=False)  # reasons are sentences, and theirs is English here
    head(f"verdicts: {options.n:,} texts of every region, seed {options.seed}")
    began = time.perf_counter()
    found = compare(options.n, seed=options.seed, progress=lambda done: _progress(done, options.n, began))
    missing = sorted(NAMED - set(found.regions))
    _tell(found, time.perf_counter() - began, missing)
    return 1 if found.differences or missing else 0


def _progress(done: int, of: int, began: float) -> None:
    """On a terminal in one line, in a log now and then."""
    if sys.stderr.isatty() or not done % 200_000:
        end = "\r" if sys.stderr.isatty() else "\n"
        took = time.perf_counter() - began
        print(f"  {done:,} of {of:,}, {took:.0f} s", end=end, file=sys.stderr, flush=True)


def _tell(found: Compared, took: float, missing: list[str]) -> None:
    for verdict, times in found.verdicts.most_common():
        print(f"  {verdict:<26} {times:>9,}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MEGABYTE
    without = f", without {', '.join(missing)}" if missing else ""
    print(f"  {len(NAMED) - len(missing)} of {len(NAMED)} regions met{without}")
    print(f"  the table of batches answered {found.fast:,} by itself; {took:.0f} s, {peak} MB")
    for line in found.differences:
        print(f"  DIFFERENT {line}")
    wrong = len(found.differences)
    said = f"{wrong}{' or more' if wrong == SHOWN else ''}"
    told("verdicts: different from the library's", wrong + len(missing), most=0, unit="", ours=said)


if __name__ == "__main__":
    sys.exit(main())
