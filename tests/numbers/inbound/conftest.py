"""A number that an agent answers, and carriers that ask about calls to it, signed as they sign."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.db import connection

from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from telephony.models import Call, CallRate, NetworkGroup
from tests.conftest import LONG_AGO, accounts_at
from tests.numbers.calls.conftest import number as number
from tests.numbers.calls.conftest import version as version
from tests.numbers.inbound.asking import Asking

NOWHERE = "http://127.0.0.1:9"


@contextmanager
def forced() -> Iterator[None]:
    """Rows may become what no transition makes of them."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def carriers(settings: LazySettings) -> None:
    """All three, nobody of whom can be asked anything."""
    settings.CARRIERS = accounts_at(NOWHERE)


@pytest.fixture
def call(carriers: None, number: PhoneNumber) -> Asking:
    """Somebody calls the number at Plivo."""
    return Asking("plivo", number.e164)


@pytest.fixture
def the_call(call: Asking) -> Callable[[], Call]:
    """The one row there is of it."""
    return lambda: Call.objects.get(carrier_call_id=call.id)


@pytest.fixture
def rates(workspace: Workspace, now: datetime) -> None:
    """A minute of an inbound call to the US costs half a rupee."""
    for group in NetworkGroup.objects.filter(country="US"):
        CallRate.objects.create(
            network_group=group,
            direction="inbound",
            currency="INR",
            per_minute=Decimal("0.50"),
            valid_from=LONG_AGO,
        )
