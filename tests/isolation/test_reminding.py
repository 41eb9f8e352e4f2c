"""Behind the wall a change of zone …"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dialnexa.isolation.scope import within
from dialnexa.models import Workspace
from phone_numbers.models import Rental
from tests.isolation.wall import as_web
from tests.numbers.rows import make_number, make_rental


@pytest.mark.django_db
def test_plans_the_reminders_of_the_workspaces_rentals_anew(
    wall: None, workspace: Workspace, now: datetime
) -> None:
    make_rental(make_number(workspace), now)
    Rental.objects.update(remind_at=now + timedelta(days=300))
    with as_web(), within(workspace.pk):
        Workspace.objects.filter(pk=workspace.pk).update(time_zone="Pacific/Auckland")
    assert Rental.objects.filter(remind_at__lt=now + timedelta(days=60)).exists()
