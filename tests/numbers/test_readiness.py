"""The readiness checklist …"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from kyc.models import KycCase
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.readiness import Item, read_readiness
from phone_numbers.routes.routing import route_number
from telephony.models import AgentVersion
from tests.numbers.rows import make_call, make_number, make_order, make_rental
from tests.numbers.test_routing import make_version

ACTIVE, PAPERS, VERSIONS, DESTINATIONS, CALL_IN, CALL_OUT = range(6)


@pytest.fixture
def number(workspace: Workspace, now: datetime) -> PhoneNumber:
    """Indian, active, paid, its papers verified, connected to nobody."""
    number = make_number(
        workspace, "+912261234567", country="IN", calling_code="91", activated_at=now - timedelta(days=3)
    )
    make_rental(number, now + timedelta(days=27))
    return number


@pytest.fixture
def desk(workspace: Workspace, now: datetime) -> AgentVersion:
    return make_version(workspace, "Front desk", now)


def items(number: PhoneNumber, now: datetime) -> list[Item]:
    return read_readiness(PhoneNumber.objects.get(pk=number.pk), now=now)


def states(number: PhoneNumber, now: datetime) -> list[str]:
    return [str(item.state) for item in items(number, now)]


def test_asks_six_questions_in_order(number: PhoneNumber, desk: AgentVersion, now: datetime) -> None:
    assert states(number, now) == ["done", "done", "todo", "done", "blocked", "blocked"]
    route_number(number, inbound=desk, outbound=desk, by=SYSTEM, now=now)
    assert states(number, now) == ["done", "done", "done", "done", "todo", "todo"]


def test_names_the_records_that_decided(number: PhoneNumber, desk: AgentVersion, now: datetime) -> None:
    route_number(number, inbound=desk, by=SYSTEM, now=now)
    found = items(number, now)
    records = [number.rental.pk, KycCase.objects.get(country="IN").pk, desk.pk]
    assert [item.record for item in found[:3]] == records
    assert [item.fix for item in found] == ["", "kyc", "routing", "telephony", "calls", "routing"]
    assert found[VERSIONS].sentence == "Front desk v1 answers, but nobody calls from it."


@pytest.mark.parametrize(
    "status, state, words",
    [
        ("pending", "todo", "not switched it on yet"),
        ("releasing", "blocked", "being given back"),
        ("released", "blocked", "was given back"),
        ("failed", "blocked", "never bought"),
    ],
)
def test_wants_the_number_active(
    workspace: Workspace, now: datetime, status: str, state: str, words: str
) -> None:
    found = items(make_number(workspace, status=status), now)
    assert (found[ACTIVE].state, found[CALL_IN].state) == (state, "blocked")
    assert words in found[ACTIVE].sentence


def test_leads_from_a_pending_number_to_its_order(workspace: Workspace, now: datetime) -> None:
    number = make_number(workspace, status="pending")
    order = make_order(number)
    active = items(number, now)[ACTIVE]
    assert (active.fix, active.record) == ("order", order.pk)


def test_wants_the_rent_paid(workspace: Workspace, desk: AgentVersion, now: datetime) -> None:
    number = make_number(workspace, inbound_version=desk)
    rental = make_rental(number, now, status="expired")
    found = items(number, now)
    active = found[ACTIVE]
    assert (active.state, active.fix, active.record) == ("blocked", "wallet", rental.pk)
    assert found[CALL_IN].sentence == "The number has to be active first."


@pytest.mark.parametrize(
    "status, state",
    [("draft", "todo"), ("rejected", "todo"), ("submitted", "blocked"), ("suspended", "blocked")],
)
def test_wants_the_papers(workspace: Workspace, now: datetime, status: str, state: str) -> None:
    case = KycCase.objects.create(workspace=workspace, country="GB", status=status, reason="Blurred.")
    number = make_number(workspace, "+442079460100", country="GB", calling_code="44")
    papers = items(number, now)[PAPERS]
    assert (papers.state, papers.fix, papers.record) == (state, "kyc", case.pk)


def test_wants_no_papers_where_none_are_needed(workspace: Workspace, now: datetime) -> None:
    papers = items(make_number(workspace), now)[PAPERS]
    assert (papers.state, papers.record) == ("done", "")


def test_sends_to_agents_while_nothing_is_published(number: PhoneNumber, now: datetime) -> None:
    versions = items(number, now)[VERSIONS]
    assert (versions.state, versions.fix) == ("blocked", "agents")


def test_wants_somewhere_to_call(number: PhoneNumber, workspace: Workspace, now: datetime) -> None:
    assert "India, United Kingdom, United States" in items(number, now)[DESTINATIONS].sentence
    workspace.network_groups.update(enabled=False)
    destinations = items(number, now)[DESTINATIONS]
    assert (destinations.state, destinations.fix) == ("todo", "telephony")


def test_does_not_ask_own_carriers_for_destinations(workspace: Workspace, now: datetime) -> None:
    workspace.network_groups.update(enabled=False)
    number = make_number(workspace, carrier="sip_trunk")
    assert items(number, now)[DESTINATIONS].state == "done"


def test_claims_no_test_call(number: PhoneNumber, desk: AgentVersion, now: datetime) -> None:
    route_number(number, inbound=desk, by=SYSTEM, now=now)
    found = items(number, now)
    assert [found[CALL_IN].state, found[CALL_OUT].state] == ["todo", "blocked"]
    assert found[CALL_IN].sentence == (
        f"Call {number.e164} from any phone: nothing proves yet that Front desk v1 answers."
    )


def test_leads_to_how_test_calls_are_made(
    alice_client: Client, number: PhoneNumber, desk: AgentVersion, now: datetime
) -> None:
    route_number(number, inbound=desk, outbound=desk, by=SYSTEM, now=now)
    page = alice_client.get(f"/w/acme/numbers/{number.pk}/").content.decode()
    assert f'href="/w/acme/calls/?number={number.pk}">Its calls' in page
    assert 'hx-target="#modal-body">Call</a>' in page
    proof = make_call(number, now, direction="inbound", status="completed", answered_at=now, duration=5)
    page = alice_client.get(f"/w/acme/numbers/{number.pk}/").content.decode()
    assert f'href="/w/acme/calls/{proof.pk}/">The call' in page


@pytest.mark.parametrize("way, item, words", [("inbound", CALL_IN, "from"), ("outbound", CALL_OUT, "to")])
def test_takes_a_call_that_was_taken_for_proof(
    number: PhoneNumber, desk: AgentVersion, now: datetime, way: str, item: int, words: str
) -> None:
    route_number(number, inbound=desk, outbound=desk, by=SYSTEM, now=now)
    make_call(number, now, direction=way, status="failed", ended_at=now)
    make_call(number, now, direction=way, status="completed", answered_at=now, duration=0)
    assert items(number, now)[item].state == "todo"
    proof = make_call(number, now, direction=way, status="completed", answered_at=now, duration=5)
    found = items(number, now)[item]
    assert (found.state, found.record) == ("done", proof.pk)
    assert f"A call {words} {proof.other} was taken" in found.sentence


def test_is_shown_on_the_page(alice_client: Client, number: PhoneNumber) -> None:
    page = alice_client.get(f"/w/acme/numbers/{number.pk}/").content.decode()
    assert "3 of 6 done" in page
    assert 'href="/w/acme/kyc/?country=IN">Open KYC' in page
    assert 'href="/w/acme/telephony/">Open Telephony Config' in page
    assert 'href="/w/acme/agents/"' in page


@pytest.mark.parametrize("status", ["failed", "releasing", "released"])
def test_is_not_shown_for_numbers_that_are_gone(
    alice_client: Client, workspace: Workspace, status: str
) -> None:
    number = make_number(workspace, status=status)
    page = alice_client.get(f"/w/acme/numbers/{number.pk}/").content.decode()
    assert "of 6 done" not in page
