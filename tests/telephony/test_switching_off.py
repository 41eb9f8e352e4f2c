"""Before something in Telephony Config goes off, it …"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dialnexa.actors import SYSTEM
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from kyc.models import VerificationNumber
from phone_numbers.models import PhoneNumber
from telephony import agents
from telephony.batches.drafts import upload_batch
from telephony.models import AgentVersion, BatchCall, BatchRow, Call, NetworkGroup, Prefix
from telephony.switch_effects import Effect, SwitchOff
from telephony.switches import country_enabled, enable_group, set_sip_switch, sip_switched_on
from telephony.switching_off import find_effects, switch_off
from tests.numbers.rows import make_number

INDIAN, MOBILE, AMERICAN = "+912261234567", "+919876543210", "+12125550123"


@pytest.fixture
def version(workspace: Workspace, now: datetime) -> AgentVersion:
    agent = agents.create_agent(
        workspace, title="Sales", runtime_url="wss://agents.example.com/1", by=SYSTEM, now=now
    )
    version = agents.newest_version(agent)
    agents.publish(version, by=SYSTEM, now=now)
    return version


@pytest.fixture
def india(workspace: Workspace) -> NetworkGroup:
    """All of India, on."""
    return NetworkGroup.objects.get(country="IN")


@pytest.fixture
def mobile(workspace: Workspace, now: datetime) -> NetworkGroup:
    """India's mobile numbers, on beside all of India."""
    group = NetworkGroup.objects.create(carrier="plivo", country_id="IN", name="India mobile")
    Prefix.objects.create(network_group=group, digits="919")
    enable_group(workspace, group, enabled=True, by=SYSTEM, now=now)
    return group


def calling(workspace: Workspace, version: AgentVersion, e164: str = AMERICAN, **fields: Any) -> PhoneNumber:
    return make_number(workspace, e164, outbound_version=version, **fields)


def call(number: PhoneNumber, to: str, at: datetime, **fields: Any) -> Call:
    defaults = {"direction": "outbound", "status": "completed", "currency": "INR", "from_text": number.e164}
    return Call.objects.create(
        workspace=number.workspace,
        number=number,
        to_text=to,
        carrier=number.carrier,
        created_at=at,
        **defaults | fields,
    )


def upload(workspace: Workspace, now: datetime, *numbers: str, **fields: Any) -> BatchCall:
    data = "\n".join(("phone_number", *numbers)).encode()
    return upload_batch(workspace, data, title="Diwali", name="list.csv", by=SYSTEM, now=now, **fields)


def off(*groups: NetworkGroup, workspace: Workspace) -> SwitchOff:
    found = NetworkGroup.objects.filter(pk__in=[group.pk for group in groups]).select_related("country")
    return SwitchOff(workspace, groups[0].carrier, tuple(found))


def told(about: SwitchOff, kind: str, now: datetime | None = None) -> list[Effect]:
    effects = find_effects(about, now=now or timezone.now()).effects
    return [effect for effect in effects if effect.kind == kind]


def sentences(about: SwitchOff, kind: str) -> list[str]:
    return [effect.sentence for effect in told(about, kind)]


# --- purchases ----------------------------------------------------------------------------------------


def test_says_where_nothing_can_be_bought_then(workspace: Workspace, india: NetworkGroup) -> None:
    assert sentences(off(india, workspace=workspace), "purchases") == [
        "No numbers of India can be bought from Plivo. Those you have stay, and still answer."
    ]


def test_knows_that_another_group_keeps_the_country_open(
    workspace: Workspace, india: NetworkGroup, mobile: NetworkGroup
) -> None:
    assert sentences(off(india, workspace=workspace), "purchases") == []
    assert len(sentences(off(india, mobile, workspace=workspace), "purchases")) == 1


# --- numbers ------------------------------------------------------------------------------------------


def test_names_the_numbers_that_call_over_the_carrier(
    workspace: Workspace, india: NetworkGroup, version: AgentVersion
) -> None:
    number = calling(workspace, version, nickname="Front desk")
    calling(workspace, version, "+12125550199", carrier="twilio")
    make_number(workspace, "+12125550198")  # nobody calls from it
    calling(workspace, version, "+12125550197", status="released")
    (effect,) = told(off(india, workspace=workspace), "numbers")
    assert effect.sentence == "One number calls over Plivo and could no longer call India all."
    assert effect.named == ((number.pk, "+1 212-555-0123 (Front desk)"),)


