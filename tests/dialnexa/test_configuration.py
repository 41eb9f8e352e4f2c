"""docs/configuration.md …"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "configuration.md"
NAME = re.compile(r"DIALNEXA_[A-Z_]*[A-Z]|DATABASE_URL|REDIS_URL")
SPELT_TOGETHER = {f"DIALNEXA_LIVEKIT_{rest}" for rest in ("URL", "API_KEY", "API_SECRET")}


def read_by_the_code() -> set[str]:
    """Every name that stands alone in a string: sentences mention names, too, and those stand elsewhere."""
    found = set()
    for app in ("dialnexa", "kyc", "telephony", "phone_numbers"):
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found |= {node.value} if NAME.fullmatch(node.value) else set()
    return found | SPELT_TOGETHER


def in_the_tables() -> list[str]:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    return [name for row in rows for name in NAME.findall(row.split(" | ")[0])]


def test_has_every_setting_that_is_read() -> None:
    told = {*NAME.findall(PAGE.read_text())}
    assert read_by_the_code() - told == set()


def test_has_none_that_nobody_reads() -> None:
    assert {*in_the_tables()} - read_by_the_code() == set()


def test_has_each_in_one_place() -> None:
    names = in_the_tables()
    assert sorted(names) == sorted({*names})


def test_has_what_the_readme_shows() -> None:
    """The README keeps the ones that matter most, in the same words."""
    shown = (
        (ROOT / "README.md").read_text().partition("## Configuration")[2].partition("## Run it elsewhere")[0]
    )
    rows = [line for line in shown.splitlines() if line.startswith("| `")]
    assert [row for row in rows if row not in PAGE.read_text()] == []
    assert len(rows) >= 10
