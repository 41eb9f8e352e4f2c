"""Reading lists by turns …"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from dialnexa.errors import Refusal
from dialnexa.ids import new_id
from telephony.batches import turns


@pytest.fixture
def names() -> list[str]:
    return [new_id("ws") for _ in range(3)]


def test_refuses_a_third_list_at_once_and_lets_it_in_afterwards(
    names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.01)
    first, second, third = names
    with turns.turn(first), turns.turn(second), pytest.raises(Refusal) as raised, turns.turn(third):
        pass
    assert (raised.value.code, raised.value.status, raised.value.details) == (
        "lists_busy",
        503,
        {"retry_after": turns.AGAIN},
    )
    with turns.turn(third):
        pass


def test_leaves_one_turn_to_others_whoever_asks_twice(
    names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.01)
    with turns.turn(names[0]):
        with pytest.raises(Refusal, match="lists_busy"), turns.turn(names[0]):
            pass
        with turns.turn(names[1]):
            pass


def test_counts_a_workspaces_lists_in_all_processes(names: list[str], settings: LazySettings) -> None:
    settings.BATCH_READ_LIMIT = "2/minute"
    for _ in range(2):
        with turns.turn(names[0]):
            pass
    with pytest.raises(Refusal, match="lists_too_many") as raised, turns.turn(names[0]):
        pass
    assert raised.value.status == 429
    assert 0 < raised.value.details["retry_after"] <= 60
    with turns.turn(names[1]):
        pass


def test_gives_the_turn_back_when_the_list_was_none(names: list[str]) -> None:
    for _ in range(3):
        with pytest.raises(Refusal, match="not_a_list"), turns.turn(names[0]):
            raise Refusal("not_a_list", "This is no list.")


def test_makes_a_download_in_pieces_that_wait_for_their_turn(names: list[str]) -> None:
    made = []

    def lines() -> Iterator[str]:
        for number in range(turns.PIECE * 2 + 1):
            made.append(number)
            yield "x"

    pieces = turns.in_pieces(lines(), names[0])
    assert len(next(pieces)) == turns.PIECE
    with turns.turn(names[0]):
        rest: list[str] = []
        slow = threading.Thread(target=lambda: rest.extend(pieces))
        slow.start()
        slow.join(0.2)
        assert (len(made), rest) == (turns.PIECE, [])
    slow.join(5)
    assert [len(piece) for piece in rest] == [turns.PIECE, 1]
