"""/v1/phone-country-rules …"""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dialnexa.models import Workspace
from telephony.models import Country, NetworkGroup, Prefix, WorkspaceNetworkGroup
from tests.conftest import Program, make_program
from tests.documented import DocumentedProgram, documented

COUNTRIES = "/v1/phone-country-rules/countries"
ENABLED = "/v1/phone-country-rules/enabled-network-groups"


@pytest.fixture
def api(program: Program) -> DocumentedProgram:
    return documented(program)


def india(*digits: str, name: str = "India mobile", carrier: str = "plivo") -> NetworkGroup:
    group, _ = NetworkGroup.objects.get_or_create(carrier=carrier, country_id="IN", name=name)
    Prefix.objects.bulk_create(Prefix(network_group=group, digits=prefix) for prefix in digits)
    return group


def switch(workspace: Workspace, *groups: NetworkGroup) -> None:
    for group in groups:
        WorkspaceNetworkGroup.objects.update_or_create(
            workspace=workspace, network_group=group, defaults={"enabled": True}
        )


def rule(api: DocumentedProgram, country: str) -> dict[str, Any]:
    return next(item for item in api.get(COUNTRIES).json() if item["country_iso"] == country)


# --- countries ----------------------------------------------------------------------------------------


def test_lists_countries_by_name(api: DocumentedProgram) -> None:
    shown = api.get(COUNTRIES).json()
    assert [item["country_iso"] for item in shown] == ["DE", "IN", "GB", "US"]
    assert shown[0] == {
        "id": "DE",
        "country_iso": "DE",
        "country_name": "Germany",
        "calling_code": "49",
        "max_length": 11,
        "prefixes": [],
        "is_deleted": False,
    }


def test_shows_prefixes_without_the_calling_code(api: DocumentedProgram, settings: LazySettings) -> None:
    india("9198", "9191")
    india("9122", name="India landline")
    india("9198", carrier="twilio")  # not configured here
    assert rule(api, "IN")["prefixes"] == ["22", "91", "98"]
    settings.CARRIERS = {"plivo": {}, "twilio": {}}
    assert rule(api, "IN")["prefixes"] == ["22", "91", "98"]


def test_shows_no_country_that_is_not_offered(api: DocumentedProgram) -> None:
    Country.objects.filter(iso="DE").update(is_offered=False)
    assert [item["country_iso"] for item in api.get(COUNTRIES).json()] == ["IN", "GB", "US"]


def test_lists_250_countries_in_as_few_queries(
    api: DocumentedProgram, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    api.get(COUNTRIES)
    isos = [f"{a}{b}" for a in "XYZ" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    Country.objects.bulk_create(
        Country(iso=iso, name=iso, calling_code=900 + n, max_length=9) for n, iso in enumerate(isos)
    )
    groups = [NetworkGroup(carrier="plivo", country_id=iso, name=iso) for iso in isos]
    for group, iso in zip(NetworkGroup.objects.bulk_create(groups), range(900, 980), strict=False):
        Prefix.objects.create(network_group=group, digits=f"{iso}7")
    with django_assert_max_num_queries(3):
        assert len(api.get(COUNTRIES).json()) == 82


# --- what is on ---------------------------------------------------------------------------------------


def test_lists_what_is_on(api: DocumentedProgram, workspace: Workspace) -> None:
    mobile, landline = india("9198", "9197"), india("9122", name="India landline")
    WorkspaceNetworkGroup.objects.all().delete()
    switch(workspace, mobile)
    assert api.get(ENABLED).json() == [
        {
            "id": mobile.pk,
            "name": "India mobile",
            "provider": "plivo",
            "prefix_mode": "allow_only_listed",
            "from_phone_number_country_code": None,
            "countryRule": {
                "country_iso": "IN",
                "country_name": "India",
                "calling_code": "91",
                "prefixes": ["97", "98"],
            },
        }
    ]
    switch(workspace, landline)
    assert [item["name"] for item in api.get(ENABLED).json()] == ["India landline", "India mobile"]


def test_shows_a_whole_country_without_prefixes(api: DocumentedProgram, workspace: Workspace) -> None:
    Prefix.objects.create(network_group=NetworkGroup.objects.get(country="GB"), digits="44")
    on = {item["countryRule"]["country_iso"]: item for item in api.get(ENABLED).json()}
    assert sorted(on) == ["GB", "IN", "US"]
    assert {tuple(item["countryRule"]["prefixes"]) for item in on.values()} == {()}


def test_shows_what_is_on_with_one_provider(
    api: DocumentedProgram, workspace: Workspace, settings: LazySettings
) -> None:
    settings.CARRIERS = {"plivo": {}, "twilio": {}}
    switch(workspace, india(carrier="twilio", name="All"))
    assert [item["provider"] for item in api.get(ENABLED, provider="twilio").json()] == ["twilio"]
    assert len(api.get(ENABLED).json()) == 4
    assert api.get(ENABLED, provider="nobody").status_code == 400


def test_shows_nothing_of_another_workspace(
    api: DocumentedProgram, charlie_workspace: Workspace, workspace: Workspace
) -> None:
    switch(charlie_workspace, NetworkGroup.objects.get(country="DE"))
    assert "DE" not in {item["countryRule"]["country_iso"] for item in api.get(ENABLED).json()}


def test_lists_any_number_of_groups_in_as_few_queries(
    api: DocumentedProgram, workspace: Workspace, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    api.get(ENABLED)
    switch(workspace, *(india(f"919{n}", name=f"India {n}") for n in range(10)))
    with django_assert_max_num_queries(3):
        assert len(api.get(ENABLED).json()) == 13


# --- who may ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [COUNTRIES, ENABLED])
def test_needs_telephony_read(workspace: Workspace, now: Any, path: str) -> None:
    program = documented(make_program(workspace, now, "numbers:read", "telephony:write"))
    assert program.get(path).json()["code"] == "key_scope_missing"
    assert Client().get(path).status_code == 401