def test_names_a_few_numbers_and_counts_the_rest(
    workspace: Workspace, india: NetworkGroup, version: AgentVersion
) -> None:
    for n in range(7):
        calling(workspace, version, f"+1212555010{n}")
    (effect,) = told(off(india, workspace=workspace), "numbers")
    assert effect.sentence.startswith("7 numbers call over Plivo")
    assert (len(effect.named), effect.more) == (5, 2)


def test_says_that_nothing_is_left_to_call(workspace: Workspace, version: AgentVersion) -> None:
    calling(workspace, version)
    workspace.network_groups.exclude(network_group__country="IN").update(enabled=False)
    india = NetworkGroup.objects.get(country="IN")
    assert sentences(off(india, workspace=workspace), "numbers") == [
        "One number calls over Plivo and could call nowhere any more: nothing else is on at Plivo."
    ]


def test_knows_that_a_group_for_the_whole_country_covers_the_rest(
    workspace: Workspace, india: NetworkGroup, mobile: NetworkGroup, version: AgentVersion
) -> None:
    calling(workspace, version)
    assert find_effects(off(mobile, workspace=workspace), now=timezone.now()).effects == ()
    assert sentences(off(india, workspace=workspace), "numbers") != []


def test_stops_no_call_while_sip_is_on(
    workspace: Workspace, india: NetworkGroup, version: AgentVersion, now: datetime
) -> None:
    number = calling(workspace, version)
    call(number, MOBILE, now)
    upload(workspace, now, MOBILE)
    set_sip_switch(workspace, True, by=SYSTEM, now=now)
    kinds = [effect.kind for effect in find_effects(off(india, workspace=workspace), now=now).effects]
    assert kinds == ["purchases"]


# --- lists of calls -----------------------------------------------------------------------------------


def test_counts_the_rows_that_would_be_refused(
    workspace: Workspace, india: NetworkGroup, mobile: NetworkGroup, now: datetime
) -> None:
    batch = upload(workspace, now, MOBILE, INDIAN, AMERICAN, "+4930123456", "nonsense")
    (effect,) = told(off(india, workspace=workspace), "batches")
    assert effect.sentence == "One list of calls would be refused in part."
    assert effect.named == ((batch.pk, "Diwali (draft): 1 of 3 calls"),)


def test_leaves_lists_alone_that_do_not_call_there(
    workspace: Workspace, india: NetworkGroup, now: datetime
) -> None:
    upload(workspace, now, AMERICAN)
    upload(workspace, now, MOBILE, carrier="twilio")
    done = upload(workspace, now, MOBILE)
    done.transition("cancel", by=SYSTEM, now=now)
    assert told(off(india, workspace=workspace), "batches") == []


def test_counts_only_who_is_still_to_be_called(
    workspace: Workspace, india: NetworkGroup, now: datetime
) -> None:
    batch = upload(workspace, now, MOBILE, INDIAN, AMERICAN)
    for event in ("queue", "begin"):
        batch.transition(event, by=SYSTEM, now=now)
    for row, (e164, state) in enumerate(((MOBILE, "done"), (INDIAN, "waiting"), (AMERICAN, "waiting"))):
        BatchRow.objects.create(batch=batch, workspace=workspace, row=row + 2, e164=e164, state=state)
    (effect,) = told(off(india, workspace=workspace), "batches")
    assert effect.named == ((batch.pk, "Diwali (running): 1 of 3 calls"),)


