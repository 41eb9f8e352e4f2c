"""An engine's news of a call …"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import OperationalError

from dialnexa import wallet
from dialnexa.models import Workspace
from telephony.models import Call, CarrierWebhook
from tests.numbers.sip.conftest import Engine

pytestmark = pytest.mark.django_db


def test_ends_the_call_and_takes_the_flat_rate(
    engine: Engine, the_call: Callable[[], Call], workspace: Workspace, rate: None
) -> None:
    before = wallet.balance(workspace)
    engine.ask()
    assert engine.tell("answered").status_code == 204
    assert engine.tell("completed", seconds="61", cause="BYE\x00").status_code == 204
    call = the_call()
    assert (call.status, call.duration, call.charged) == ("completed", 61, Decimal("0.70"))
    assert (before - wallet.balance(workspace), call.cause) == (Decimal("0.70"), "BYE")


def test_counts_once(engine: Engine, the_call: Callable[[], Call], workspace: Workspace, rate: None) -> None:
    engine.ask()
    for seconds in ("61", "61", "6100"):
        assert engine.tell("completed", seconds=seconds).status_code == 204
    assert the_call().charged == Decimal("0.70")
    engine.ask()
    assert (Call.objects.count(), CarrierWebhook.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    ("state", "status"),
    [("busy", "failed"), ("no_answer", "failed"), ("failed", "failed"), ("cancelled", "cancelled")],
)
def test_costs_nothing_where_the_agent_did_not_answer(
    engine: Engine, the_call: Callable[[], Call], rate: None, state: str, status: str
) -> None:
    engine.ask()
    engine.tell(state, cause="486 Busy Here")
    assert (the_call().status, the_call().charged, the_call().cause) == (status, Decimal(0), "486 Busy Here")


def test_makes_the_row_when_the_question_was_not_noted(
    engine: Engine, the_call: Callable[[], Call], rate: None
) -> None:
    engine.tell("completed", seconds="5")
    assert (the_call().status, the_call().charged) == ("completed", Decimal("0.35"))


def test_is_kept_about_a_number_that_nobody_has(engine: Engine) -> None:
    assert engine.with_(called="+12125550000").tell("failed").status_code == 204
    assert CarrierWebhook.objects.get().problem == "Nobody here has this number."


def test_says_nothing_about_a_call_of_another_engine(engine: Engine, the_call: Callable[[], Call]) -> None:
    engine.ask()
    engine.with_(secret=engine.secret[::-1]).tell("completed", seconds="5")
    assert Call.objects.filter(status="received").count() == 1
    assert Call.objects.filter(status="completed").count() == 1


@pytest.mark.parametrize(
    "said", [{"state": "gone"}, {"state": "completed"}, {"seconds": "-1"}, {"seconds": "1.5"}]
)
def test_is_refused_when_it_can_not_be(
    engine: Engine, the_call: Callable[[], Call], said: dict[str, str]
) -> None:
    engine.ask()
    assert engine.tell(**{"state": "answered"} | said).status_code == 400
    assert the_call().status == "received"


def test_wants_the_secret(engine: Engine, the_call: Callable[[], Call]) -> None:
    engine.ask()
    assert engine.with_(secret="guess").tell("failed").status_code == 401
    assert the_call().status == "received"


def test_is_not_confirmed_while_postgres_is_away(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr("phone_numbers.inbound.lookup.resolve_route", away)
    assert engine.tell("failed").status_code == 503
