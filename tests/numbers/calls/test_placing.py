"""Placing a call …"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils.translation import override

from dialnexa import wallet
from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, LedgerEntry, Workspace
from kyc.models import KycCase
from phone_numbers.calls.placing import Asked, place_call, seconds_for
from phone_numbers.models import PhoneNumber
from phone_numbers.releasing import release_number
from telephony.models import AgentVersion, Call, CallRate
from telephony.rating import CallPrice
from tests.conftest import make_program
from tests.numbers.calls.conftest import LONDON

pytestmark = pytest.mark.django_db


def spend_down_to(workspace: Workspace, left: str, now: datetime) -> None:
    amount = wallet.balance(workspace) - Decimal(left)
    wallet.hold(workspace, amount, subject="other", memo="", by=SYSTEM, now=now)


def test_reserves_what_the_longest_call_costs(
    workspace: Workspace, number: PhoneNumber, version: AgentVersion, now: datetime, settings: LazySettings
) -> None:
    before = wallet.balance(workspace)
    call = place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    kept = Call.objects.get(pk=call.pk)
    assert (kept.status, kept.to_text, kept.agent_version) == ("created", LONDON, version)
    assert kept.per_minute is not None
    assert kept.held == kept.per_minute * settings.CALL_LONGEST / 60
    assert kept.limit_seconds == settings.CALL_LONGEST
    assert (wallet.balance(workspace), wallet.held(workspace)) == (before - kept.held, kept.held)
    assert AuditEntry.objects.get(subject_id=call.pk).event == "place"
    assert [step["name"] for step in kept.trace][:4] == ["number", "kyc", "country", "prefix"]


def test_keeps_the_price_it_was_made_at(workspace: Workspace, number: PhoneNumber, now: datetime) -> None:
    call = place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    assert call.rate_id
    rate = CallRate.objects.get(pk=call.rate_id)
    assert (call.per_minute, call.pulse_seconds) == (rate.per_minute, rate.pulse_seconds)


def test_shortens_the_call_to_what_the_wallet_covers(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    price = place_call(workspace, number, LONDON, by=SYSTEM, now=now).per_minute
    assert price
    spend_down_to(workspace, str(price * 3 + price / 2), now)
    call = place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    assert (call.limit_seconds, call.held) == (180, price * 3)


def test_is_kept_in_english_and_refused_in_the_readers_language(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    with override("hi"):
        call = place_call(workspace, number, LONDON, by=SYSTEM, now=now)
        spend_down_to(workspace, "0.01", now)
        with pytest.raises(Refusal) as refused:
            place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    kept = Call.objects.get(pk=call.pk)
    assert kept.trace[0]["sentence"] == f"{LONDON} is a possible number in United Kingdom."
    assert refused.value.sentence.startswith("वॉलेट में ₹0.01 हैं")


def test_refuses_when_a_minute_is_too_much(workspace: Workspace, number: PhoneNumber, now: datetime) -> None:
    spend_down_to(workspace, "0.01", now)
    with pytest.raises(Refusal) as refused:
        place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    assert (refused.value.code, refused.value.status) == ("wallet_insufficient", 402)
    assert not Call.objects.exists()


def test_refuses_by_the_first_question_that_fails(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    KycCase.objects.filter(workspace=workspace).delete()
    with pytest.raises(Refusal) as refused:
        place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    assert (refused.value.code, refused.value.status) == ("kyc_not_verified", 403)
    assert not LedgerEntry.objects.filter(kind="hold").exists()


def test_refuses_a_number_that_went_after_it_was_looked_at(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    release_number(number, by=SYSTEM, now=now)
    assert number.status == "active"  # for all that its holder knows
    with pytest.raises(Refusal) as refused:
        place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    assert (refused.value.code, wallet.held(workspace)) == ("number_not_active", Decimal(0))


def test_refuses_a_number_of_another_workspace(
    workspace: Workspace, charlie_workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    PhoneNumber.objects.filter(pk=number.pk).update(workspace=charlie_workspace)
    with pytest.raises(Refusal) as refused:
        place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    assert (refused.value.code, refused.value.status) == ("number_not_found", 404)


def test_gives_the_same_call_for_the_same_key(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    asked = Asked(idempotency_key="once")
    calls = {place_call(workspace, number, LONDON, by=SYSTEM, now=now, asked=asked).pk for _ in range(3)}
    assert len(calls) == LedgerEntry.objects.filter(kind="hold").count() == 1


def test_takes_a_version_chosen_for_this_call(
    workspace: Workspace, number: PhoneNumber, version: AgentVersion, now: datetime
) -> None:
    PhoneNumber.objects.update(outbound_version=None)
    call = place_call(workspace, number, LONDON, by=SYSTEM, now=now, asked=Asked(version=version))
    assert call.agent_version == version


def test_reserves_no_more_than_the_keys_cap_leaves(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    price = place_call(workspace, number, LONDON, by=SYSTEM, now=now).per_minute
    assert price
    key = make_program(workspace, now, "calls:write", monthly_spend_cap=price * 2).key
    by = Actor(Channel.API, "CRM", api_key=key)
    assert place_call(workspace, number, LONDON, by=by, now=now).limit_seconds == 120
    with pytest.raises(Refusal) as refused:
        place_call(workspace, number, LONDON, by=by, now=now)
    assert refused.value.code == "spend_cap_reached"
    assert wallet.held(workspace) == sum(Call.objects.values_list("held", flat=True))


@pytest.mark.django_db(transaction=True)
def test_lets_a_race_place_only_as_many_as_may_run(
    workspace: Workspace, number: PhoneNumber, now: datetime, settings: LazySettings
) -> None:
    settings.CALLS_AT_ONCE = 3
    codes: list[str] = []

    def place() -> None:
        try:
            place_call(workspace, number, LONDON, by=SYSTEM, now=now)
            codes.append("placed")
        except Refusal as refusal:
            codes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=place) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["concurrency_reached"] * 5 + ["placed"] * 3
    assert wallet.held(workspace) == sum(Call.objects.values_list("held", flat=True))


PRICE = CallPrice(1, "", "", "", Decimal("0.1"), 6, Decimal("0.05"), datetime.min.replace(tzinfo=UTC), "INR")


@pytest.mark.parametrize(
    "money, seconds",
    [("0.15", 60), ("0.16", 66), ("0.159", 60), ("0.01", 60), ("100", 600), ("1.05", 600), ("1.04", 594)],
)
def test_covers_whole_pulses(money: str, seconds: int) -> None:
    assert seconds_for(PRICE, Decimal(money), 600) == seconds
    assert seconds_for(replace_pulse(60), Decimal("0.26"), 600) == 120


def replace_pulse(seconds: int) -> CallPrice:
    return PRICE._replace(pulse_seconds=seconds)
