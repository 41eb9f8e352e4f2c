"""Numbers both sides have, and a carrier that can be made to differ."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import httpx
import pytest
from django.conf import LazySettings

from dialnexa.models import Workspace
from phone_numbers.drift.sweeps import begin_sweep, read_on
from phone_numbers.models import CarrierSweep, Drift, PhoneNumber
from tests.conftest import AUTH_ID, accounts_at
from tests.numbers.conftest import Turned
from tests.numbers.rows import make_number

SERIAL = count(100)
Sweep = Callable[..., CarrierSweep]
Change = Callable[..., None]
Own = Callable[..., PhoneNumber]
RENT = Decimal("0.80000")


@pytest.fixture
def change(sandbox: Any) -> Change:
    """Use one of the sandbox's controls: ``change("own", number="14155550123", account=…)``."""

    def change(control: str, **body: Any) -> None:
        method = "PUT" if control == "mode" else "POST"
        answer = httpx.request(method, f"{sandbox.url}/control/{control}", json=body)
        assert answer.status_code == 200, answer.text

    return change


@pytest.fixture
def others(sandbox: Any, settings: LazySettings) -> None:
    """The sandbox in the place of Twilio and SignalWire, too."""
    settings.CARRIERS = accounts_at(sandbox.url)


@pytest.fixture
def sweep(clock: Turned, change: Change) -> Sweep:
    """Read Plivo's whole list, a quarter of an hour after whatever happened before."""

    def sweep(carrier: str = "plivo") -> CarrierSweep:
        clock.turn(minutes=16)
        return read_on(begin_sweep(carrier, now=clock.now).pk, tell=clock)

    return sweep


@pytest.fixture
def own(workspace: Workspace, change: Change, clock: Turned) -> Own:
    """An active number that we have here and at Plivo, on the same terms."""

    def own(**fields: Any) -> PhoneNumber:
        e164 = f"+1415555{next(SERIAL):04}"
        change("own", number=e164[1:], account=AUTH_ID)
        change("alter", number=e164[1:], monthly=str(RENT))
        told = {"carrier_number_id": e164[1:], "carrier_monthly_cost": RENT, "carrier_currency": "USD"}
        times = {"created_at": clock.now - timedelta(days=2), "activated_at": clock.now - timedelta(days=2)}
        return make_number(workspace, e164, **times | told | fields)

    return own


def drifts(**about: Any) -> list[tuple[str, str, bool]]:
    """Kind, state and whether two sweeps agree, of each difference."""
    rows = Drift.objects.filter(**about).order_by("kind", "first_seen_at")
    return [(drift.kind, drift.status, drift.agreed_at is not None) for drift in rows]
