"""One line for each figure, the same everywhere, and a table of them all when ``make bench`` ends.

A figure is what was measured, the baseline beside it in the same run, their ratio, and the target. Some have
no baseline (megabytes, seconds): then the value itself is held against the target.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path

KEEPS = "BENCH_FIGURES"  # the environment's name of the file that figures are added to


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` and ``target`` are as people read them: ``3.5×``, ``≤ 8×``."""

    name: str
    baseline: str
    ours: str
    value: str
    target: str
    verdict: str


HEAD = Figure("figure", "baseline", "ours", "ratio", "target", "verdict")


def told(
    name: str,
    value: float,
    *,
    most: float = inf,
    least: float = -inf,
    unit: str = "×",
    baseline: str = "–",
    ours: str = "",
) -> Figure:
    """Print a figure, and keep it for the closing table. ``value`` in ``unit``; without a target it is only
    told. Returns it.
    """
    target = f"≤ {most:g}{unit}" if most != inf else f"≥ {least:g}{unit}" if least != -inf else "–"
    verdict = "–" if target == "–" else "met" if least <= value <= most else "missed"
    shown = f"{value:.2f}{unit}" if value < 10 else f"{value:,.0f}{unit}"
    made = Figure(name, baseline, ours or shown, shown, target, verdict)
    say(line(made))
    _keep(made)
    return made


def line(figure: Figure) -> str:
    """In columns; what is too long for its column pushes the others on."""
    return (
        f"  {figure.name:<54} {figure.baseline:>20} {figure.ours:>20} {figure.value:>10} {figure.target:>10}"
        f"  {figure.verdict}"
    )


def head(title: str) -> None:
    """What the next lines are about."""
    say(f"\n{title}")
    say(line(HEAD))


def micro(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} µs" if seconds < 0.01 else f"{seconds * 1e3:,.0f} ms"


def _keep(figure: Figure) -> None:
    if path := os.environ.get(KEEPS):
        with Path(path).open("a") as file:
            file.write(json.dumps(asdict(figure)) + "\n")


def kept(path: Path) -> Iterator[Figure]:
    """What has been told since the file was new."""
    for text in path.read_text().splitlines():
        yield Figure(**json.loads(text))


def close(figures: Iterable[Figure], broken: Iterable[str]) -> None:
    """The table of all, and what was missed. ``broken``: programs that ended before they had told theirs."""
    figures = list(figures)
    head("All figures")
    for one in figures:
        say(line(one))
    aimed = [one for one in figures if one.verdict != "–"]
    missed = [one for one in aimed if one.verdict == "missed"]
    say(f"\n{len(aimed) - len(missed)} of {len(aimed)} targets met (docs/performance.md says why not all).")
    for one in missed:
        say(f"  missed: {one.name}: {one.value} (target {one.target})")
    for program in broken:
        say(f"  did not end: {program}")


def say(text: str) -> None:
    print(text, flush=True)
