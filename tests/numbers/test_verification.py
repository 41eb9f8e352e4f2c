"""The registered verification number …"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from dialnexa.actors import SYSTEM
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, Notice, Workspace
from kyc.models import VerificationCall, VerificationNumber
from phone_numbers.verifying.suitability import DAILY, HOURLY, MOST_WORKSPACES, NUMBER_DAILY
from phone_numbers.verifying.verification import TRIES, Asked, ask_code, confirm_code
from telephony.models import CarrierExchange
from telephony.rules import destination_rules
from tests.conftest import make_workspace
from tests.numbers.rows import make_number
from tests.numbers.verification import heard_code, last_call

pytestmark = pytest.mark.django_db
PHONE, OTHER = "+919820012345", "+447700900123"
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _caller(sandbox: Any, settings: LazySettings) -> None:
    settings.VERIFICATION_CARRIER, settings.VERIFICATION_CALLER_ID = "plivo", "+918035340000"
    sandbox.state.set_mode(ring_seconds=3600)  # it rings on: the tests pick up themselves


def ask(workspace: Workspace, now: datetime, number: str = PHONE) -> Asked:
    return ask_code(workspace, number, by=SYSTEM, now=now)


def confirm(workspace: Workspace, code: str, now: datetime) -> VerificationNumber:
    return confirm_code(workspace, code, by=SYSTEM, now=now)


def refusal_of(workspace: Workspace, now: datetime, number: str = PHONE) -> Refusal:
    with pytest.raises(Refusal) as caught:
        ask(workspace, now, number)
    return caught.value


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


# --- asking and confirming


def test_is_confirmed_by_the_code_that_was_spoken(
    sandbox: Any, charlie_workspace: Workspace, now: datetime
) -> None:
    asked = ask(charlie_workspace, now, "+91 98200 12345")
    assert (asked.e164, asked.sure, asked.until) == (PHONE, True, now + 10 * MINUTE)
    call = last_call(sandbox)
    assert (call.to, call.from_, call.ring_seconds, call.limit_seconds) == (
        PHONE[1:],
        "918035340000",
        30,
        60,
    )
    row = confirm(charlie_workspace, heard_code(sandbox), now + MINUTE)
    assert (row.e164, row.confirmed_at, row.pending_e164) == (PHONE, now + MINUTE, "")
    assert destination_rules(charlie_workspace, "plivo", now=now).verification_number == PHONE


def test_is_none_before_its_code_is_entered(charlie_workspace: Workspace, now: datetime) -> None:
    ask(charlie_workspace, now)
    assert destination_rules(charlie_workspace, "plivo", now=now).verification_number == ""


def test_stays_until_another_is_confirmed(sandbox: Any, charlie_workspace: Workspace, now: datetime) -> None:
    ask(charlie_workspace, now)
    confirm(charlie_workspace, heard_code(sandbox), now)
    later = now + timedelta(days=2)
    ask(charlie_workspace, later, OTHER)
    assert destination_rules(charlie_workspace, "plivo", now=later).verification_number == PHONE
    confirm(charlie_workspace, heard_code(sandbox), later)
    assert destination_rules(charlie_workspace, "plivo", now=later).verification_number == OTHER


def test_is_told_of_to_whoever_may_change_it(
    sandbox: Any, charlie_workspace: Workspace, now: datetime
) -> None:
    ask(charlie_workspace, now)
    confirm(charlie_workspace, heard_code(sandbox), now)
    notice = Notice.objects.get(workspace=charlie_workspace)
    assert (notice.title, notice.right) == ("Verification number: +91 98200 12345", "manage")
    events = AuditEntry.objects.filter(subject_type="verificationnumber").order_by("id")
    assert list(events.values_list("event", "after")) == [
        ("ask_code", {"verification_number": PHONE}),
        ("confirm", {"verification_number": PHONE}),
    ]


def test_is_confirmed_with_the_digits_as_people_type_them(
    sandbox: Any, charlie_workspace: Workspace, now: datetime
) -> None:
    ask(charlie_workspace, now)
    code = heard_code(sandbox)
    assert confirm(charlie_workspace, f" {code[:3]}-{code[3:]} ", now).e164 == PHONE


def test_keeps_neither_code_nor_token(sandbox: Any, charlie_workspace: Workspace, now: datetime) -> None:
    ask(charlie_workspace, now)
    code, token = heard_code(sandbox), last_call(sandbox).answer_url.split("/")[-3]
    row = VerificationNumber.objects.get()
    kept = repr((VerificationCall.objects.values_list(), vars(row)))
    assert code not in row.code_digest
    assert token not in kept


# --- codes that don't count


def test_ends_a_code_after_five_tries(sandbox: Any, charlie_workspace: Workspace, now: datetime) -> None:
    ask(charlie_workspace, now)
    code = heard_code(sandbox)
    for left in range(TRIES - 1, -1, -1):
        with pytest.raises(Refusal) as caught:
            confirm(charlie_workspace, wrong(code), now)
        assert caught.value.code == ("code_wrong" if left else "code_tries_used")
        assert caught.value.details.get("tries_left", 0) == left
    with pytest.raises(Refusal, match="code_tries_used"):
        confirm(charlie_workspace, code, now)
    assert VerificationNumber.objects.get().confirmed_at is None


def test_ends_a_code_after_ten_minutes(sandbox: Any, charlie_workspace: Workspace, now: datetime) -> None:
    ask(charlie_workspace, now)
    code = heard_code(sandbox)
    with pytest.raises(Refusal, match="code_expired"):
        confirm(charlie_workspace, code, now + 10 * MINUTE)
    assert confirm(charlie_workspace, code, now + 10 * MINUTE - timedelta(seconds=1)).e164 == PHONE


def test_takes_a_code_once(sandbox: Any, charlie_workspace: Workspace, now: datetime) -> None:
    ask(charlie_workspace, now)
    code = heard_code(sandbox)
    confirm(charlie_workspace, code, now)
    with pytest.raises(Refusal, match="code_not_asked"):
        confirm(charlie_workspace, code, now)


def test_takes_only_the_newest_code(sandbox: Any, charlie_workspace: Workspace, now: datetime) -> None:
    ask(charlie_workspace, now)
    first = heard_code(sandbox)
    ask(charlie_workspace, now + MINUTE)
    with pytest.raises(Refusal, match="code_wrong"):
        confirm(charlie_workspace, first, now + MINUTE)
    assert confirm(charlie_workspace, heard_code(sandbox), now + MINUTE).e164 == PHONE


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "x" * 10_000, "１２３４５６", "\x00"])
def test_counts_nothing_as_a_try_that_is_no_code(
    charlie_workspace: Workspace, now: datetime, typed: str
) -> None:
    ask(charlie_workspace, now)
    with pytest.raises(Refusal, match="code_malformed"):
        confirm(charlie_workspace, typed, now)
    assert VerificationNumber.objects.get(workspace=charlie_workspace).tries_left == TRIES


def test_takes_no_code_for_another_workspace(
    sandbox: Any, workspace: Workspace, charlie_workspace: Workspace, now: datetime
) -> None:
    ask(charlie_workspace, now)
    code = heard_code(sandbox)
    ask(workspace, now, OTHER)
    with pytest.raises(Refusal, match="code_wrong"):
        confirm(workspace, code, now)


# --- numbers that are not called


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("", "number_invalid"),
        ("98200 12345", "number_invalid"),
        ("+1", "number_invalid"),
        ("+449098790123", "verification_number_costly"),  # premium rate
        ("+448448790123", "verification_number_costly"),  # shared cost
        ("+870773111632", "verification_number_costly"),  # a satellite
    ],
)
def test_is_not_every_number(
    sandbox: Any, charlie_workspace: Workspace, now: datetime, number: str, code: str
) -> None:
    assert refusal_of(charlie_workspace, now, number).code == code
    assert sandbox.state.calls() == []


def test_is_none_of_ours(
    sandbox: Any, workspace: Workspace, charlie_workspace: Workspace, now: datetime
) -> None:
    number = make_number(workspace)
    refusal = refusal_of(charlie_workspace, now, number.e164)
    assert (refusal.code, workspace.name in refusal.sentence) == ("verification_number_ours", False)
    assert workspace.name in refusal_of(workspace, now, number.e164).sentence
    assert sandbox.state.calls() == []


def test_is_not_confirmed_twice(sandbox: Any, charlie_workspace: Workspace, now: datetime) -> None:
    ask(charlie_workspace, now)
    confirm(charlie_workspace, heard_code(sandbox), now)
    assert refusal_of(charlie_workspace, now + MINUTE).code == "verification_number_confirmed"


def test_stands_for_few_workspaces(
    sandbox: Any, charlie_workspace: Workspace, workspace: Workspace, now: datetime
) -> None:
    ask(charlie_workspace, now)
    code = heard_code(sandbox)
    for nth in range(MOST_WORKSPACES):
        other = make_workspace(charlie_workspace.members.get(), f"other-{nth}", "Other", now)
        VerificationNumber.objects.create(workspace=other, e164=PHONE, confirmed_at=now)
    assert refusal_of(workspace, now).code == "verification_number_taken"
    with pytest.raises(Refusal, match="verification_number_taken"):
        confirm(charlie_workspace, code, now)


@pytest.mark.parametrize("setting", ["VERIFICATION_CARRIER", "VERIFICATION_CALLER_ID"])
def test_is_called_by_nobody_where_nobody_is_set_up(
    settings: LazySettings, charlie_workspace: Workspace, now: datetime, setting: str
) -> None:
    setattr(settings, setting, "")
    assert refusal_of(charlie_workspace, now).code == "verification_unavailable"


# --- how often


def test_is_called_three_times_an_hour_whoever_asks(
    sandbox: Any, workspace: Workspace, charlie_workspace: Workspace, now: datetime
) -> None:
    for nth in range(HOURLY):
        ask((workspace, charlie_workspace)[nth % 2], now + nth * MINUTE)
    assert refusal_of(workspace, now + 59 * MINUTE).code == "number_called_often"
    assert len(sandbox.state.calls()) == HOURLY
    ask(workspace, now + 61 * MINUTE)


def test_is_called_six_times_a_day_whoever_asks(
    sandbox: Any, workspace: Workspace, charlie_workspace: Workspace, now: datetime
) -> None:
    for nth in range(NUMBER_DAILY):
        ask((workspace, charlie_workspace)[nth % 2], now + nth * 30 * MINUTE)
    refusal = refusal_of(workspace, now + timedelta(hours=23))
    assert (refusal.code, refusal.status) == ("number_called_often", 429)
    assert len(sandbox.state.calls()) == NUMBER_DAILY
    ask(workspace, now + timedelta(days=1))


def test_is_asked_for_ten_times_a_day(sandbox: Any, charlie_workspace: Workspace, now: datetime) -> None:
    for nth in range(DAILY):
        ask(charlie_workspace, now + nth * MINUTE, f"+91982001234{nth}")
    assert refusal_of(charlie_workspace, now + timedelta(hours=23), OTHER).code == "codes_asked_often"
    ask(charlie_workspace, now + timedelta(hours=24), OTHER)


def test_is_called_only_so_often_whoever_asks(
    sandbox: Any,
    workspace: Workspace,
    charlie_workspace: Workspace,
    now: datetime,
    settings: LazySettings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.VERIFICATION_CALLS_AN_HOUR = 2
    ask(workspace, now)
    ask(charlie_workspace, now, OTHER)
    refusal = refusal_of(workspace, now + 5 * MINUTE, "+919820012399")
    assert (refusal.code, refusal.status) == ("codes_overrun", 429)
    assert "No verification codes" in caplog.text  # somebody should look
    assert len(sandbox.state.calls()) == 2
    ask(workspace, now + 61 * MINUTE, "+919820012399")


def test_is_not_called_twice_by_a_double_click(
    sandbox: Any, charlie_workspace: Workspace, now: datetime
) -> None:
    ask(charlie_workspace, now)
    assert refusal_of(charlie_workspace, now + timedelta(seconds=29)).code == "code_just_asked"
    ask(charlie_workspace, now + timedelta(seconds=30))


@pytest.mark.django_db(transaction=True)
def test_counts_what_is_asked_at_the_same_time(
    sandbox: Any, workspace: Workspace, charlie_workspace: Workspace, now: datetime
) -> None:
    people = [workspace, charlie_workspace]
    owner = workspace.members.get()
    people += [make_workspace(owner, f"w{nth}", "W", now) for nth in range(4)]
    said: list[str] = []

    def ask_once(one: Workspace) -> None:
        try:
            ask(one, now)
            said.append("called")
        except Refusal as refusal:
            said.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask_once, args=(one,)) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["called"] * HOURLY + ["number_called_often"] * HOURLY
    assert len(sandbox.state.calls()) == HOURLY


# --- carriers that fail


def break_next(sandbox: Any, kind: str) -> None:
    from telephony.carriers.sandbox.faults import Fault

    with sandbox.state.locked() as contents:
        contents.plan.force("call", Fault.of(kind))


def test_does_not_count_a_call_that_was_not_placed(
    sandbox: Any, charlie_workspace: Workspace, now: datetime
) -> None:
    for _ in range(HOURLY + 1):
        break_next(sandbox, "rate_limited")
        refusal = refusal_of(charlie_workspace, now)
        assert (refusal.code, refusal.status) == ("verification_call_failed", 502)
    row = VerificationNumber.objects.get()
    assert (row.pending_e164, row.code_digest, row.code_until) == ("", "", None)
    assert VerificationCall.objects.filter(failed_at=now).count() == HOURLY + 1
    assert ask(charlie_workspace, now).sure


@pytest.mark.parametrize(("kind", "placed"), [("error_after", 1), ("error_before", 0)])
def test_keeps_the_code_when_nobody_knows(
    sandbox: Any, charlie_workspace: Workspace, now: datetime, kind: str, placed: int
) -> None:
    break_next(sandbox, kind)
    asked = ask(charlie_workspace, now)
    assert (asked.sure, len(sandbox.state.calls())) == (False, placed)
    if placed:
        assert confirm(charlie_workspace, heard_code(sandbox), now).e164 == PHONE
    assert VerificationCall.objects.get().failed_at is None


def test_keeps_what_was_said_to_the_carrier(
    sandbox: Any, charlie_workspace: Workspace, now: datetime
) -> None:
    ask(charlie_workspace, now)
    exchange = CarrierExchange.objects.get()
    assert (exchange.about, exchange.status) == (VerificationCall.objects.get().pk, 201)
    assert heard_code(sandbox) not in exchange.request_body + exchange.response_body
