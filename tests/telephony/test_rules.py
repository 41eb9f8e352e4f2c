"""The rules of a workspace …"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from kyc import reviews
from kyc.models import KycCase, VerificationNumber
from telephony.destinations import judge_destination
from telephony.models import NetworkGroup, Prefix, SipSwitch
from telephony.rules import destination_rules
from telephony.switches import enable_group

pytestmark = pytest.mark.django_db


def test_hold_what_is_enabled_at_that_carrier_with_its_prefixes(workspace: Workspace, now: datetime) -> None:
    india = NetworkGroup.objects.get(country="IN")
    Prefix.objects.create(network_group=india, digits="9198")
    other = NetworkGroup.objects.create(carrier="twilio", country_id="IN", name="India all")
    enable_group(workspace, other, enabled=True, by=SYSTEM, now=now)
    rules = destination_rules(workspace, "plivo", now=now)
    assert sorted(rules.groups) == ["GB", "IN", "US"]
    assert [(group.id, group.prefixes) for group in rules.groups["IN"]] == [(india.pk, frozenset({"9198"}))]
    assert not rules.over_sip


def test_know_nothing_of_other_workspaces(
    workspace: Workspace, charlie_workspace: Workspace, now: datetime
) -> None:
    for group in NetworkGroup.objects.all():
        enable_group(workspace, group, enabled=False, by=SYSTEM, now=now)
    VerificationNumber.objects.create(workspace=charlie_workspace, e164="+919820012345", confirmed_at=now)
    rules = destination_rules(workspace, "plivo", now=now)
    assert (rules.groups, rules.verification_number) == ({}, "")


def test_take_the_dossier_of_the_home_country(workspace: Workspace, now: datetime) -> None:
    case = KycCase.objects.get(workspace=workspace, country="IN")
    rules = destination_rules(workspace, "plivo", now=now)
    assert (rules.kyc_verified, rules.kyc_case) == (True, case.pk)
    reviews.suspend(case, by=SYSTEM, now=now, reason="The licence is not yours.")
    rules = destination_rules(workspace, "plivo", now=now)
    assert not rules.kyc_verified
    assert "The licence is not yours" in rules.kyc_sentence


@pytest.mark.parametrize("confirmed", [True, False])
def test_know_the_verification_number_once_it_is_confirmed(
    charlie_workspace: Workspace, now: datetime, confirmed: bool
) -> None:
    VerificationNumber.objects.create(
        workspace=charlie_workspace, e164="+919820012345", confirmed_at=now if confirmed else None
    )
    rules = destination_rules(charlie_workspace, "plivo", now=now)
    assert judge_destination("+91 98200 12345", rules).allowed is confirmed


@pytest.mark.parametrize(
    "carrier, switch, over", [("sip_trunk", False, True), ("plivo", True, True), ("plivo", False, False)]
)
def test_know_when_calls_leave_over_the_customers_own_carrier(
    workspace: Workspace, now: datetime, carrier: str, switch: bool, over: bool
) -> None:
    SipSwitch.objects.create(workspace=workspace, enabled=switch)
    rules = destination_rules(workspace, carrier, now=now)
    assert rules.over_sip is over
    assert judge_destination("+4930123456", rules).allowed is over


def test_cost_few_queries(workspace: Workspace, now: datetime, django_assert_max_num_queries: Any) -> None:
    for group in NetworkGroup.objects.all():
        Prefix.objects.bulk_create(Prefix(network_group=group, digits=f"9{n}") for n in range(200))
    with django_assert_max_num_queries(8):  # two for expensive ranges
        destination_rules(workspace, "plivo", now=now)
