"""The verdict of a scale run …"""

from __future__ import annotations

import queue
from collections import Counter
from typing import Any

import pytest

from tests.scale.buyers import Storm
from tests.scale.readers import Reading
from tests.scale.verdict import PHASES, Outcome, judge_outcome


def reading(**told: int) -> Reading:
    return Reading(5.0, Counter({"marks": 50} | told), Counter({12.5: 90, 80.0: 10}))


def outcome(**changed: Any) -> Outcome:
    storm = Storm(["http://127.0.0.1:1"], queue.Queue(), answers=Counter({"202": 9, "ConnectError": 3}))
    good = {"storm": storm, "readings": {phase: reading() for phase in PHASES}, "alone": reading()}
    return Outcome(**{**good, "sessions": 1, "missing": [], "books": "", **changed})


def test_has_nothing_to_say_of_a_good_one() -> None:
    assert judge_outcome(outcome()) == []


@pytest.mark.parametrize("told", ["broken", "strange", "lost", "refused", "late"])
def test_sees_what_readers_saw(told: str) -> None:
    assert len(judge_outcome(outcome(alone=reading(**{told: 1})))) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"missing": ["worker 1"]},
        {"books": "1 check failed"},
        {"sessions": 2},
        {"alone": reading(marks=0)},
        {"readings": {"after": Reading()}},
    ],
)
def test_sees_what_else_went_wrong(changed: dict[str, Any]) -> None:
    assert len(judge_outcome(outcome(**changed))) == 1


def test_sees_what_buyers_were_told() -> None:
    told = outcome()
    told.storm.answers["503"] += 1
    told.storm.memory.gave_up.add("key")
    told.storm.memory.refused["other"] = "402"
    told.storm.ids["+12125550100"] = {"phn_1", "phn_2"}
    assert len(judge_outcome(told)) == 4


def test_finds_the_middle_and_the_slowest_hundredth() -> None:
    assert (reading().within(0.5), reading().within(0.99), reading().rate) == (12.5, 80.0, 20.0)
