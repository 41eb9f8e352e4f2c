"""In a browser, the number page …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dialnexa.models import Workspace
from phone_numbers.models import NumberOrder, PhoneNumber
from tests.numbers.rows import make_number, make_order, make_rental

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_follows_the_order_without_disturbing_what_one_types(
    open_page: Callable[..., Any], workspace: Workspace
) -> None:
    now = timezone.now()
    number = make_number(workspace, status="pending")
    order = make_order(number, created_at=now)
    page = open_page(f"/w/acme/numbers/{number.pk}/")
    page.fill("#nickname", "Half a thought")
    page.wait_for_selector("#progress :text('In line to be bought')")
    NumberOrder.objects.filter(pk=order.pk).update(status="fulfilled", finished_at=now)
    PhoneNumber.objects.filter(pk=number.pk).update(status="active", activated_at=now)
    make_rental(number, now + timedelta(days=30))
    page.wait_for_selector("#title .status-ok")
    page.wait_for_selector("#rental-panel :text('in 30 days')")
    assert page.locator("#progress .step-done").count() == 3
    assert page.input_value("#nickname") == "Half a thought"
