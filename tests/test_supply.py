"""The dependencies …"""

from __future__ import annotations

import json
import re

import pytest

from requirements.audit import judge
from requirements.sbom import LOCK, bill, read_pins
from tests.processes import ROOT, clean_env, run

ONE_HOLE = {"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
NONE = {"name": "b", "version": "1", "vulns": []}


def test_are_all_pinned_with_a_hash() -> None:
    for lock in ("run.txt", "dev.txt"):
        text = (ROOT / "requirements" / lock).read_text()
        entries = re.split(r"\n(?=[a-z0-9])", text, flags=re.I)[1:]
        assert [
            entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry
        ] == []


def test_are_all_on_the_bill_which_is_the_same_each_time() -> None:
    told = run("requirements/sbom.py", env=clean_env()).stdout
    assert json.loads(told) == bill(LOCK.read_text())
    listed = {(part["name"], part["version"]) for part in json.loads(told)["components"]}
    assert listed == set(read_pins(LOCK.read_text()))
    assert ("django", "5.2") in {(name, version[:3]) for name, version in listed}


@pytest.mark.parametrize(
    ("out", "err", "code", "said"),
    [
        (json.dumps({"dependencies": [NONE, ONE_HOLE]}), "Found 1", 1, "a 1: CVE-1, mended in 2"),
        (json.dumps({"dependencies": [NONE]}), "", 0, "1 pins, no known hole."),
        ("", "ConnectionError: Max retries exceeded", 0, "NOT AUDITED"),
        ("", "unrecognized arguments: --frmat", 2, "could not do it"),
    ],
)
def test_with_a_known_hole_end_the_audit_and_silence_is_said(
    out: str, err: str, code: int, said: str
) -> None:
    ended, text = judge(out, err)
    assert ended == code
    assert said in text
