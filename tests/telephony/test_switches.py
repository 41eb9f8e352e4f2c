"""telephony.switches …"""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from dialnexa.actors import Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, User, Workspace
from telephony.models import NetworkGroup, WorkspaceNetworkGroup
from telephony.past import rules_at
from telephony.switches import (
    country_enabled,
    enable_group,
    enable_groups,
    enabled_groups,
    set_sip_switch,
    sip_switched_on,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def actor(alice: User) -> Actor:
    return Actor(Channel.BROWSER, "Alice", alice, "req_1")


@pytest.fixture
def germany(workspace: Workspace) -> NetworkGroup:
    """Off in Acme."""
    return NetworkGroup.objects.get(country="DE")


def history() -> list[tuple[str, bool, bool]]:
    entries = AuditEntry.objects.filter(event__startswith="network_group_").order_by("id")
    return [(entry.event, entry.before["enabled"], entry.after["enabled"]) for entry in entries]


def test_turns_a_group_on_and_off(
    workspace: Workspace, germany: NetworkGroup, actor: Actor, now: datetime
) -> None:
    enable_group(workspace, germany, enabled=True, by=actor, now=now)
    assert country_enabled(workspace, "plivo", "DE")
    enable_group(workspace, germany, enabled=False, by=actor, now=now)
    assert not country_enabled(workspace, "plivo", "DE")
    assert WorkspaceNetworkGroup.objects.get(network_group=germany).changed_at == now
    assert history() == [("network_group_enabled", False, True), ("network_group_disabled", True, False)]


def test_records_who_turned_what_on(
    workspace: Workspace, germany: NetworkGroup, actor: Actor, now: datetime
) -> None:
    enable_group(workspace, germany, enabled=True, by=actor, now=now)
    entry = AuditEntry.objects.get(event="network_group_enabled")
    assert (entry.workspace, entry.actor, entry.request_id, entry.at) == (workspace, actor.user, "req_1", now)
    assert entry.after == {
        "network_group": germany.id,
        "name": "Germany all",
        "country": "DE",
        "carrier": "plivo",
        "enabled": True,
    }


@pytest.mark.parametrize("enabled, entries", [(True, 1), (False, 0)])
def test_does_nothing_the_second_time(
    workspace: Workspace, germany: NetworkGroup, actor: Actor, now: datetime, enabled: bool, entries: int
) -> None:
    for _ in range(2):
        enable_group(workspace, germany, enabled=enabled, by=actor, now=now)
    assert len(history()) == entries


def test_turns_nothing_on_in_another_workspace(
    workspace: Workspace, charlie_workspace: Workspace, germany: NetworkGroup, actor: Actor, now: datetime
) -> None:
    enable_group(workspace, germany, enabled=True, by=actor, now=now)
    assert not country_enabled(charlie_workspace, "plivo", "DE")


def test_refuses_a_country_that_is_not_offered_any_more(
    workspace: Workspace, germany: NetworkGroup, actor: Actor, now: datetime
) -> None:
    germany.country.is_offered = False
    germany.country.save()
    with pytest.raises(Refusal) as refused:
        enable_group(workspace, germany, enabled=True, by=actor, now=now)
    assert refused.value.code == "country_not_offered"
    enable_group(workspace, germany, enabled=False, by=actor, now=now)
    assert history() == []


def test_counts_a_country_as_on_with_one_of_its_groups(workspace: Workspace, now: datetime) -> None:
    NetworkGroup.objects.create(carrier="plivo", country_id="IN", name="India mobile")
    assert country_enabled(workspace, "plivo", "IN")


def test_keeps_carriers_apart(
    workspace: Workspace, germany: NetworkGroup, actor: Actor, now: datetime
) -> None:
    twilio = NetworkGroup.objects.create(carrier="twilio", country_id="DE", name="Germany all")
    enable_group(workspace, twilio, enabled=True, by=actor, now=now)
    assert not country_enabled(workspace, "plivo", "DE")
    assert list(enabled_groups(workspace, "twilio")) == [twilio]


def test_lists_what_is_on_by_country(workspace: Workspace) -> None:
    groups = enabled_groups(workspace, "plivo")
    assert [group.country.iso for group in groups] == ["IN", "GB", "US"]


# --- many at once -------------------------------------------------------------------------------------


@pytest.fixture
def india(workspace: Workspace) -> list[NetworkGroup]:
    """One group of India is on, two more are off."""
    for name in ("India landline", "India mobile"):
        NetworkGroup.objects.create(carrier="plivo", country_id="IN", name=name)
    return list(NetworkGroup.objects.filter(country="IN", carrier="plivo").select_related("country"))


def test_turns_many_on_and_says_which_were_off(
    workspace: Workspace, india: list[NetworkGroup], actor: Actor, now: datetime
) -> None:
    changed = enable_groups(workspace, india, enabled=True, by=actor, now=now)
    assert [group.name for group in changed] == ["India landline", "India mobile"]
    assert history() == [("network_group_enabled", False, True)] * 2
    assert enabled_groups(workspace, "plivo").filter(country="IN").count() == 3


def test_turns_many_off_and_says_which_were_on(
    workspace: Workspace, india: list[NetworkGroup], actor: Actor, now: datetime
) -> None:
    changed = enable_groups(workspace, india, enabled=False, by=actor, now=now)
    assert [group.name for group in changed] == ["India all"]
    assert history() == [("network_group_disabled", True, False)]
    assert not country_enabled(workspace, "plivo", "IN")
    assert enable_groups(workspace, india, enabled=False, by=actor, now=now) == []


def test_turns_on_all_or_none(
    workspace: Workspace, india: list[NetworkGroup], germany: NetworkGroup, actor: Actor, now: datetime
) -> None:
    germany.country.is_offered = False
    germany.country.save()
    with pytest.raises(Refusal):
        enable_groups(workspace, [*india, germany], enabled=True, by=actor, now=now)
    assert history() == []


def test_needs_as_many_queries_for_many_as_for_one(
    workspace: Workspace,
    india: list[NetworkGroup],
    actor: Actor,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(6):  # two of them open and close the transaction
        enable_groups(workspace, india, enabled=True, by=actor, now=now)


# --- SIP/BYOC -----------------------------------------------------------------------------------------


def sip_history() -> list[tuple[str, dict[str, bool], dict[str, bool]]]:
    entries = AuditEntry.objects.filter(event__startswith="sip_switch_").order_by("id")
    return [(entry.event, entry.before, entry.after) for entry in entries]


def test_turns_sip_on_and_off(workspace: Workspace, actor: Actor, now: datetime) -> None:
    assert not sip_switched_on(workspace)
    assert set_sip_switch(workspace, True, by=actor, now=now)
    assert sip_switched_on(workspace)
    assert set_sip_switch(workspace, False, by=actor, now=now + HOUR)
    assert not sip_switched_on(workspace)
    assert workspace.sip_switch.changed_at == now + HOUR
    assert sip_history() == [
        ("sip_switch_enabled", {"enabled": False}, {"enabled": True}),
        ("sip_switch_disabled", {"enabled": True}, {"enabled": False}),
    ]


@pytest.mark.parametrize("enabled, entries", [(True, 1), (False, 0)])
def test_does_nothing_to_sip_the_second_time(
    workspace: Workspace, actor: Actor, now: datetime, enabled: bool, entries: int
) -> None:
    changed = [set_sip_switch(workspace, enabled, by=actor, now=now) for _ in range(2)]
    assert changed == [enabled, False]
    assert len(sip_history()) == entries


def test_turns_sip_on_in_no_other_workspace(
    workspace: Workspace, charlie_workspace: Workspace, actor: Actor, now: datetime
) -> None:
    set_sip_switch(workspace, True, by=actor, now=now)
    assert not sip_switched_on(charlie_workspace)


def test_lets_the_past_know_when_sip_was_on(workspace: Workspace, actor: Actor, now: datetime) -> None:
    set_sip_switch(workspace, True, by=actor, now=now)
    set_sip_switch(workspace, False, by=actor, now=now + 2 * HOUR)
    on = [rules_at(workspace, "plivo", at=now + n * HOUR).sip_switch for n in (-1, 1, 3)]
    assert on == [False, True, False]
