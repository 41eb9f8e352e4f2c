"""Our accounts with the carriers …"""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from dialnexa.models import User
from telephony import carrier_accounts
from telephony.carrier_accounts import ask_carriers, refuse_wrong_accounts, unused_variables
from telephony.carriers.sandbox.faults import Fault
from telephony.checks import warn_of_none, warn_of_unused
from tests.conftest import accounts_at, client_of
from tests.processes import clean_env, run

PAGE = "/admin/carriers/"


@pytest.fixture
def accounts(sandbox: Any, settings: LazySettings) -> dict[str, dict[str, Any]]:
    """Every carrier's, accepted by the sandbox."""
    settings.CARRIERS = accounts_at(sandbox.url)
    return settings.CARRIERS


def test_are_refused_together_when_several_cannot_be_right(
    accounts: dict[str, dict[str, Any]],
) -> None:
    refuse_wrong_accounts()
    accounts["plivo"]["auth_id"] = accounts["signalwire"]["api_token"] = ""
    with pytest.raises(ImproperlyConfigured) as caught:
        refuse_wrong_accounts()
    for name in ("DIALNEXA_PLIVO_AUTH_ID is not set.", "DIALNEXA_SIGNALWIRE_API_TOKEN is not set."):
        assert name in str(caught.value)


def test_are_accepted_with_the_credit_the_carrier_shows(accounts: Any) -> None:
    asked = {account.slug: account for account in ask_carriers()}
    assert all(account.accepted for account in asked.values())
    credit = {slug: account.credit and str(account.credit.amount) for slug, account in asked.items()}
    assert credit == {"plivo": "1000.00000", "twilio": "1000.00", "signalwire": None}
    assert asked["twilio"].name == "AC77…77"


@pytest.mark.parametrize(
    ("slug", "option", "names"),
    [
        ("plivo", "auth_token", "DIALNEXA_PLIVO_AUTH_ID and DIALNEXA_PLIVO_AUTH_TOKEN"),
        ("twilio", "auth_token", "DIALNEXA_TWILIO_ACCOUNT_SID and DIALNEXA_TWILIO_AUTH_TOKEN"),
        ("signalwire", "api_token", "DIALNEXA_SIGNALWIRE_PROJECT_ID and DIALNEXA_SIGNALWIRE_API_TOKEN"),
    ],
)
def test_say_which_variables_to_look_at_when_refused(
    accounts: dict[str, dict[str, Any]], slug: str, option: str, names: str
) -> None:
    accounts[slug][option] = "another-token"
    asked = {account.slug: account for account in ask_carriers()}
    assert {slug for slug, account in asked.items() if account.accepted} == set(accounts) - {slug}
    assert asked[slug].accepted is False
    assert f"Check {names}." in asked[slug].says
    assert "another-token" not in repr(asked)


def test_are_not_known_while_a_carrier_is_silent(
    accounts: dict[str, dict[str, Any]], sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrier_accounts, "PATIENCE", 0.4)
    accounts["plivo"]["base_url"] = "http://127.0.0.1:9"
    with sandbox.state.locked() as contents:
        contents.plan.force("account", Fault.of("silent", 30))
    began = time.monotonic()
    asked = {account.slug: account for account in ask_carriers()}
    assert time.monotonic() - began < 2
    assert asked["plivo"].accepted is None
    assert "did not answer" in asked["plivo"].says
    assert asked["signalwire"].accepted


def test_are_none_without_configuration(settings: LazySettings) -> None:
    settings.CARRIERS = {}
    assert ask_carriers() == []
    assert [warning.id for warning in warn_of_none()] == ["telephony.W002"]


def test_are_missed_where_only_the_token_is_set(
    settings: LazySettings, accounts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIALNEXA_TWILIO_AUTH_TOKEN", "secret-words")
    assert unused_variables() == {}
    settings.CARRIERS = {"plivo": accounts["plivo"]}
    [warning] = warn_of_unused()
    assert warning.msg == (
        "DIALNEXA_TWILIO_AUTH_TOKEN is set, but DIALNEXA_TWILIO_ACCOUNT_SID is not: Twilio is not used."
    )
    assert warn_of_none() == []


# --- commands and pages


def test_end_a_command_with_a_sentence_when_they_cannot_be_right() -> None:
    ended = run("manage.py", "check", env=clean_env(DIALNEXA_TWILIO_ACCOUNT_SID="AC1", **NOWHERE))
    assert ended.returncode == 1
    assert ended.stderr.startswith("Not started: DIALNEXA_TWILIO_ACCOUNT_SID is not AC and 32 hexa")
    assert "Traceback" not in ended.stderr


def test_do_not_keep_a_command_from_starting_when_no_carrier_answers() -> None:
    given = {"DIALNEXA_PLIVO_AUTH_ID": "MAXXXXXXXXXXXXXXXXXX", "DIALNEXA_PLIVO_AUTH_TOKEN": "t"}
    env = clean_env(**given, DIALNEXA_PLIVO_BASE_URL="http://127.0.0.1:9", **NOWHERE)
    ended = run("manage.py", "check", env=env)
    assert ended.returncode == 0, ended.stderr


NOWHERE = {
    "DIALNEXA_DEBUG": "1",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:9/none",
    "REDIS_URL": "redis://127.0.0.1:9",
}


def test_are_shown_to_support(staff_client: Client, accounts: dict[str, dict[str, Any]]) -> None:
    accounts["twilio"]["auth_token"] = "another-token"
    page = staff_client.get(PAGE).content.decode()
    for words in ("Plivo", "Twilio", "SignalWire", "Accepted", "Refused", "$1,000.00", "AC77…77"):
        assert words in page
    assert "Check DIALNEXA_TWILIO_ACCOUNT_SID and DIALNEXA_TWILIO_AUTH_TOKEN." in page
    assert "another-token" not in page
    assert accounts["twilio"]["account_sid"] not in page
    assert f'href="{PAGE}"' in staff_client.get("/admin/").content.decode()


def test_are_shown_to_nobody_else(client: Client, alice_client: Client, accounts: Any) -> None:
    assert client.get(PAGE).status_code == 302
    assert alice_client.get(PAGE).status_code in (302, 403)


def test_are_shown_to_those_who_may_see_what_was_said_to_carriers(db: None, accounts: Any) -> None:
    nosy = User.objects.create_user("nosy@example.com", "correct horse battery", is_staff=True)
    client = client_of(nosy)
    assert client.get(PAGE).status_code == 403
    assert PAGE not in client.get("/admin/").content.decode()
