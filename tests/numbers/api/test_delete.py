"""Releasing a number over the API …"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from dialnexa.audit import entries_about
from dialnexa.models import Workspace
from phone_numbers.buying.fulfilment import advance_order
from phone_numbers.models import NumberOrder, PhoneNumber, Rental
from phone_numbers.releasing import tell_carrier
from telephony.carriers.base import Offer
from tests.conftest import Program, make_program
from tests.documented import documented
from tests.numbers.api.conftest import NUMBERS, PURCHASE, MakeAgent, code
from tests.numbers.conftest import Carrier
from tests.numbers.rows import make_number

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("workspace", "sandbox")]
SAID = {"message": "Phone number released successfully."}


@pytest.fixture
def bought(program: Program, offers: Iterator[Offer], make_agent: MakeAgent) -> PhoneNumber:
    """Active, answered by an agent, and ours at the carrier."""
    body = {"phone_number": next(offers).e164, "agent_id": make_agent().pk}
    program.post(PURCHASE, body, prefer="respond-async")
    advance_order(NumberOrder.objects.get().pk)
    return PhoneNumber.objects.get()


def path(number: PhoneNumber) -> str:
    return f"{NUMBERS}/{number.pk}"


def test_detaches_it_ends_its_rent_and_tells_the_carrier(
    program: Program, bought: PhoneNumber, carrier: Carrier
) -> None:
    response = program.delete(path(bought))
    assert (response.status_code, response.json()) == (200, SAID)
    bought.refresh_from_db()
    assert (bought.status, bought.inbound_version) == ("releasing", None)
    assert Rental.objects.get().ended_at is not None
    tell_carrier(bought.pk)
    assert not carrier.owns(bought.e164)
    assert program.get(path(bought)).json()["status"] == "released"
    released = entries_about([bought.pk]).get(event="release")
    assert (released.channel, released.api_key) == ("api", program.key)


def test_answers_as_the_document_says(program: Program, bought: PhoneNumber) -> None:
    assert documented(program).delete(path(bought)).status_code == 200


def test_wakes_a_worker(
    program: Program,
    bought: PhoneNumber,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    rung = []
    monkeypatch.setattr("dialnexa.doorbell.ring", lambda task, **ids: rung.append((task.name, ids)))
    with django_capture_on_commit_callbacks(execute=True):
        program.delete(path(bought))
    assert rung == [("phone_numbers.tasks.release_number", {"number_id": bought.pk})]


def test_says_the_same_when_it_is_sent_again_while_and_after_it_is_released(
    program: Program, bought: PhoneNumber
) -> None:
    """A program whose answer was lost sends it again, and must not take that for a failure."""
    for _ in range(2):
        assert program.delete(path(bought)).json() == SAID
    tell_carrier(bought.pk)
    response = program.delete(path(bought))
    assert (response.status_code, response.json()) == (200, SAID)
    assert entries_about([bought.pk]).filter(event="release").count() == 1


def test_lets_the_number_be_bought_again_afterwards(program: Program, bought: PhoneNumber) -> None:
    program.delete(path(bought))
    again = {"phone_number": bought.e164}
    assert code(program.post(PURCHASE, again)) == (409, "number_taken")
    tell_carrier(bought.pk)
    assert program.post(PURCHASE, again, prefer="respond-async").status_code == 202


def test_is_refused_with_409_and_says_what_still_uses_it(
    program: Program, bought: PhoneNumber, carrier: Carrier
) -> None:
    program.patch(path(bought), {"release_protection": True, "is_default": True})
    response = program.delete(path(bought))
    assert code(response) == (409, "number_in_use")
    assert response.json()["details"] == {"uses": ["release_protected", "is_default"]}
    assert "Switch the protection off first." in response.json()["message"]
    bought.refresh_from_db()
    assert bought.status == "active"
    assert carrier.owns(bought.e164)
    program.patch(path(bought), {"release_protection": False, "is_default": False})
    assert program.delete(path(bought)).status_code == 200


@pytest.mark.parametrize("status, why", [("pending", "is still being bought"), ("failed", "is failed")])
def test_is_refused_with_409_for_what_is_not_ours_to_give_back(
    program: Program, workspace: Workspace, status: str, why: str
) -> None:
    number = make_number(workspace, status=status)
    response = program.delete(path(number))
    assert code(response) == (409, "number_not_releasable")
    assert why in response.json()["message"]
    number.refresh_from_db()
    assert number.status == status


def test_ignores_a_body(program: Program, bought: PhoneNumber) -> None:
    response = program.http.generic("DELETE", path(bought), "not json", "text/plain")
    assert response.status_code == 200


def test_is_refused_with_401_403_and_404(
    program: Program,
    charlie_program: Program,
    workspace: Workspace,
    bought: PhoneNumber,
    now: datetime,
) -> None:
    writer = make_program(workspace, now, "numbers:read", "numbers:write", "numbers:purchase")
    assert code(writer.delete(path(bought))) == (403, "key_scope_missing")
    assert code(charlie_program.delete(path(bought))) == (404, "not_found")
    assert code(program.delete(f"{NUMBERS}/phn_nobody")) == (404, "not_found")
    nobody = program.http.delete(path(bought), headers={"authorization": ""})
    assert code(nobody) == (401, "key_missing")
    bought.refresh_from_db()
    assert bought.status == "active"
