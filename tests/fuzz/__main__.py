"""``python -m tests.fuzz``: see the package."""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from dialnexa.keeper import free_port
from tests.processes import ROOT, clean_env, run, wait_for

NO_LIMIT = "1000000/minute"
ROOMY = {f"DIALNEXA_API_LIMIT_{kind}": NO_LIMIT for kind in ("READ", "WRITE", "SEARCH", "PURCHASE")}
ROOMY |= {"DIALNEXA_PURCHASES_AN_HOUR": "1000000"}
# Left out: whether valid data is accepted (a valid number may be sold out, a valid wallet empty), whether
# wrong data is always refused (unknown fields are ignored, by contract), and deleted things being gone (a
# released number stays readable, by contract).
EXCLUDED = "positive_data_acceptance,negative_data_rejection,use_after_free,ensure_resource_availability"
ROUNDS = 40


@dataclass
class Seen:
    """What all rounds together found."""

    cases: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--n", type=int, default=5000, help="cases, at least")
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    options = parser.parse_args()
    print(f"fuzz: at least {options.n} cases, seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        base = Path(folder)
        base.chmod(0o711)
        with installation(base) as url:
            seen = attack(url, base, options.n, options.seed)
        return judge(seen, (base / "up.log").read_text(errors="replace"))


@contextmanager
def installation(base: Path) -> Iterator[str]:
    """``manage.py up`` with the demo, in ``base``; its address."""
    port = free_port()
    env = clean_env(DIALNEXA_DATA_DIR=str(base / "data"), DIALNEXA_API_WAIT="0.5", **ROOMY)
    with (base / "up.log").open("wb") as log:
        up = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port)],
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=log,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            if not wait_for(lambda: _ready(url), 90):
                raise RuntimeError((base / "up.log").read_text(errors="replace")[-3000:])
            yield url
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait(60)


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz?whole", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def attack(url: str, base: Path, n: int, seed: int) -> Seen:
    """Rounds of Schemathesis, each larger, with other seeds, until ``n`` cases were sent or one failed."""
    env = clean_env(DIALNEXA_DATA_DIR=str(base / "data"))
    made = run("manage.py", "create_api_key", "demo", "--scopes", "all", env=env)
    seen, examples = Seen(), 20
    for round_ in range(ROUNDS):
        one_round(url, made.stdout.strip(), base, examples, seed + round_, seen)
        print(f"  round {round_ + 1}: {seen.cases} cases so far", flush=True)
        if seen.cases >= n or seen.failures:
            break
        examples = min(examples * 2, 200)
    return seen


def one_round(url: str, secret: str, base: Path, examples: int, seed: int, seen: Seen) -> None:
    report = base / f"{seed}.ndjson"
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/v1/openapi.json"),
            *("--header", f"Authorization: Bearer {secret}", "--url", url, "--workers", "2"),
            *("--checks", "all", "--exclude-checks", EXCLUDED, "--max-examples", str(examples)),
            *("--seed", str(seed), "--request-timeout", "30", "--no-color", "--continue-on-failure"),
            *("--report", "ndjson", "--report-ndjson-path", str(report), "--suppress-health-check", "all"),
        ],
        cwd=base,
        env=clean_env(),
        capture_output=True,
        text=True,
        check=False,
    )
    count(report, seen)
    if done.returncode:
        seen.failures.append(done.stdout[-12_000:] + done.stderr[-2_000:])


def count(report: Path, seen: Seen) -> None:
    for line in report.read_text().splitlines() if report.exists() else ():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder") or {}
        for interaction in recorder.get("interactions", {}).values():
            seen.cases += 1
            seen.statuses[str((interaction.get("response") or {}).get("status_code", "none"))] += 1
            seen.operations[recorder["label"]] += 1


def judge(seen: Seen, log: str) -> int:
    broken = [line for line in log.splitlines() if line.startswith("Traceback")]
    for operation, n in sorted(seen.operations.items()):
        print(f"  {n:6} {operation}")
    print(f"answers {dict(sorted(seen.statuses.items()))}")
    for failure in seen.failures:
        print(failure)
    if broken:
        at = log.index("Traceback")
        print(f"{len(broken)} tracebacks in the log; the first:\n{log[at : at + 6000]}")
    fives = sum(n for status, n in seen.statuses.items() if status.startswith("5"))
    failed = bool(seen.failures or broken or fives)
    print(f"fuzz: {'FAILED' if failed else 'passed'}: {seen.cases} cases, {fives} answers of 5xx")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
