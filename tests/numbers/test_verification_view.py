"""The verification number's card on the KYC page, and what carriers ask about its calls …"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from dialnexa import clock
from dialnexa.models import Workspace
from kyc.models import VerificationCall, VerificationNumber
from tests.numbers.verification import FIELDS, TOKEN, hear, heard_code, last_call, post_signed

pytestmark = pytest.mark.django_db
PAGE = "/w/acme/kyc/"
CALL, CONFIRM = f"{PAGE}verification-number/call/", f"{PAGE}verification-number/confirm/"
PHONE = "+919820012345"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _caller(sandbox: Any, settings: LazySettings) -> None:
    settings.VERIFICATION_CARRIER, settings.VERIFICATION_CALLER_ID = "plivo", "+918035340000"
    sandbox.state.set_mode(ring_seconds=3600)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


# --- the page


def test_is_asked_for_where_there_is_none(alice_client: Client) -> None:
    page = text(alice_client.get(PAGE))
    assert "Call me with a code" in page
    assert "None yet" in page
    assert 'name="code"' not in page


def test_is_not_asked_for_where_nobody_can_be_called(alice_client: Client, settings: LazySettings) -> None:
    settings.VERIFICATION_CARRIER = ""
    page = text(alice_client.get(PAGE))
    assert "Verification calls are not set up here" in page
    assert 'name="number"' not in page


def test_goes_from_number_to_code_to_confirmed_without_javascript(alice_client: Client, sandbox: Any) -> None:
    page = text(alice_client.post(CALL, {"number": "+91 98200 12345"}, follow=True))
    assert "We are calling <strong>+91 98200 12345</strong>" in page
    assert "Waiting for the code" in page
    page = text(alice_client.post(CONFIRM, {"code": heard_code(sandbox)}, follow=True))
    assert "+91 98200 12345 is confirmed." in page
    assert "Confirmed" in page
    assert 'name="code"' not in page


def test_goes_the_same_way_in_the_card_alone(alice_client: Client, sandbox: Any) -> None:
    card = text(alice_client.post(CALL, {"number": PHONE}, headers=HTMX))
    assert card.startswith('<section class="panel own-number"')
    assert 'name="code"' in card
    assert "We are calling +91 98200 12345." in card  # for the live region
    card = text(alice_client.post(CONFIRM, {"code": heard_code(sandbox)}, headers=HTMX))
    assert "+91 98200 12345 is confirmed." in card


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_says_what_is_wrong_at_the_field(alice_client: Client, sandbox: Any, headers: dict[str, str]) -> None:
    wrong = alice_client.post(CALL, {"number": '98200"><script>'}, headers=headers)
    assert wrong.status_code == 422
    assert "own-number-error" in text(wrong)
    assert 'value="98200&quot;&gt;&lt;script&gt;"' in text(wrong)
    alice_client.post(CALL, {"number": PHONE})
    assert "six digits" in text(alice_client.post(CONFIRM, {"code": "12"}, headers=headers))
    wrong = alice_client.post(CONFIRM, {"code": another(heard_code(sandbox))}, headers=headers)
    assert wrong.status_code == 422
    assert "4 tries are left" in text(wrong)
    assert ("<html" in text(wrong)) is (not headers)


def test_says_so_when_the_code_is_void(alice_client: Client, sandbox: Any) -> None:
    alice_client.post(CALL, {"number": PHONE})
    code = another(heard_code(sandbox))
    for _ in range(5):
        card = alice_client.post(CONFIRM, {"code": code}, headers=HTMX)
    assert card.status_code == 422
    assert "The code was wrong too often" in text(card)
    assert 'name="code"' not in text(card)


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_says_when_the_carrier_was_silent(
    alice_client: Client, sandbox: Any, headers: dict[str, str]
) -> None:
    from telephony.carriers.sandbox.faults import Fault

    with sandbox.state.locked() as contents:
        contents.plan.force("call", Fault.of("error_after"))
    page = text(alice_client.post(CALL, {"number": PHONE}, headers=headers, follow=True))
    assert page.count("The carrier has not confirmed the call to +91 98200 12345") == (2 if headers else 1)
    assert 'name="code"' in page


def test_shows_members_the_number_and_no_form(
    bob_client: Client, workspace: Workspace, now: datetime
) -> None:
    VerificationNumber.objects.create(workspace=workspace, e164=PHONE, confirmed_at=now)
    page = text(bob_client.get(PAGE))
    assert "+91 98200 12345" in page
    assert 'name="number"' not in page
    assert bob_client.post(CALL, {"number": PHONE}).status_code == 403
    assert bob_client.post(CONFIRM, {"code": "1"}).status_code == 403


def test_does_not_exist_for_strangers(charlie_client: Client, workspace: Workspace, sandbox: Any) -> None:
    assert charlie_client.post(CALL, {"number": PHONE}).status_code == 404
    assert charlie_client.post(CONFIRM, {"code": "1"}).status_code == 404
    assert sandbox.state.calls() == []


# --- what the carrier asks


@pytest.fixture
def asked(alice_client: Client, sandbox: Any) -> Any:
    """A call that has been placed, as the carrier has it."""
    alice_client.post(CALL, {"number": PHONE})
    return last_call(sandbox)


def test_has_its_code_spoken_twice_digit_by_digit(asked: Any, sandbox: Any) -> None:
    said = hear(sandbox)
    assert said.count("Your DialNexa Numbers code is: ") == 2
    assert " ".join(heard_code(sandbox)) in said
    assert VerificationCall.objects.get().spoken_at is not None


def test_is_spoken_again_to_a_carrier_that_asks_again(asked: Any, sandbox: Any) -> None:
    assert hear(sandbox) == hear(sandbox)


def test_is_silent_once_the_code_is_used(asked: Any, sandbox: Any, alice_client: Client) -> None:
    alice_client.post(CONFIRM, {"code": heard_code(sandbox)})
    assert hear(sandbox) == ""
    assert b"<Hangup" in post_signed(asked.answer_url).content


def test_is_silent_once_the_code_is_over(
    asked: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=11))
    assert hear(sandbox) == ""


def test_says_nothing_to_others(asked: Any) -> None:
    """A wrong signature, a token that nobody gave out, another carrier: all look alike."""
    before = VerificationCall.objects.values().get()
    answers = [
        post_signed(asked.answer_url, "another secret"),
        post_signed(asked.answer_url.replace(asked.answer_url.split("/")[-3], "0" * 32)),
        post_signed(asked.answer_url.replace("/plivo/", "/twilio/")),
        post_signed(asked.answer_url.replace("/plivo/", "/nobody/")),
        post_signed(asked.status_url, "another secret", Event="Hangup", CallStatus="busy"),
        Client().post(asked.answer_url.split("/", 3)[3].join(["/", ""]), FIELDS),
        post_signed(asked.answer_url, x="x" * 70_000),
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, b"Nothing is here.\n")}
    assert VerificationCall.objects.values().get() == before


def test_is_asked_by_post_only(asked: Any) -> None:
    assert Client().get("/" + asked.answer_url.split("/", 3)[3]).status_code == 405


def test_says_how_the_call_went_when_nobody_heard_it(asked: Any, alice_client: Client) -> None:
    told = {"Event": "Hangup", "CallStatus": "busy", "HangupCause": "USER_BUSY", "Duration": "0"}
    assert post_signed(asked.status_url, TOKEN, **told).status_code == 204
    assert VerificationCall.objects.get().ended_as == "busy"
    assert "The line was busy. Ask for another call below." in text(alice_client.get(PAGE))


def test_takes_no_nonsense_about_the_call(asked: Any) -> None:
    assert post_signed(asked.status_url, TOKEN, CallStatus="dancing", CallUUID="").status_code == 404
    assert VerificationCall.objects.get().ended_as == ""
