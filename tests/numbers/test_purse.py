"""The wallet card's rent …"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal

import pytest
from django.db.models import F

from dialnexa import purse
from dialnexa.models import Workspace
from phone_numbers.models import Rental
from tests.numbers.rows import make_number, make_rental

Rent = Callable[[], tuple[Decimal, int | None]]


@pytest.fixture
def rent(workspace: Workspace, now: datetime) -> Iterator[Rent]:
    """A month's rent of three numbers for ₹92, and how many days it is covered."""
    for digit in range(3):
        make_rental(make_number(workspace, f"+1212555010{digit}"), now)
    membership = workspace.memberships.get()

    def read() -> tuple[Decimal, int | None]:
        card = purse.read_purse(membership)
        return card.monthly_rent, card.days

    yield read
    purse._kept.clear()


def test_is_added_up_for_each_page(rent: Rent) -> None:
    assert rent() == (Decimal(276), 1086)
    Rental.objects.update(monthly_price=F("monthly_price") * 2)
    assert rent() == (Decimal(552), 543)


def test_of_very_many_numbers_is_kept_for_a_minute(rent: Rent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purse, "MANY", 2)
    assert rent() == (Decimal(276), 1086)
    Rental.objects.update(monthly_price=F("monthly_price") * 2)
    assert rent() == (Decimal(276), 1086)
    later = time.monotonic() + 61
    monkeypatch.setattr("time.monotonic", lambda: later)
    assert rent() == (Decimal(552), 543)


def test_that_is_kept_is_the_workspaces_own(
    rent: Rent, charlie_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purse, "MANY", 2)
    assert rent()[0] == Decimal(276)
    assert purse.read_purse(charlie_workspace.memberships.get()).monthly_rent == 0
