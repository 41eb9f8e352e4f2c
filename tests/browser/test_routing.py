"""In a browser, agents and routing …"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.routing import route_number
from telephony.models import Agent, AgentVersion
from tests.numbers.rows import make_number, make_rental
from tests.numbers.test_routing import make_version

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Open = Callable[..., Any]


def two_versions(workspace: Workspace) -> tuple[AgentVersion, AgentVersion]:
    now = timezone.now()
    return make_version(workspace, "Front desk", now), make_version(workspace, "Reminders", now)


def test_an_agent_is_created_and_published(
    open_page: Open, workspace: Workspace, complaints: list[str]
) -> None:
    page = open_page("/w/acme/agents/")
    page.click("text=Create your first agent")
    page.fill("#modal [name=title]", "Front desk")
    page.fill("#modal [name=runtime_url]", "ws://voice.example.com/agent")
    page.click("text=Create with a draft")
    page.wait_for_selector("#modal :text('Use wss://.')")
    assert any("422" in said for said in complaints)  # the browser itself says so
    complaints.clear()
    page.fill("#modal [name=runtime_url]", "wss://voice.example.com/agent")
    page.click("text=Create with a draft")
    page.wait_for_selector("h1:text('Front desk')")
    page.click("#publish")
    page.click("#modal button:text('Publish v1')")
    page.wait_for_selector("text=there is no draft")
    assert AgentVersion.objects.get().status == "published"
    page.fill("[name=runtime_url]", "sip:desk@voice.example.com")
    page.click("text=Open draft v2")
    page.wait_for_selector("#draft:text('Draft v2')")
    assert Agent.objects.get().versions.count() == 2


def test_inbound_alone_is_assigned_and_outbound_stays(open_page: Open, workspace: Workspace) -> None:
    desk, reminders = two_versions(workspace)
    number = make_number(workspace, "+12125550177")
    route_number(number, outbound=reminders, by=SYSTEM, now=timezone.now())
    page = open_page(f"/w/acme/numbers/{number.pk}/")
    page.fill("#nickname", "Half a thought")
    page.select_option("#inbound", desk.pk)
    page.click("#save-routing")
    page.wait_for_selector("#readiness-panel :text('Front desk v1 answers, Reminders v1 calls from it.')")
    page.wait_for_selector("#history-panel :text('Routing changed: inbound to “Front desk v1”')")
    assert page.input_value("#nickname") == "Half a thought"
    assert page.input_value("[name=inbound_was]") == desk.pk
    fresh = PhoneNumber.objects.get()
    assert (fresh.inbound_version, fresh.outbound_version) == (desk, reminders)
    page.goto(page.url.partition("/numbers/")[0] + "/numbers/")
    row = page.inner_text(f"#{number.pk}")
    assert "Front desk\nv1" in row.replace(" v1", "\nv1")
    assert "Reminders\nv1" in row.replace(" v1", "\nv1")


def test_the_table_routes_in_a_dialog_and_counts_again(open_page: Open, workspace: Workspace) -> None:
    desk, _ = two_versions(workspace)
    first, second = (make_number(workspace, f"+1212555017{n}") for n in (7, 8))
    make_rental(first, timezone.now())
    page = open_page("/w/acme/numbers/")
    assert page.inner_text("#chip-unrouted .chip-count") == "2"
    page.click(f"#{first.pk}-menu")
    page.click(f"#{first.pk}-routing")
    page.select_option("#modal #inbound", desk.pk)
    page.click("#modal button:text('Save routing')")
    page.wait_for_selector("#chip-unrouted .chip-count:text('1')")
    page.wait_for_selector("#modal", state="hidden")
    assert "Front desk" in page.inner_text(f"#{first.pk}")
    assert "Not routed" in page.inner_text(f"#{second.pk}")
