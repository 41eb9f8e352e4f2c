"""A timeline …"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dialnexa.admin_timeline import Event, change_text, fold, short_link_to_id, timeline
from dialnexa.models import AuditEntry

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def event(minute: int, like: str = "", title: str = "GET → 200") -> Event:
    at = NOON + timedelta(minutes=minute)
    return Event(at=at, kind="Carrier", title=title, url=f"/{minute}", text=f"{minute} ms", like=like)


def test_folds_neighbours_that_say_the_same() -> None:
    folded = fold([event(0, "a"), event(1, "a"), event(2, "a"), event(3, "b"), event(4, "a")])
    told = [(each.at.minute, each.times, each.last_at.minute if each.last_at else None) for each in folded]
    assert told == [(0, 3, 2), (3, 1, None), (4, 1, None)]
    assert (folded[0].url, folded[0].text) == ("/2", "2 ms")  # what was said last


def test_folds_nothing_that_is_like_nothing() -> None:
    assert len(fold([event(0), event(1), event(2)])) == 3


def test_folds_nothing_across_what_happened_in_between() -> None:
    asked = [event(0, "a"), event(2, "a")]
    moved = [event(1, title="placed → buying")]
    assert [each.times for each in timeline(asked, moved).events] == [1, 1, 1]
    assert [each.times for each in timeline(asked).events] == [2]


def test_writes_amounts_without_their_columns_noughts() -> None:
    entry = AuditEntry(before={}, after={"total": "92.000000", "rate": "0.004500", "name": "1.000000 x"})
    assert change_text(entry) == "total 92.00, rate 0.004500, name 1.000000 x"


def test_writes_lists_and_nothing_as_people_do() -> None:
    after = {"scopes": ["numbers:read", "numbers:write"], "cap": None, "inbound": None}
    entry = AuditEntry(before={"inbound": "agv_1"}, after=after)
    assert change_text(entry) == "inbound agv_1 → none, scopes numbers:read, numbers:write"


def test_shortens_an_id_and_keeps_all_of_it_at_hand() -> None:
    link = short_link_to_id("ord_01m7yc8df552ezzhyze2sxxkgr")
    assert ">ord_…sxxkgr</a>" in link
    assert 'title="ord_01m7yc8df552ezzhyze2sxxkgr"' in link
    assert short_link_to_id("") == "–"
    assert short_link_to_id("nothing we know") == "nothing we know"
