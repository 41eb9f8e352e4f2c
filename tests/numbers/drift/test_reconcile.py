"""``manage.py reconcile`` …"""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from phone_numbers.drift.comparing import compare
from phone_numbers.models import CarrierListing, CarrierSweep, Drift, PhoneNumber
from tests.conftest import AUTH_ID
from tests.numbers.drift.conftest import Change, Own, drifts

pytestmark = pytest.mark.django_db


def reconcile(*arguments: str) -> str:
    out = StringIO()
    call_command("reconcile", "--carrier", "plivo", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def priced(own: Own, change: Change) -> PhoneNumber:
    """One that Plivo charges otherwise, beside an orphan."""
    number = own()
    change("alter", number=number.e164[1:], monthly="1.20")
    change("own", number="14155550001", account=AUTH_ID)
    change("alter", number="14155550001", monthly="0.8")
    return number


def test_tells_what_would_be_found_and_changes_nothing(priced: PhoneNumber) -> None:
    told = reconcile("--dry-run")
    assert "plivo: 2 numbers on the list." in told
    assert "price" in told
    assert "Plivo charges $1.20 a month; we reckon with $0.80." in told
    assert "orphan" in told
    assert "+14155550001" in told
    assert not any(model.objects.exists() for model in (Drift, CarrierSweep, CarrierListing))


def test_writes_down_what_it_finds_and_what_it_costs(priced: PhoneNumber) -> None:
    told = reconcile()
    assert [kind for kind, _, _ in drifts()] == ["orphan", "price"]
    assert ("1 × orphan: $0.80 a month" in told, "1 × price: $0.40 a month" in told) == (True, True)


def test_says_so_when_both_sides_agree(own: Own) -> None:
    own()
    assert "Both sides agree." in reconcile()


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
@pytest.mark.parametrize("lists", ["short", "shifting"])
def test_fails_when_the_list_is_incomplete(
    lists: str, arguments: tuple[str, ...], priced: PhoneNumber, change: Change
) -> None:
    change("mode", lists=lists)
    with pytest.raises(CommandError, match="Nothing follows for plivo"):
        reconcile(*arguments)
    assert drifts() == []


def test_fails_when_the_list_is_not_believed(own: Own, change: Change) -> None:
    change("disown", number=own().e164[1:])
    with pytest.raises(CommandError, match="Nothing follows for plivo"):
        reconcile("--dry-run")


def test_fails_for_a_carrier_that_is_not_there(sandbox: Any) -> None:
    with pytest.raises(CommandError, match="Nothing follows for acme"):
        call_command("reconcile", "--carrier", "acme", stdout=StringIO())


def test_asks_the_database_as_often_for_thousands_of_numbers(
    workspace: Any, sandbox: Any, now: Any, django_assert_max_num_queries: Any
) -> None:
    long_ago = now - timedelta(days=9)
    fields = {"country": "US", "calling_code": "1", "type": "local", "status": "active", "carrier": "plivo"}
    numbers = [
        PhoneNumber(
            workspace=workspace,
            e164=f"+1415{n:07}",
            national_number=f"415{n:07}",
            carrier_number_id=f"1415{n:07}",
            created_at=long_ago,
            **fields,
        )
        for n in range(2_000)
    ]
    PhoneNumber.objects.bulk_create(numbers)
    sweep = CarrierSweep.objects.create(
        carrier="plivo", started_at=now, finished_at=now, complete=True, counted=2_000
    )
    listed = [(number.e164, number.carrier_number_id) for number in numbers[40:]]
    listed += [(f"+1212{n:07}", f"1212{n:07}") for n in range(40)]
    CarrierListing.objects.bulk_create(
        CarrierListing(sweep=sweep, e164=e164, carrier_number_id=told) for e164, told in listed
    )
    with django_assert_max_num_queries(25):
        compare(sweep, now=now)
    assert Drift.objects.filter(kind="ghost").count() == 40
    assert Drift.objects.filter(kind="orphan").count() == 40
