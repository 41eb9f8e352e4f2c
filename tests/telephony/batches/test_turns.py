"""Reading lists by turns …"""

from __future__ import annotations

import pytest

from dialnexa.errors import Refusal
from telephony.batches import turns


def test_refuses_a_third_list_at_once_and_lets_it_in_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.01)
    with turns.turn(), turns.turn(), pytest.raises(Refusal) as raised, turns.turn():
        pass
    assert (raised.value.code, raised.value.status, raised.value.details) == (
        "lists_busy",
        503,
        {"retry_after": turns.AGAIN},
    )
    with turns.turn():
        pass


def test_gives_the_turn_back_when_the_list_was_none() -> None:
    for _ in range(3):
        with pytest.raises(Refusal, match="not_a_list"), turns.turn():
            raise Refusal("not_a_list", "This is no list.")
