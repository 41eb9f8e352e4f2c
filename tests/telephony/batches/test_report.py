"""The report on a list …"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from dialnexa.models import Workspace
from dialnexa.translations.retelling import retell
from telephony.batches.downloads import corrected_lines, rejected_lines
from telephony.batches.judging import Choices
from telephony.batches.reading import read_source
from telephony.batches.report import Report, check_list, ranges
from telephony.destinations import Rules
from tests.telephony.batches.test_judging import ALL, MESSY, NONE
from tests.telephony.test_destinations import RULES

pytestmark = pytest.mark.django_db


@pytest.fixture
def check(catalogue: None, now: datetime) -> Any:
    def check(data: bytes, rules: Rules = RULES, choices: Choices = NONE) -> Report:
        return check_list(read_source(data), rules, choices, currency="INR", now=now)

    return check


def table(lines: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(lines).removeprefix("\ufeff"))))


def test_groups_the_messy_list_by_reason_with_row_numbers(check: Any) -> None:
    report = check(MESSY.read_bytes())
    groups = {(group["code"], group["country"]): group["where"] for group in report.groups}
    assert (report.rows, report.good) == (28, 10)
    assert groups == {
        ("destination_unparseable", ""): "6–9, 15, 18, 28–29",
        ("country_not_enabled", "GB"): "19–20",
        ("country_not_enabled", "DE"): "21–22",
        ("country_not_enabled", "FR"): "23",
        ("destination_mangled", ""): "12–13",
        ("destination_duplicate", ""): "17",
        ("destination_missing", ""): "14",
        ("destination_not_possible", ""): "16",
    }


def test_is_the_same_whatever_its_reader_speaks(check: Any) -> None:
    with override("hi"):
        report = check(MESSY.read_bytes(), choices=ALL)
    assert report == check(MESSY.read_bytes(), choices=ALL)
    with override("hi"):
        told = [retell(said["sentence"]) for said in (*report.groups, *report.repairs)]
    assert not [sentence for sentence in told if re.search(r"[a-z]{3} [a-z]{3}", sentence)]


def test_offers_repairs_and_counts_those_taken(check: Any) -> None:
    offered = check(MESSY.read_bytes(), choices=Choices("IN"))
    assert {repair["kind"]: repair["count"] for repair in offered.repairs} == {
        "missing_plus": 3,
        "double_zero": 1,
        "trunk_zero": 1,
        "national": 1,
    }
    assert offered.repaired == 0
    assert check(MESSY.read_bytes(), choices=ALL).repaired == 5  # one of the six is a duplicate then


def test_estimates_cost_and_duration_by_the_rates_of_now(check: Any) -> None:
    estimate = check(b"phone\n+919876543210\n+12125550123\n").estimate
    assert (Decimal(estimate["low"]), Decimal(estimate["high"])) == (Decimal("2.5"), Decimal("7.5"))
    assert (estimate["unpriced"], estimate["minutes"]) == (0, [1, 1])


def test_says_how_many_good_rows_have_no_rate(check: Any) -> None:
    estimate = check(b"phone\n+919876543210\n", replace(RULES, carrier="twilio")).estimate
    assert (estimate["unpriced"], estimate["high"]) == (1, "0")


@pytest.mark.parametrize(
    "rows, count, said",
    [
        ([], 0, ""),
        ([2, 3, 4, 9], 4, "2–4, 9"),
        ([2, 4, 6], 4_315, "2, 4 and 4,313 more"),
        ([1_000], 1, "1,000"),
    ],
)
def test_writes_rows_as_stretches(rows: list[int], count: int, said: str) -> None:
    assert ranges(rows, count, most=2) == said


def test_downloads_good_rows_corrected_and_the_others_with_every_reason() -> None:
    source = read_source(MESSY.read_bytes())
    good, bad = table(corrected_lines(source, RULES, ALL)), table(rejected_lines(source, RULES, ALL))
    assert len(good) - 1 + len(bad) - 1 == 28
    assert ["+919876543216", "Sunita", "Indore"] in good
    assert bad[0] == ["phone_number", "Name", "city", "row", "rejected_because"]
    assert ["919876543210", "Asha, once more", "Pune", "18", "destination_duplicate (row 2)"] in bad


def test_leaves_no_formula_in_what_is_downloaded() -> None:
    good = table(corrected_lines(read_source(MESSY.read_bytes()), RULES, ALL))
    names = next(row for row in good if row[0] == "+12025550199")
    assert names[1].startswith("'=")


def test_finds_nothing_left_to_repair_in_the_corrected_file(check: Any) -> None:
    corrected = "".join(corrected_lines(read_source(MESSY.read_bytes()), RULES, ALL)).encode()
    report = check(corrected)
    assert (report.rows, report.good, report.repairs) == (15, 15, ())


def test_is_printed_by_the_command(workspace: Workspace, capsys: Any, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    call_command(
        "check_batch",
        str(MESSY),
        workspace="acme",
        country="IN",
        repair=["all"],
        corrected=good,
        rejected=bad,
    )
    said = capsys.readouterr().out
    assert "28 rows: 17 good (5 repaired), 11 rejected." in said
    assert "country_not_enabled DE" in said
    assert len(table(good.read_text(encoding="utf-8"))) - 1 == 17
    assert len(table(bad.read_text(encoding="utf-8"))) - 1 == 11


def test_is_refused_by_the_command_in_a_sentence(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"%PDF-1.4")
    with pytest.raises(CommandError, match="a PDF"):
        call_command("check_batch", str(file), workspace="acme")
    with pytest.raises(CommandError, match="No workspace"):
        call_command("check_batch", str(file), workspace="nobody")
