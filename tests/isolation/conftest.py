from __future__ import annotations

from collections.abc import Iterator

import pytest

from dialnexa.isolation.scope import NOBODY, within
from tests.isolation.wall import build_wall, take_down


@pytest.fixture(autouse=True)
def from_nobody() -> Iterator[None]:
    """Where another test has called a getter itself, its workspace is still in scope."""
    with within(NOBODY):
        yield


@pytest.fixture
def wall(db: None) -> Iterator[None]:
    """The policies hold inside ``as_web``."""
    build_wall()
    yield
    take_down()
