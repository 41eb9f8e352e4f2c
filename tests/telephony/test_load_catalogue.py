"""load_catalogue …"""

import pytest
from django.core.management import call_command

from dialnexa.models import Workspace
from telephony.catalogue import MARKETS, WHOLE_COUNTRY, countries_of, load_catalogue, sells_in
from telephony.models import CarrierSlug, Country, NetworkGroup, WorkspaceNetworkGroup

pytestmark = pytest.mark.django_db


def test_loads_every_country_with_a_network_group_of_each_carrier_that_sells_there() -> None:
    loaded = load_catalogue()
    assert loaded.countries == Country.objects.count() > 240
    assert loaded.network_groups == 2 * loaded.countries + 2
    india = Country.objects.get(iso="IN")
    assert (india.name, india.calling_code, india.is_offered) == ("India", 91, True)
    assert groups_of("IN") == [("plivo", WHOLE_COUNTRY), ("twilio", WHOLE_COUNTRY)]
    for iso in ("US", "CA"):
        assert [carrier for carrier, _ in groups_of(iso)] == ["plivo", "signalwire", "twilio"]


def groups_of(iso: str) -> list[tuple[str, str]]:
    groups = NetworkGroup.objects.filter(country=iso).order_by("carrier")
    return list(groups.values_list("carrier", "name"))


def test_knows_where_each_carrier_sells() -> None:
    load_catalogue()
    Country.objects.filter(iso="CA").update(is_offered=False)
    assert [country.iso for country in countries_of("signalwire")] == ["US"]
    assert countries_of("twilio").count() == countries_of("plivo").count() > 240
    assert not countries_of("nobody").exists()
    assert sells_in("signalwire", "CA")
    assert not sells_in("signalwire", "IN")
    assert not sells_in("nobody", "US")
    assert {*MARKETS} == {*CarrierSlug.values} - {CarrierSlug.SIP_TRUNK}


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
    NetworkGroup.objects.filter(country="IN", carrier="plivo").update(name="India mobile")
    load_catalogue()
    assert NetworkGroup.objects.get(country="IN", carrier="plivo").name == "India mobile"


def test_keeps_the_switches_of_workspaces(workspace: Workspace) -> None:
    before = list(WorkspaceNetworkGroup.objects.values("network_group", "enabled"))
    load_catalogue()
    assert list(WorkspaceNetworkGroup.objects.values("network_group", "enabled")) == before


def test_says_what_is_new(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_catalogue")
    call_command("load_catalogue")
    assert capsys.readouterr().out.splitlines()[-1] == "0 new countries, 0 new network groups."
