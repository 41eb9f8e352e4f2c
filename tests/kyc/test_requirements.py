"""kyc.requirements …"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from kyc import checks, papers, requirements
from kyc.models import EntityType
from kyc.paper_words import WORDS
from kyc.papers import TABLE, PapersWrong, read_papers

INDIA = {
    "individual": [{"aadhaar", "pan", "passport", "driving_licence", "voter_id"}],
    "sole_proprietor": [{"gst", "trade_licence"}],
    "private_limited": [{"incorporation"}, {"gst"}],
}


@pytest.mark.parametrize("entity_type", INDIA)
@pytest.mark.parametrize("number_type", [None, "local", "mobile", "toll_free"])
def test_asks_in_india_what_the_specification_says(entity_type: str, number_type: str | None) -> None:
    groups = requirements.requirement_groups("IN", number_type, entity_type)
    assert [set(group.kinds) for group in groups] == INDIA[entity_type]


@pytest.mark.parametrize("entity_type", EntityType.values)
@pytest.mark.parametrize("country", ["IN", "GB", "DE", "FR", "AU", "AE", "US", "CA", "KZ", "JP"])
def test_asks_everybody_for_something_everywhere(country: str, entity_type: str) -> None:
    assert requirements.requirement_groups(country, None, entity_type)


def test_asks_nothing_for_numbers_that_are_free_of_it() -> None:
    assert requirements.requirement_groups("US", "local", "individual") == []
    assert requirements.papers_for("US", "local") == ""
    assert requirements.requirement_groups("US", "toll_free", "individual")
    assert requirements.papers_for("US", "toll_free") == "Toll-free verification of the business"


def test_keeps_short_names_in_the_middle_of_a_sentence() -> None:
    assert requirements.in_sentence("GST registration") == "GST registration"
    assert requirements.in_sentence("A trade licence") == "a trade licence"


def test_says_a_choice_in_words() -> None:
    (identity,) = requirements.requirement_groups("KZ", None, "individual")
    assert identity.words == "Passport, National identity card or Driving licence"


GOOD = TABLE.read_text()


@pytest.mark.parametrize(
    "old, new, mistake",
    [
        ("\n[general]\n", "\n[general\n", "is not TOML"),
        ("\n[documents]\n", "\n[papers]\n", "lacks the table [documents]"),
        ("[rules.GB.any]", "[rules.XQ.any]", "[rules.XQ]: there is no such country"),
        ("[rules.GB.any]", "[rules.GB.fax]", "[rules.GB.fax]: a number type is one of"),
        ('"aadhaar", "pan"', '"adhar", "pan"', "[rules.IN.any] individual: adhar is not in [documents]"),
        ("private_limited = [", "private_ltd = [", "private_ltd is no entity type"),
        ("private_limited = [", "private_ltd = [", "[rules.IN.any] says nothing about private_limited"),
        ('title = "GST registration"', 'name = "GST"', "a group needs a title and one_of"),
        ('words = "A trade licence"', 'words = ""', "[rules.AE.any] lacks its words"),
        ('pan = "PAN card"', 'pan = ""', "[documents]: pan needs a name"),
    ],
)
def test_refuses_a_table_with_a_mistake(old: str, new: str, mistake: str) -> None:
    assert old in GOOD
    with pytest.raises(PapersWrong) as wrong:
        read_papers(GOOD.replace(old, new, 1))
    assert any(mistake in said for said in wrong.value.mistakes)


def test_names_the_mistakes_when_the_project_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "papers.toml"
    table.write_text(GOOD.replace("[rules.GB.any]", "[rules.GB.fax]"))
    monkeypatch.setattr(papers, "TABLE", table)
    papers.papers.cache_clear()
    assert [error.id for error in checks.papers_are_right()] == ["kyc.E001"]
    monkeypatch.undo()
    papers.papers.cache_clear()
    assert checks.papers_are_right() == []


def test_marks_every_word_of_the_table_for_translation() -> None:
    raw = tomllib.loads(TABLE.read_text())
    rules = [raw["general"], *(rule for types in raw["rules"].values() for rule in types.values())]
    said = {*raw["documents"].values(), *(rule["words"] for rule in rules)}
    groups = [groups for rule in rules for key, groups in rule.items() if key != "words"]
    said |= {group["title"] for each in groups for group in each}
    assert said == set(WORDS)
