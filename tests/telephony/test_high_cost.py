"""Numbers that cost far more than their country …"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from dialnexa.actors import SYSTEM
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, Workspace
from telephony.batches.judging import judge_rows
from telephony.batches.reading import read_source
from telephony.destinations import judge_destination
from telephony.high_cost import Ranges, ranges_of
from telephony.models import DeniedPrefix
from telephony.prefixes import close_prefix, deny_prefix, end_denial, open_prefix
from tests.telephony.batches.test_judging import NONE
from tests.telephony.test_destinations import RULES

ASKED = replace(RULES, ranges=Ranges({"881": "Satellites"}))
KINDS = (
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.PERSONAL_NUMBER,
    PhoneNumberType.PAGER,
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.VOIP,
)


@pytest.mark.parametrize(
    "number, denied",
    [
        ("+19005551234", True),  # premium rate, at the price of America
        ("+441904123456", False),
        ("+447012345678", True),  # personal
        ("+448431234567", True),  # shared cost
        ("+881612345678", True),
        ("+14155551000", False),
        ("+919820012345", False),
    ],
)
def test_are_never_called_whatever_is_enabled(number: str, denied: bool) -> None:
    for rules in (ASKED, replace(ASKED, sip_switch=True)):
        codes = [step.code for step in judge_destination(number, rules).failures]
        assert ("high_cost_number" in codes) is denied


def test_can_be_opened_by_prefix() -> None:
    opened = replace(ASKED, ranges=Ranges({"1900": "Premium"}, frozenset({"1900555"})))
    assert judge_destination("+19005551234", opened).allowed
    assert not judge_destination("+19005561234", opened).allowed


def test_are_told_apart_in_lists_as_in_single_calls() -> None:
    numbers = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in KINDS:
            if example := phonenumbers.example_number_for_type(region, kind):
                numbers.append(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164))
    rows = judge_rows(read_source("\n".join(["phone", *dict.fromkeys(numbers)]).encode()), ASKED, NONE)
    for number, row in zip(dict.fromkeys(numbers), rows, strict=True):
        assert row.codes == tuple(step.code for step in judge_destination(number, ASKED).failures), number


@pytest.mark.django_db
def test_are_listed_from_the_first_day_and_the_list_of_any_day_is_known(
    workspace: Workspace, now: datetime
) -> None:
    assert {"870", "881", "882", "883", "979"} <= set(ranges_of(workspace, at=now).denied)
    row = deny_prefix("+252 7", reason="Fraud last week", by=SYSTEM, now=now)
    hour = timedelta(hours=1)
    end_denial(row, reason="It was not", by=SYSTEM, now=now + hour)
    listed = ["2527" in ranges_of(workspace, at=now + n * hour).denied for n in (-1, 0, 1)]
    assert listed == [False, True, False]
    assert DeniedPrefix.objects.filter(pk=row.pk).exists()
    with pytest.raises(Refusal, match="already"):
        deny_prefix("870", reason="Again", by=SYSTEM, now=now)


@pytest.mark.django_db
def test_are_opened_for_one_workspace_until_a_day_and_closed_before(
    workspace: Workspace, charlie_workspace: Workspace, now: datetime
) -> None:
    day = timedelta(days=1)
    row = open_prefix(workspace, "870", until=now + day, reason="Ships", by=SYSTEM, now=now)
    assert ranges_of(workspace, at=now).opened == {"870"}
    assert not ranges_of(charlie_workspace, at=now).opened
    assert not ranges_of(workspace, at=now + day).opened
    close_prefix(row, reason="Ashore", by=SYSTEM, now=now)
    assert not ranges_of(workspace, at=now).opened
    events = AuditEntry.objects.filter(subject_id=workspace.pk).values_list("event", "reason")
    assert {("open_prefix", "Ships"), ("close_prefix", "Ashore")} <= set(events)
    for until in (now, now + 400 * day):
        with pytest.raises(Refusal, match="within a year"):
            open_prefix(workspace, "870", until=until, reason="Ships", by=SYSTEM, now=now)
