"""The readiness of a linked number …"""

from __future__ import annotations

from datetime import datetime

import pytest
from django.conf import LazySettings

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber, SipTrunk
from phone_numbers.routes.readiness import Item, read_readiness
from phone_numbers.routes.routing import route_number
from tests.numbers.test_routing import make_version
from tests.numbers.trunks import link

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]


@pytest.fixture
def number(charlie_workspace: Workspace, now: datetime) -> PhoneNumber:
    """Linked by a workspace without any papers, an Indian number."""
    number = link(charlie_workspace, now)
    desk = make_version(charlie_workspace, "Front desk", now)
    route_number(number, inbound=desk, outbound=desk, by=SYSTEM, now=now)
    return number


def items(number: PhoneNumber, now: datetime) -> dict[str, Item]:
    return {item.title: item for item in read_readiness(PhoneNumber.objects.get(pk=number.pk), now=now)}


def test_asks_for_the_trunk_and_for_no_papers(number: PhoneNumber, now: datetime) -> None:
    found = items(number, now)
    assert list(found)[:3] == ["The number is active", "Your carrier answers", "Papers are in order"]
    assert [str(item.state) for item in found.values()] == [
        "done",
        "todo",
        "done",
        "done",
        "done",
        "todo",
        "todo",
    ]
    assert found["Papers are in order"].fix == ""
    assert found["Your carrier answers"].record == number.trunk.pk
    assert found["Your carrier answers"].fix == "trunk"


@pytest.mark.parametrize(
    ("domain", "does"),
    [
        ("sip.example.com", "Have your carrier send one to the address"),
        ("", "Ask support where"),
    ],
)
def test_says_how_a_test_call_comes_in(
    number: PhoneNumber, now: datetime, settings: LazySettings, domain: str, does: str
) -> None:
    settings.SIP_INBOUND_DOMAIN = domain
    item = items(number, now)["A test call came in"]
    assert (item.state, item.fix) == ("todo", "trunk")
    assert item.sentence.startswith(does)


@pytest.mark.parametrize(
    "health, state", [("healthy", "done"), ("unreachable", "todo"), ("unauthorized", "todo")]
)
def test_depends_on_the_trunks_health(health: str, state: str, number: PhoneNumber, now: datetime) -> None:
    SipTrunk.objects.update(health=health, health_text="What to do.", round_trip_ms=42)
    item = items(number, now)["Your carrier answers"]
    assert item.state == state
    assert ("in 42 ms" if health == "healthy" else "What to do.") in item.sentence


def test_waits_for_the_link_to_end(number: PhoneNumber, now: datetime) -> None:
    pending = PhoneNumber.objects.create(
        workspace=number.workspace,
        e164="+918047182299",
        country="IN",
        calling_code="91",
        national_number="8047182299",
        type="local",
        carrier="sip_trunk",
    )
    SipTrunk.objects.create(number=pending, workspace=number.workspace, host="127.0.0.1", auth_mode="ip")
    active = items(pending, now)["The number is active"]
    assert (active.state, active.fix) == ("todo", "trunk")
    assert "over SIP" in active.sentence
