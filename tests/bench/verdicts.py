"""``python -m tests.bench.verdicts``: a million generated numbers, judged by us and by the library."""

from __future__ import annotations

import argparse
import random
import sys
import time

import telephony.carriers  # noqa: F401  (first: telephony.e164 takes its types from there)
from tests.telephony.numbers import NAMED
from tests.telephony.verdicts import compare


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.verdicts", description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000, help="numbers")
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    options = parser.parse_args()
    print(f"verdicts: {options.n:,} numbers, seed {options.seed}", flush=True)
    began = time.perf_counter()
    found = compare(options.n, seed=options.seed)
    took = time.perf_counter() - began
    for verdict, times in found.verdicts.most_common():
        print(f"  {verdict:<26} {times:>9,}")
    missing = sorted(NAMED - set(found.regions))
    print(f"  regions {len(NAMED) - len(missing)} of {len(NAMED)}, {took:.0f} s")
    for line in found.differences:
        print(f"  DIFFERENT {line}")
    print("verdicts: EQUAL" if not found.differences else "verdicts: DIFFERENT")
    return 1 if found.differences or missing else 0


if __name__ == "__main__":
    sys.exit(main())
