from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.isolation.wall import build_wall, take_down


@pytest.fixture
def wall(db: None) -> Iterator[None]:
    """The policies hold inside ``as_web``."""
    build_wall()
    yield
    take_down()
