"""One number over the API …"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from dialnexa.models import Workspace
from tests.conftest import Program, make_program
from tests.numbers.api.conftest import NUMBERS, code
from tests.numbers.rows import make_number, make_order, make_rental

pytestmark = pytest.mark.django_db


def test_is_shown_as_in_the_list(program: Program, workspace: Workspace, now: datetime) -> None:
    number = make_number(workspace)
    make_rental(number, now)
    response = program.get(f"{NUMBERS}/{number.pk}")
    assert response.status_code == 200
    assert response.json() == program.get(NUMBERS).json()["data"][0]


def test_costs_two_queries(
    program: Program, workspace: Workspace, now: datetime, django_assert_num_queries: Any
) -> None:
    number = make_number(workspace)
    make_order(number, "fulfilled"), make_rental(number, now)
    program.get(f"{NUMBERS}/{number.pk}")  # notes that the key was used
    with django_assert_num_queries(2):  # the key, the number
        program.get(f"{NUMBERS}/{number.pk}")


@pytest.mark.parametrize("status", ["pending", "releasing", "released", "failed"])
def test_is_shown_in_every_state(program: Program, workspace: Workspace, status: str) -> None:
    number = make_number(workspace, status=status)
    make_order(number, "rejected" if status == "failed" else "fulfilled")
    body = program.get(f"{NUMBERS}/{number.pk}").json()
    assert (body["status"], body["rental_status"], body["renews_at"]) == (status, None, None)
    assert body["monthly_price"] == "92.00"


@pytest.mark.parametrize("status", ["releasing", "released"])
def test_has_no_rental_any_more_once_it_is_given_back(
    program: Program, workspace: Workspace, now: datetime, status: str
) -> None:
    number = make_number(workspace, status=status)
    rental = make_rental(number, now)
    rental.ended_at = now
    rental.save()
    body = program.get(f"{NUMBERS}/{number.pk}").json()
    assert (body["rental_status"], body["renews_at"]) == (None, None)


def test_costs_nothing_here_when_it_is_linked(program: Program, workspace: Workspace) -> None:
    number = make_number(workspace, carrier="sip_trunk")
    body = program.get(f"{NUMBERS}/{number.pk}").json()
    assert (body["provider"], body["sip_trunk_enabled"]) == ("sip_trunk", True)
    assert (body["monthly_price"], body["monthly_cost_usd"], body["currency"]) == (None, None, "INR")


@pytest.mark.parametrize("number_id", ["phn_nobody", "x", "phn_%00", "..%2F..", "phn_" + "0" * 26, "é" * 99])
def test_is_404_when_there_is_none(program: Program, number_id: str) -> None:
    assert code(program.get(f"{NUMBERS}/{number_id}")) == (404, "not_found")


def test_is_404_in_another_workspace(charlie_program: Program, workspace: Workspace) -> None:
    number = make_number(workspace)
    assert code(charlie_program.get(f"{NUMBERS}/{number.pk}")) == (404, "not_found")


def test_is_refused_with_401_and_403(program: Program, workspace: Workspace, now: datetime) -> None:
    path = f"{NUMBERS}/{make_number(workspace).pk}"
    assert code(program.http.get(path, headers={"authorization": ""})) == (401, "key_missing")
    assert code(make_program(workspace, now, "numbers:write").get(path)) == (403, "key_scope_missing")
