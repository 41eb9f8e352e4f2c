"""A sabotage …"""

import ast
from pathlib import Path

import pytest

from tests.chaos.call_sabotage import CALL_SABOTAGES
from tests.chaos.rental_sabotage import RENTAL_SABOTAGES
from tests.chaos.sabotage import ROOT, SABOTAGES, copy_and_break

EVERY = SABOTAGES | CALL_SABOTAGES | RENTAL_SABOTAGES


@pytest.mark.parametrize("name", EVERY)
def test_still_finds_the_guard_it_takes_away(name: str, tmp_path: Path) -> None:
    sabotage = EVERY[name]
    copy = copy_and_break(sabotage, tmp_path)
    for file, _, _ in sabotage.edits:
        ast.parse((copy / file).read_text())
        assert (copy / file).read_text() != (ROOT / file).read_text()
    assert sabotage.edits or sabotage.sql or sabotage.settings
