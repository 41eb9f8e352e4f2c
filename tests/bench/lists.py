"""``python -m tests.bench.lists``: a million rows from their bytes to the report, in a process of their own.

The whole way: the file read, every row judged with its reasons, duplicates found, grouped with row numbers,
good rows rated against a deck. The process has loaded all of Django; its peak is what the system saw of it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.figures import head, told
from tests.bench.rating import database, load

MOST_MB = 400
CHILD = "import sys; from tests.bench.lists import measure; measure(sys.argv[1])"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.lists", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--prefixes", type=int, default=100_000, help="in the deck")
    options = parser.parse_args()
    with database(), tempfile.TemporaryDirectory() as folder:
        load(options.prefixes, datetime.now(UTC))
        head(f"lists: {options.rows:,} rows from bytes to report, a deck of {options.prefixes:,} prefixes")
        for name, messy in (("clean", 0.0), ("messy (20 %)", 0.2)):
            file = Path(folder, "list.csv")
            file.write_bytes(_list(options.rows, messy))
            found = run(file)
            speed, before = f"{found['rows'] / found['took']:,.0f} rows/s", f"before {found['before']} MB"
            told(
                f"lists: {name}, memory", found["peak"], most=MOST_MB, unit=" MB", baseline=before, ours=speed
            )
    return 0


def _list(rows: int, messy: float) -> bytes:
    from tests.bench.validation import make_list

    return make_list(rows, messy=messy)


def run(file: Path) -> dict[str, float]:
    """What ``measure`` said of this file, in a fresh process."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    env = os.environ | {"DATABASE_URL": f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"}
    env |= {"DJANGO_SETTINGS_MODULE": "dialnexa.settings", "DIALNEXA_BATCH_MOST_BYTES": "1000000000"}
    done = subprocess.run([sys.executable, "-c", CHILD, str(file)], env=env, check=True, capture_output=True)
    return dict(json.loads(done.stdout))


def measure(path: str) -> None:
    """Print how long one list took, and the most memory this process ever had."""
    import django

    django.setup()
    from telephony.batches.judging import Choices
    from telephony.batches.reading import read_source
    from telephony.batches.report import check_list

    before, started = _peak(), time.process_time()
    source = read_source(Path(path).read_bytes())
    report = check_list(source, rules(), Choices("IN"), currency="INR", now=datetime.now(UTC))
    took = time.process_time() - started
    found = {"rows": report.rows, "good": report.good, "took": took, "before": before, "peak": _peak()}
    print(json.dumps(found))


def rules() -> Any:
    from telephony.destinations import Group, Rules
    from tests.bench.validation import COUNTRIES, prefixes_of

    digits = frozenset(prefix[1:] for prefix in prefixes_of())
    groups = {country: (Group(country, country, digits),) for country in COUNTRIES}
    return Rules("plivo", "Plivo", True, "", "", "", sip_route=False, sip_switch=False, groups=groups)


def _peak() -> int:
    """Megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
