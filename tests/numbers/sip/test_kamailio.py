"""A real call through Kamailio, with the configuration that ships in ``deploy/kamailio`` …"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, transaction

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.keeper import free_port
from dialnexa.models import Workspace
from phone_numbers.calls.dialling import advance_call
from phone_numbers.calls.silence import SILENCE
from phone_numbers.models import PhoneNumber
from telephony.models import AgentVersion, Call
from tests.numbers.inbound.conftest import forced
from tests.numbers.rows import make_rental
from tests.numbers.sip.conftest import SECRET
from tests.numbers.sip.scenes import Server, agent, kamailio
from tests.numbers.sip.scripts import RINGING
from tests.processes import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sip, pytest.mark.processes]
QUICKLY = 4.0  # seconds
PATIENT = "LOOKUP_SECONDS=10"  # the first request to a server takes long on a busy machine


@pytest.fixture
def server(live_server: Any, tmp_path: Path) -> Iterator[Server]:
    with kamailio(tmp_path, f"{live_server.url}/carrier/sip", SECRET, "ALLOW_PRIVATE", PATIENT) as running:
        yield running


def runs_at(port: int) -> None:
    """The agent runs on this machine, which no customer could have it do."""
    with transaction.atomic(), forced():
        AgentVersion.objects.update(runtime_url=f"sip:desk@127.0.0.1:{port}")


def test_reaches_the_agent_and_is_charged_for_what_was_spoken(
    server: Server,
    number: PhoneNumber,
    workspace: Workspace,
    the_call: Callable[[], Call],
    rate: None,
    tmp_path: Path,
) -> None:
    before = wallet.balance(workspace)
    with agent(tmp_path) as port:
        runs_at(port)
        assert server.call(number.e164) == ""
        assert wait_for(lambda: the_call().status == "completed", 10), the_call().status
    call = the_call()
    assert call.duration in (1, 2)
    assert (call.charged, before - wallet.balance(workspace)) == (Decimal("0.35"), Decimal("0.35"))
    assert (call.from_text, call.cause) == ("+919820012345", "BYE")
    assert [webhook.kind for webhook in call.webhooks.order_by("id")] == ["answer", "status", "status"]


def test_turns_away_a_number_that_nobody_has(server: Server, number: PhoneNumber) -> None:
    assert server.is_refused("+12125550000", 404) == ""
    assert Call.objects.count() == 0


def test_turns_away_a_number_whose_rent_is_overdue(
    server: Server, number: PhoneNumber, the_call: Callable[[], Call], now: datetime
) -> None:
    make_rental(number, now - timedelta(days=1)).transition("expire", by=SYSTEM, now=now, expired_at=now)
    assert server.is_refused(number.e164, 480) == ""
    assert the_call().reason_code == "rental_expired"


def test_says_busy_when_the_agent_is(
    server: Server, number: PhoneNumber, the_call: Callable[[], Call], rate: None, tmp_path: Path
) -> None:
    with agent(tmp_path, status="486 Busy Here") as port:
        runs_at(port)
        assert server.is_refused(number.e164, 486) == ""
    assert wait_for(lambda: the_call().status == "failed", 10)
    assert (the_call().charged, the_call().cause) == (Decimal(0), "486")


def test_follows_no_agent_that_sends_elsewhere(
    server: Server, number: PhoneNumber, the_call: Callable[[], Call], tmp_path: Path
) -> None:
    with agent(tmp_path, status="302 Moved Temporarily\nContact: <sip:x@127.0.0.1:9>") as port:
        runs_at(port)
        assert server.is_refused(number.e164, 480) == ""
    assert wait_for(lambda: the_call().status == "failed", 10)


@pytest.mark.parametrize(
    "challenge",
    ['401 Unauthorized\nWWW-Authenticate: Digest realm="x", nonce="y"']
    + ['407 Proxy Authentication Required\nProxy-Authenticate: Digest realm="x", nonce="y"'],
)
def test_takes_no_agent_that_asks_for_a_password(
    server: Server,
    number: PhoneNumber,
    the_call: Callable[[], Call],
    rate: None,
    tmp_path: Path,
    challenge: str,
) -> None:
    with agent(tmp_path, status=challenge) as port:
        runs_at(port)
        assert server.is_refused(number.e164, 480) == ""
    assert wait_for(lambda: the_call().status == "failed", 10)
    assert (the_call().charged, the_call().cause) == (Decimal(0), challenge[:3])


def test_costs_what_was_told_when_kamailio_dies_in_the_call(
    live_server: Any,
    number: PhoneNumber,
    the_call: Callable[[], Call],
    rate: None,
    tmp_path: Path,
) -> None:
    url = f"{live_server.url}/carrier/sip"
    with (
        agent(tmp_path) as port,
        kamailio(tmp_path, url, SECRET, "ALLOW_PRIVATE", PATIENT, "ALIVE_SECONDS=1") as server,
    ):
        runs_at(port)
        calling = threading.Thread(target=server.call, args=(number.e164,), kwargs={"speaks": 60_000})
        calling.start()
        assert wait_for(lambda: Call.objects.filter(number=number, heard_seconds__gte=2).exists(), 20)
        server.kill()
        calling.join()
    call = the_call()
    assert call.heard_at
    silent = call.heard_at + SILENCE
    Call.objects.update(next_run_at=silent)
    advance_call(call.pk, tell=lambda: silent)
    assert (the_call().status, the_call().charged) == ("completed", Decimal("0.35"))
    assert the_call().duration == call.heard_seconds


def test_is_cancelled_when_the_caller_gives_up(
    server: Server, number: PhoneNumber, the_call: Callable[[], Call], rate: None, tmp_path: Path
) -> None:
    with agent(tmp_path, RINGING) as port:
        runs_at(port)
        assert server.is_cancelled(number.e164) == ""
    assert wait_for(lambda: the_call().status == "cancelled", 10), the_call().status
    assert the_call().charged == 0


@pytest.mark.parametrize(("method", "tag", "code"), [("REGISTER", "", 405), ("BYE", ";tag=x", 481)])
def test_is_the_only_thing_that_is_relayed(tmp_path: Path, method: str, tag: str, code: int) -> None:
    with kamailio(tmp_path, "http://127.0.0.1:9", SECRET, "ALLOW_PRIVATE") as server:
        assert server.answers(method, code, tag=tag) == ""


def test_is_charged_although_nobody_heard_of_its_end_at_first(
    server: Server,
    number: PhoneNumber,
    the_call: Callable[[], Call],
    rate: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused: list[str] = []

    def away(*_: object) -> None:
        refused.append("away")
        raise OperationalError("the server closed the connection unexpectedly")

    with agent(tmp_path) as port, monkeypatch.context() as broken:
        runs_at(port)
        broken.setattr("phone_numbers.inbound.lookup.resolve_route", away)
        assert server.call(number.e164) == ""
        assert wait_for(lambda: len(refused) > 2, 10)
        assert the_call().status == "received"
    assert wait_for(lambda: the_call().status == "completed", 10)
    assert the_call().charged == Decimal("0.35")


def test_is_sent_to_no_private_address(
    live_server: Any, number: PhoneNumber, the_call: Callable[[], Call], tmp_path: Path
) -> None:
    with (
        agent(tmp_path) as port,
        kamailio(tmp_path, f"{live_server.url}/carrier/sip", SECRET, PATIENT) as server,
    ):
        runs_at(port)
        assert server.is_refused(number.e164, 480) == ""
        assert wait_for(lambda: the_call().cause == "unreachable", 10)
    assert "which is a private address" in (tmp_path / "kamailio.log").read_text()


def test_is_not_taken_with_a_wrong_secret(live_server: Any, number: PhoneNumber, tmp_path: Path) -> None:
    with kamailio(tmp_path, f"{live_server.url}/carrier/sip", "guess" * 9, PATIENT) as server:
        assert server.is_refused(number.e164, 503) == ""
    assert Call.objects.count() == 0


def test_is_told_quickly_that_nobody_can_decide(number: PhoneNumber, tmp_path: Path) -> None:
    """Neither a server that is gone nor one that hangs keeps the caller waiting."""
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        for port in (free_port(), hanging.getsockname()[1]):
            with kamailio(tmp_path, f"http://127.0.0.1:{port}", SECRET) as server:
                began = time.monotonic()
                assert server.is_refused(number.e164, 503) == ""
                assert time.monotonic() - began < QUICKLY
