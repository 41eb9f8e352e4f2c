"""``python -m tests.bench``: every figure of docs/performance.md, one program after another, and a table.

Each program runs in a process of its own, so that memory and caches are its own. ``--n`` makes the
large ones larger: 1,000,000 is what the targets speak of, the usual sizes are for a look in between.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.figures import KEEPS, close, kept, say

PROGRAMS: dict[str, str] = {  # module → the option that N is for
    "validation": "--rows",
    "verdicts": "--n",
    "rating": "",
    "lists": "--rows",
    "inbound": "",
    "api": "",
    "walls": "",
    "purchase": "",
    "tables": "--numbers",
    "batch_rows": "",
    "rentals": "",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--n", type=int, help="rows, texts and numbers, where a program has many")
    parser.add_argument("--only", nargs="+", choices=PROGRAMS, default=list(PROGRAMS))
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "figures")
        path.touch()
        broken = [name for name in options.only if not run(name, options.n, path)]
        close(kept(path), broken)
    say(f"It took {time.monotonic() - began:.0f} s.")
    return 1 if broken else 0


def run(name: str, n: int | None, path: Path) -> bool:
    """Whether it ended well. What it prints is seen as it comes."""
    command = [sys.executable, "-W", "ignore", "-m", f"tests.bench.{name}"]
    if n and PROGRAMS[name]:
        command += [PROGRAMS[name], str(n)]
    env = {**os.environ, KEEPS: str(path), "DIALNEXA_LOG_LEVEL": "ERROR"}
    return subprocess.run(command, env=env, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
