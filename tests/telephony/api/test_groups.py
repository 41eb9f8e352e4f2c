"""/v1/telephony-config/network-groups …"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dialnexa.models import AuditEntry, Workspace
from telephony.models import Country, NetworkGroup, Prefix
from telephony.switches import country_enabled
from tests.conftest import Program, make_program
from tests.documented import DocumentedProgram, documented

URL = "/v1/telephony-config/network-groups"


@pytest.fixture
def api(program: Program) -> DocumentedProgram:
    return documented(program)


@pytest.fixture
def germany(workspace: Workspace) -> NetworkGroup:
    """Off in Acme."""
    group = NetworkGroup.objects.get(country="DE")
    Prefix.objects.create(network_group=group, digits="4930")
    return group


def names(response: Any) -> list[str]:
    return [item["name"] for item in response.json()["data"]]


# --- finding ------------------------------------------------------------------------------------------


def test_lists_groups_with_their_switches(api: DocumentedProgram, germany: NetworkGroup) -> None:
    page = api.get(URL).json()
    assert [(item["country_iso"], item["enabled"]) for item in page["data"]] == [
        ("DE", False),
        ("IN", True),
        ("GB", True),
        ("US", True),
    ]
    assert page["data"][0] == {
        "id": germany.pk,
        "name": "Germany all",
        "provider": "plivo",
        "country_iso": "DE",
        "country_name": "Germany",
        "calling_code": "49",
        "prefixes": ["30"],
        "enabled": False,
    }


def test_finds_groups(api: DocumentedProgram, germany: NetworkGroup, settings: LazySettings) -> None:
    NetworkGroup.objects.create(carrier="twilio", country_id="DE", name="Germany at Twilio")
    assert names(api.get(URL, country_iso="de")) == ["Germany all"]
    settings.CARRIERS = {"plivo": {}, "twilio": {}}
    assert names(api.get(URL, country_iso="DE")) == ["Germany all", "Germany at Twilio"]
    assert names(api.get(URL, country_iso="DE", provider="twilio")) == ["Germany at Twilio"]
    assert names(api.get(URL, provider="plivo", enabled="false")) == ["Germany all"]
    assert len(names(api.get(URL, enabled="true"))) == 3
    assert names(api.get(URL, country_iso="FR")) == []


def test_lists_any_number_of_groups_in_as_few_queries(
    api: DocumentedProgram, germany: NetworkGroup, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    api.get(URL)
    for n in range(30):
        group = NetworkGroup.objects.create(carrier="plivo", country_id="DE", name=f"Germany {n}")
        Prefix.objects.create(network_group=group, digits=f"491{n}")
    with django_assert_max_num_queries(4):
        assert len(names(api.get(URL, limit=30, page=1))) == 30


@pytest.mark.parametrize(
    "query",
    [{"provider": "nobody"}, {"country_iso": "Germany"}, {"enabled": "1"}, {"limit": "101"}, {"page": "0"}],
)
def test_refuses_filters_that_mean_nothing(api: DocumentedProgram, query: dict[str, str]) -> None:
    response = api.get(URL, **query)
    assert response.status_code == 400
    assert next(iter(query)) in response.json()["message"]


# --- switching ----------------------------------------------------------------------------------------


def test_switches_a_group_on_and_off(
    api: DocumentedProgram, workspace: Workspace, germany: NetworkGroup
) -> None:
    assert api.put(f"{URL}/{germany.pk}", {"enabled": True}).json()["enabled"] is True
    assert country_enabled(workspace, "plivo", "DE")
    assert api.put(f"{URL}/{germany.pk}", {"enabled": False}).json()["enabled"] is False
    assert not country_enabled(workspace, "plivo", "DE")
    entries = AuditEntry.objects.filter(event__startswith="network_group_").order_by("id")
    assert [(entry.event, entry.channel, entry.api_key) for entry in entries] == [
        ("network_group_enabled", "api", api.key),
        ("network_group_disabled", "api", api.key),
    ]


def test_records_a_switch_once(api: DocumentedProgram, germany: NetworkGroup) -> None:
    for _ in range(2):
        assert api.put(f"{URL}/{germany.pk}", {"enabled": True}).status_code == 200
    assert AuditEntry.objects.filter(event="network_group_enabled").count() == 1


def test_switches_for_one_workspace_only(
    api: DocumentedProgram, germany: NetworkGroup, charlie_workspace: Workspace
) -> None:
    api.put(f"{URL}/{germany.pk}", {"enabled": True})
    assert not country_enabled(charlie_workspace, "plivo", "DE")


@pytest.mark.parametrize("body", [{}, {"enabled": None}, {"enabled": 1}, {"enabled": "on"}])
def test_wants_true_or_false(
    api: DocumentedProgram, workspace: Workspace, germany: NetworkGroup, body: dict[str, Any]
) -> None:
    response = api.put(f"{URL}/{germany.pk}", body)
    assert response.status_code == 400
    assert "enabled: " in response.json()["message"]
    assert not country_enabled(workspace, "plivo", "DE")


@pytest.mark.parametrize("group_id", ["nwg_00000000000000000000000000", "x", "%00"])
def test_knows_no_other_group(api: DocumentedProgram, group_id: str) -> None:
    response = Program.put(api, f"{URL}/{group_id}", {"enabled": True})
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_switches_nothing_that_is_not_offered(
    api: DocumentedProgram, workspace: Workspace, germany: NetworkGroup
) -> None:
    Country.objects.filter(iso="DE").update(is_offered=False)
    assert api.put(f"{URL}/{germany.pk}", {"enabled": True}).status_code == 404
    hidden = NetworkGroup.objects.create(carrier="twilio", country_id="IN", name="Not configured")
    assert api.put(f"{URL}/{hidden.pk}", {"enabled": True}).status_code == 404


# --- who may ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method, scope", [("GET", "telephony:read"), ("PUT", "telephony:write")])
def test_needs_its_scope(
    workspace: Workspace, germany: NetworkGroup, now: datetime, method: str, scope: str
) -> None:
    path = URL if method == "GET" else f"{URL}/{germany.pk}"
    other = {"telephony:read", "telephony:write"} - {scope}
    program = documented(make_program(workspace, now, *other, "numbers:write"))
    assert program.send(method, path, {"enabled": True}).json()["code"] == "key_scope_missing"
    assert not country_enabled(workspace, "plivo", "DE")
    assert Client().generic(method, path).status_code == 401
