"""A number's history …"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import phone_numbers
from phone_numbers.history import ECHOES, SENTENCES
from phone_numbers.models import NumberOrder, PhoneNumber, Rental

ELSEWHERE = {
    *("resolve", "release_stopped"),  # about a stray sale, which only support sees
    *("ask_code", "confirm"),  # about the verification number: kyc has the words
    *("upload", "unbill"),  # about a list, a call: telephony has the words
}


def recorded() -> Iterator[str]:
    """Every event that is written out in a call of ``audit.record``."""
    for path in Path(phone_numbers.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                found = [part for part in ast.walk(node.args[1]) if isinstance(part, ast.Constant)]
                yield from (part.value for part in found if isinstance(part.value, str))


def test_has_a_sentence_for_every_event() -> None:
    told = {event for _, event in {*SENTENCES, *ECHOES}}
    events = set(recorded())
    assert {"place", "rename", "papers_overdue"} <= events
    assert not events - told - ELSEWHERE


def test_has_a_sentence_for_every_move() -> None:
    for model in (NumberOrder, PhoneNumber, Rental):
        for event in model.TRANSITIONS:
            assert (model._meta.model_name, event) in {*SENTENCES, *ECHOES}


def test_colours_what_went_well_badly_or_is_in_doubt() -> None:
    tones = {event: tone for (_, event), (_, tone) in SENTENCES.items()}
    assert {tones[event] for event in ("fulfil", "activate", "link", "publish")} == {"ok"}
    assert {tones[event] for event in ("reject", "papers_refused", "expire", "unreachable")} == {"trouble"}
    assert {tones[event] for event in ("doubt", "flag_for_review", "papers_overdue")} == {"waiting"}
    assert {tones[event] for event in ("place", "claim", "route", "release", "make_default")} == {"off"}
