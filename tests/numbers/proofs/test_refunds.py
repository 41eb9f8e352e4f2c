"""A proof of the books takes what is returned …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from dialnexa.actors import SYSTEM
from phone_numbers.drift.refunds import return_rent
from phone_numbers.models import NumberOrder, PhoneNumber
from phone_numbers.proofs.proving import prove_books

pytestmark = pytest.mark.django_db(transaction=True)


def test_for_part_of_the_first_month_which_came_with_the_order(
    order: NumberOrder, advance: Callable[[NumberOrder], NumberOrder], now: datetime
) -> None:
    number = advance(order).number
    PhoneNumber.objects.filter(pk=number.pk).update(missing_since=now + timedelta(hours=1))
    number.refresh_from_db()
    with transaction.atomic():
        assert return_rent(number, by=SYSTEM, now=now + timedelta(hours=2))
    assert not [check for check in prove_books(now=now).checks if check["count"]]
