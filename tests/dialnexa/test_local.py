"""The environment of ``make run`` …"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dialnexa import local


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An empty one."""
    environment: dict[str, str] = {}
    monkeypatch.setattr(os, "environ", environment)
    return environment


def test_has_an_account_with_every_carrier_at_the_sandbox(
    environment: dict[str, str], tmp_path: Path
) -> None:
    local.complete(tmp_path, 8000)
    sandbox = environment["DIALNEXA_SANDBOX_URL"]
    bases = [value for name, value in environment.items() if name.endswith(("_BASE_URL", "_PRICING_URL"))]
    assert sorted(set(bases)) == [sandbox, "http://localhost:8000"]
    assert all(environment[account] for account in local.ACCOUNTS)


@pytest.mark.parametrize("account", local.ACCOUNTS)
def test_leaves_the_sandbox_out_for_a_real_account(
    environment: dict[str, str], tmp_path: Path, account: str
) -> None:
    environment[account] = "mine"
    local.complete(tmp_path, 8000)
    assert "DIALNEXA_SANDBOX_URL" not in environment
    assert [environment.get(name) for name in local.ACCOUNTS if name != account] == [None, None]


def test_keeps_what_is_set_already(environment: dict[str, str], tmp_path: Path) -> None:
    environment["DIALNEXA_SIGNALWIRE_LOCAL_RATE"] = "0.61"
    local.complete(tmp_path, 8000)
    assert environment["DIALNEXA_SIGNALWIRE_LOCAL_RATE"] == "0.61"
