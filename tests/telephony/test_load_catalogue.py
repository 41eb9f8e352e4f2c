"""load_catalogue …"""

import pytest
from django.core.management import call_command

from dialnexa.models import Workspace
from telephony.catalogue import WHOLE_COUNTRY, load_catalogue
from telephony.models import Country, NetworkGroup, WorkspaceNetworkGroup

pytestmark = pytest.mark.django_db


def test_loads_every_country_with_one_network_group() -> None:
    loaded = load_catalogue()
    assert loaded.countries == loaded.network_groups == Country.objects.count() > 240
    india = Country.objects.get(iso="IN")
    assert (india.name, india.calling_code, india.is_offered) == ("India", 91, True)
    assert [(group.carrier, group.name) for group in india.network_groups.all()] == [("plivo", WHOLE_COUNTRY)]


def test_changes_nothing_the_second_time() -> None:
    load_catalogue()
    groups = set(NetworkGroup.objects.values_list("id", flat=True))
    loaded = load_catalogue()
    assert (loaded.countries, loaded.network_groups) == (0, 0)
    assert set(NetworkGroup.objects.values_list("id", flat=True)) == groups


def test_refreshes_names_and_keeps_what_staff_set() -> None:
    Country.objects.create(iso="IN", name="Old name", calling_code=1, max_length=1, is_offered=False)
    load_catalogue()
    india = Country.objects.get(iso="IN")
    assert (india.name, india.calling_code, india.is_offered) == ("India", 91, False)


def test_leaves_countries_with_finer_groups_alone() -> None:
    load_catalogue()
    NetworkGroup.objects.filter(country="IN").update(name="India mobile")
    load_catalogue()
    assert NetworkGroup.objects.get(country="IN").name == "India mobile"


def test_keeps_the_switches_of_workspaces(workspace: Workspace) -> None:
    before = list(WorkspaceNetworkGroup.objects.values("network_group", "enabled"))
    load_catalogue()
    assert list(WorkspaceNetworkGroup.objects.values("network_group", "enabled")) == before


def test_says_what_is_new(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_catalogue")
    call_command("load_catalogue")
    assert capsys.readouterr().out.splitlines()[-1] == "0 new countries, 0 new network groups."
