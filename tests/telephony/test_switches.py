"""telephony.switches …"""

from datetime import datetime

import pytest

from dialnexa.actors import Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, User, Workspace
from telephony.models import NetworkGroup, WorkspaceNetworkGroup
from telephony.switches import country_enabled, enable_group, enabled_groups


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
