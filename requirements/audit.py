"""``make audit``: does any pinned dependency have a known hole? Ends with 1 when one has.

Who knows of holes is a service outside. Where it can't be reached nothing was found out, which is said loudly
and is no failure: a machine without a way out must still be able to test.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).with_name("run.txt")
COMMAND = [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--require-hashes", "--disable-pip"]
OPTIONS = ["--format", "json", "--progress-spinner", "off", "--timeout", "15"]
AWAY = re.compile(r"connect|timed? ?out|resolve|proxy|unreachable|temporar|service unavailable", re.I)


def main() -> int:
    command = [*COMMAND, *OPTIONS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own words
    code, text = judge(done.stdout, done.stderr)
    print(text)
    return code


def judge(out: str, err: str) -> tuple[int, str]:
    """How to end, and what to say, after what pip-audit said."""
    try:
        pins = json.loads(out)["dependencies"]
    except (ValueError, KeyError, TypeError):
        if AWAY.search(err):
            return 0, "!!! NOT AUDITED: the service that knows of holes can't be reached from here. !!!"
        return 2, f"pip-audit could not do it: {err.strip()[-400:]}"
    holes = [line for pin in pins for line in _holes(pin)]
    return int(bool(holes)), "\n".join(holes) or f"{len(pins)} pins, no known hole."


def _holes(pin: dict[str, Any]) -> list[str]:
    return [
        f"{pin['name']} {pin['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'none'}"
        for hole in pin.get("vulns", ())
    ]


if __name__ == "__main__":
    sys.exit(main())
