"""Alerts and the page for operators …"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from dialnexa.metrics import counting
from dialnexa.metrics.reading import read_all

ROOT = Path(__file__).resolve().parents[3]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
PAGE = (ROOT / "docs" / "operations.md").read_text()
RULES: list[dict[str, Any]] = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]
NAME = re.compile(r"\bdialnexa_[a-z_]+")
# Told only while there is something to tell
SOMETIMES = {
    "drift_open",
    "calls_open",
    "batches",
    "messages_waiting",
    "heartbeat_age_seconds",
    "readings_seconds",
}
SOMETIMES |= {
    "readings_seconds",
    "ledger_proof_ok",
    "ledger_proof_failures",
    "ledger_proof_age_seconds",
    "database_answers",
}


def counted() -> set[str]:
    metrics = (value for value in vars(counting).values() if hasattr(value, "_name"))
    return {f"{metric._name}_total" if metric._type == "counter" else metric._name for metric in metrics}


def told(now: datetime) -> set[str]:
    read = {reading.name for reading in read_all(now)} | SOMETIMES
    return {f"dialnexa_{name}" for name in read} | counted()


@pytest.mark.django_db
def test_name_figures_that_there_are(now: datetime) -> None:
    asked = {name.removesuffix("_bucket") for rule in RULES for name in NAME.findall(rule["expr"])}
    assert asked - told(now) == set()


@pytest.mark.django_db
def test_explain_every_figure(now: datetime) -> None:
    rows = [line.split(" | ")[0] for line in PAGE.splitlines() if line.startswith("| `")]
    words = re.findall(r"`([a-z_]+)", " ".join(rows))
    words += [f"ledger_proof{word}" for word in words if word.startswith("_")]
    assert {name.removeprefix("dialnexa_") for name in told(now)} - {*words} == set()


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_lead_to_what_to_do(rule: dict[str, Any]) -> None:
    ((page, section),) = re.findall(r"(docs/[a-z.]+)#?([a-z-]*)", rule["annotations"]["description"])
    titles = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert not section or section in [title.lower().replace(" ", "-") for title in titles]
    assert rule["annotations"]["summary"].endswith((".", "guesses."))
    assert rule["labels"]["severity"] in ("page", "ticket")