def test_says_that_a_long_list_was_not_counted(
    workspace: Workspace, india: NetworkGroup, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(workspace, now, MOBILE, INDIAN)
    monkeypatch.setattr("telephony.switch_findings.MOST_ROWS", 1)
    (effect,) = told(off(india, workspace=workspace), "batches")
    assert effect.named[0][1] == "Diwali (draft): too long to count here"


# --- destinations -------------------------------------------------------------------------------------


def test_names_who_was_called_lately(
    workspace: Workspace, india: NetworkGroup, version: AgentVersion, now: datetime
) -> None:
    number = calling(workspace, version)
    call(number, MOBILE, now - timedelta(days=2))
    call(number, MOBILE, now - timedelta(days=3))
    call(number, INDIAN, now - timedelta(days=1))
    call(number, AMERICAN, now)
    call(number, "+912261234999", now - timedelta(days=40))
    call(number, "+912261234998", now, direction="inbound")
    (effect,) = told(off(india, workspace=workspace), "destinations", now)
    assert effect.sentence == "2 numbers called in the last 30 days could not be called again."
    assert effect.named == ((INDIAN, "+91 22 6123 4567"), (MOBILE, "+91 98765 43210"))


def test_leaves_other_carriers_and_workspaces_alone(
    workspace: Workspace,
    charlie_workspace: Workspace,
    india: NetworkGroup,
    version: AgentVersion,
    now: datetime,
) -> None:
    call(calling(workspace, version, carrier="twilio"), MOBILE, now)
    call(make_number(charlie_workspace, "+12125550177"), MOBILE, now)
    assert told(off(india, workspace=workspace), "destinations") == []


def test_names_the_registered_verification_number(
    workspace: Workspace, india: NetworkGroup, now: datetime
) -> None:
    VerificationNumber.objects.create(workspace=workspace, e164=MOBILE, confirmed_at=now)
    assert sentences(off(india, workspace=workspace), "destinations") == [
        "Your registered verification number +91 98765 43210 could not be called."
    ]


# --- SIP/BYOC -----------------------------------------------------------------------------------------


def test_says_what_sip_held_open(workspace: Workspace, version: AgentVersion, now: datetime) -> None:
    german = "+4930123456"
    set_sip_switch(workspace, True, by=SYSTEM, now=now)
    number = calling(workspace, version)
    trunk = calling(workspace, version, "+12125550188", carrier="sip_trunk")
    for ours in (number, trunk):
        call(ours, german, now)
        call(ours, MOBILE, now)
    batch = upload(workspace, now, german, MOBILE)
    effects = find_effects(SwitchOff(workspace), now=now).effects
    assert [(effect.kind, effect.sentence, effect.named) for effect in effects] == [
        (
            "numbers",
            "One number calls over Plivo and could call only what is on at Plivo: 3 countries are.",
            ((number.pk, "+1 212-555-0123"),),
        ),
        (
            "batches",
            "One list of calls would be refused in part.",
            ((batch.pk, "Diwali (draft): 1 of 2 calls"),),
        ),
        (
            "destinations",
            "One number called in the last 30 days could not be called again.",
            (("+4930123456", "+49 30 123456"),),
        ),
    ]


def test_stops_nothing_where_sip_is_off_already(
    workspace: Workspace, version: AgentVersion, now: datetime
) -> None:
    calling(workspace, version)
    assert find_effects(SwitchOff(workspace), now=now).effects == ()


# --- doing it -----------------------------------------------------------------------------------------


def test_does_what_was_shown(workspace: Workspace, india: NetworkGroup, now: datetime) -> None:
    about = off(india, workspace=workspace)
    shown = find_effects(about, now=now).fingerprint
    assert switch_off(about, expected=shown, by=SYSTEM, now=now) == [india]
    assert not country_enabled(workspace, "plivo", "IN")


def test_switches_sip_off(workspace: Workspace, now: datetime) -> None:
    set_sip_switch(workspace, True, by=SYSTEM, now=now)
    shown = find_effects(SwitchOff(workspace), now=now).fingerprint
    switch_off(SwitchOff(workspace), expected=shown, by=SYSTEM, now=now)
    assert not sip_switched_on(workspace)


def test_refuses_when_more_would_stop_by_now(
    workspace: Workspace, india: NetworkGroup, version: AgentVersion, now: datetime
) -> None:
    shown = find_effects(off(india, workspace=workspace), now=now).fingerprint
    calling(workspace, version)
    with pytest.raises(Refusal) as refused:
        switch_off(off(india, workspace=workspace), expected=shown, by=SYSTEM, now=now)
    assert (refused.value.code, refused.value.status) == ("effects_changed", 409)
    assert country_enabled(workspace, "plivo", "IN")


def test_needs_few_queries_whatever_there_is(
    workspace: Workspace,
    india: NetworkGroup,
    version: AgentVersion,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    number = calling(workspace, version)
    for n in range(20):
        call(number, f"+9198765432{n:02}", now)
        calling(workspace, version, f"+121255502{n:02}")
    with django_assert_max_num_queries(14):
        find_effects(off(india, workspace=workspace), now=now)
