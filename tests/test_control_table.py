"""The table of controls in docs/security.md …"""

from __future__ import annotations

import ast
import functools
import re

import pytest

from tests.test_architecture import ROOT

DESIGN = ROOT.parent / "shared" / "design" / "security.md"
NODE = re.compile(r"`(tests/[\w/]+\.py)::(\w*)`")


def table(text: str) -> list[list[str]]:
    """The cells of every row under "Control table"."""
    part = text.partition("## Control table")[2].partition("\n##")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


ROWS = table((ROOT / "docs" / "security.md").read_text())


@functools.cache
def names_in(path: str) -> frozenset[str]:
    """The names of a file's tests, without running it."""
    if not (ROOT / path).is_file():
        return frozenset()
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].replace(" ", ""))
def test_has_a_proof_in_every_row_that_exists(row: list[str]) -> None:
    requirement, need, control, where, proof = row
    assert all([requirement, need, control, where])
    proofs = NODE.findall(proof)
    assert proofs
    assert [f"{path}::{name}" for path, name in proofs if name not in names_in(path)] == []


def test_names_files_that_exist() -> None:
    named = {path for row in ROWS for path in re.findall(r"`([a-z_]+/[\w/.]*)`", row[3])}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.skipif(not DESIGN.is_file(), reason="!!! the design is not here: ROWS NOT COMPARED WITH IT !!!")
def test_has_every_row_of_the_design() -> None:
    assert [row[0] for row in ROWS] == [row[0] for row in table(DESIGN.read_text())]
