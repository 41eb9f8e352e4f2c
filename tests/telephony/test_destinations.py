"""Judging a destination …"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from telephony.destinations import Group, Judgement, Outcome, Rules, judge_destination

INDIA = Group("nwg_in", "India all", frozenset())
MOBILE = Group("nwg_mob", "India mobile", frozenset({"9198", "91987"}))
DELHI = Group("nwg_del", "Delhi", frozenset({"9111"}))
US = Group("nwg_us", "United States all", frozenset())
RULES = Rules(
    carrier="plivo",
    carrier_label="Plivo",
    kyc_verified=True,
    kyc_case="kyc_1",
    kyc_sentence="Acme is verified for India.",
    verification_number="",
    sip_route=False,
    sip_switch=False,
    groups={"IN": (INDIA,), "US": (US,)},
)
UNVERIFIED = replace(RULES, kyc_verified=False, kyc_sentence="Acme is not verified for India yet.")


def judge(text: str, **changes: Any) -> Judgement:
    return judge_destination(text, replace(RULES, **changes))


def outcomes(judgement: Judgement) -> list[str]:
    return [f"{step.name} {step.outcome.value}" for step in judgement.steps]


def code(judgement: Judgement) -> str:
    return judgement.refusal.code if judgement.refusal else ""


def test_answers_every_step_in_order_with_what_decided_it() -> None:
    judgement = judge("+91 22 6123 4567")
    assert outcomes(judgement) == ["number pass", "kyc pass", "country pass", "prefix pass"]
    assert [step.record for step in judgement.steps] == ["", "kyc_1", "nwg_in", "nwg_in"]
    assert judgement.allowed
    assert judgement.number is not None
    assert judgement.number.e164 == "+912261234567"


@pytest.mark.parametrize(
    "text, problem",
    [
        ("", "missing"),
        ("   ", "missing"),
        ("hello", "unparseable"),
        ("02261234567", "unparseable"),
        ("002261234567", "unparseable"),
        ("+999123456789", "unparseable"),
        ("+91 22 6123 4567 ext. 9", "unparseable"),
        ("9" * 100, "unparseable"),
        ("+9122", "not_possible"),
        ("+121255501234", "not_possible"),
        ("+49" + "1" * 15, "not_possible"),
    ],
)
def test_refuses_what_is_no_number_and_asks_nothing_further(text: str, problem: str) -> None:
    judgement = judge(text, kyc_verified=False, groups={})
    assert outcomes(judgement) == ["number fail", "kyc skipped", "country skipped", "prefix skipped"]
    assert (code(judgement), judgement.steps[0].status) == (f"destination_{problem}", 400)


def test_takes_a_number_that_is_possible_though_in_no_known_range() -> None:
    assert judge("+12345550100").allowed


def test_lets_the_unverified_call_their_registered_number_alone() -> None:
    own = "+919820012345"
    for sip in (False, True):
        rules = replace(UNVERIFIED, verification_number=own, sip_route=sip)
        assert judge_destination(own, rules).allowed
        other = judge_destination("+919820012346", rules)
        assert (code(other), other.steps[1].fix, other.steps[1].status) == ("kyc_not_verified", "kyc", 403)
        assert own in other.steps[1].sentence


def test_refuses_a_country_that_is_not_enabled() -> None:
    judgement = judge("+442079460018")
    assert outcomes(judgement)[2:] == ["country fail", "prefix skipped"]
    assert (code(judgement), judgement.steps[2].fix) == ("country_not_enabled", "telephony")


def test_refuses_everything_while_nothing_is_enabled() -> None:
    judgement = judge("+912261234567", groups={})
    assert code(judgement) == "country_not_enabled"
    assert "Nothing is enabled" in judgement.steps[2].sentence


@pytest.mark.parametrize(
    "text, allowed",
    [("+12125550123", True), ("+14165550123", False), ("+74951234567", False), ("+77172123456", True)],
)
def test_tells_countries_that_share_a_calling_code_apart(text: str, allowed: bool) -> None:
    kazakhstan = Group("nwg_kz", "Kazakhstan all", frozenset())
    assert judge(text, groups={"US": (US,), "KZ": (kazakhstan,)}).allowed is allowed


def test_refuses_a_number_of_no_country() -> None:
    assert code(judge("+8835100012345")) == "country_not_enabled"


@pytest.mark.parametrize(
    "groups, decided",
    [((MOBILE, DELHI), "nwg_mob"), ((DELHI, MOBILE), "nwg_mob"), ((INDIA, DELHI), "nwg_in"), ((DELHI,), "")],
)
def test_asks_the_prefixes_of_the_enabled_groups(groups: tuple[Group, ...], decided: str) -> None:
    judgement = judge("+919876543210", groups={"IN": groups})
    assert judgement.allowed is bool(decided)
    if decided:
        assert judgement.steps[3].record == decided
    else:
        assert code(judgement) == "prefix_not_enabled"


def test_names_the_longest_prefix() -> None:
    assert "+91987" in judge("+919876543210", groups={"IN": (MOBILE,)}).steps[3].sentence


@pytest.mark.parametrize("how", ["sip_route", "sip_switch"])
def test_skips_country_and_prefix_over_sip_and_nothing_else(how: str) -> None:
    judgement = judge("+442079460018", groups={}, **{how: True})
    assert outcomes(judgement) == ["number pass", "kyc pass", "country skipped", "prefix skipped"]
    assert judgement.allowed
    assert code(judge("+44", **{how: True})) == "destination_unparseable"
    unverified = judge("+442079460018", groups={}, kyc_verified=False, **{how: True})
    assert [step.outcome for step in unverified.failures] == [Outcome.FAIL]
    assert code(unverified) == "kyc_not_verified"


def test_lists_every_step_that_fails() -> None:
    judgement = judge("+442079460018", kyc_verified=False)
    assert [step.code for step in judgement.failures] == ["kyc_not_verified", "country_not_enabled"]
    assert code(judgement) == "kyc_not_verified"
