from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.isolation.wall import build_wall, requests_as_web, take_down


@pytest.fixture
def wall(db: None) -> Iterator[None]:
    """The policies hold inside ``as_web``."""
    build_wall()
    yield
    take_down()


@pytest.fixture
def served_by_web(db: None) -> Iterator[None]:
    with requests_as_web():
        yield
