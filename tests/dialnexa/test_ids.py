"""An id …"""

import time

from dialnexa.ids import ID_PATTERN, derived_id, new_id, uuid_of


def test_begins_with_its_prefix_and_is_lower_case() -> None:
    made = new_id("phn")
    assert made.startswith("phn_")
    assert ID_PATTERN.match(made)


def test_is_nothing_longer() -> None:
    """A line break at the end, too, would be another string."""
    made = new_id("phn")
    assert not any(ID_PATTERN.match(text) for text in (f"{made}\n", f"{made}0", f" {made}"))


def test_sorts_by_the_moment_it_was_made() -> None:
    made = []
    for _ in range(5):
        made.append(new_id("ord"))
        time.sleep(0.002)
    assert made == sorted(made)


def test_is_made_once() -> None:
    assert len({new_id("x_") for _ in range(10_000)}) == 10_000


def test_is_always_the_same_when_made_from_a_text() -> None:
    made = derived_id("call", "plivo:1")
    assert made == derived_id("call", "plivo:1") != derived_id("call", "plivo:2")
    assert ID_PATTERN.match(made)


def test_stands_as_a_uuid_that_is_always_the_same() -> None:
    """Clients keep these: whatever changes here, this must not."""
    assert str(uuid_of("phn_01jd3vx1q8c2m4z6t7w9y0b5ra")) == "5ff9e20f-e367-589f-bbc5-7e9cc1ff6973"
    assert uuid_of(new_id("phn")) != uuid_of(new_id("phn"))
