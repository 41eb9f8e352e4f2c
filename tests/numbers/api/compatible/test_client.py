"""A client written for SignalWire's number API (our own carrier adapter), with our host name …"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.conf import LazySettings

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.ids import uuid_of
from dialnexa.models import Workspace
from phone_numbers.models import NumberOrder, PhoneNumber, Rental
from telephony.carriers import signalwire
from telephony.carriers.base import (
    AuthFailed,
    BadRequest,
    BuyStatus,
    Exchange,
    InboundRoute,
    InsufficientCredit,
    NotFound,
    NotPermitted,
    NumberConfig,
    NumberQuery,
    NumberType,
    NumberUnavailable,
    Outcome,
    RateLimited,
    ServerError,
)
from telephony.carriers.http import Timeouts, _shared_client
from telephony.carriers.signalwire import SignalWireCarrier
from tests.conftest import Program, make_program
from tests.numbers.api.conftest import spent
from tests.numbers.conftest import Carrier
from tests.numbers.rows import make_number, make_rental
from tests.telephony.carriers.contracts import needs

from .relay import check

MORE: dict[str, Any] = {"signing_key": "unused", "local_rate": "0.50", "toll_free_rate": "0.80"}
CALIFORNIA = NumberQuery("US", NumberType.LOCAL, region="California")
RENT = Decimal(92)
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def heard() -> list[Exchange]:
    """Every request and answer."""
    return []


@pytest.fixture
def host(live_server: Any, sandbox: Any) -> Iterator[str]:
    """Our server, which buys at the sandbox."""
    yield str(live_server.url)
    _shared_client().close()  # the server's threads end with their connections, and leave the database
    _shared_client.cache_clear()


@pytest.fixture
def client(host: str, program: Program, heard: list[Exchange]) -> SignalWireCarrier:
    return connect(host, program, heard)


def connect(host: str, program: Program, heard: list[Exchange] | None = None) -> SignalWireCarrier:
    project = str(uuid_of(program.key.workspace_id))
    recorder = None if heard is None else heard.append
    patience = Timeouts(deadline=20.0)
    return SignalWireCarrier(host, project, program.secret, timeouts=patience, recorder=recorder, **MORE)


def whole_life(client: SignalWireCarrier) -> Iterator[Any]:
    """From search to release."""
    offer = client.search(CALIFORNIA, limit=5)[0]
    yield offer
    (exact,) = client.search(NumberQuery("US", exact=offer.e164), limit=5)
    yield exact
    bought = client.buy(offer.e164, intent_id="ord_1", config=NumberConfig())
    yield bought
    yield client.find_owned(offer.e164)
    yield list(client.list_owned())
    yield client.configure(bought.number_id, NumberConfig(tag="Front desk"))
    client.release(bought.number_id)
    yield client.find_owned(offer.e164)
    client.release(bought.number_id)  # gone already, which is as good
    yield client.balance()


@pytest.mark.usefixtures("worker")
def test_searches_buys_finds_renames_and_releases(
    client: SignalWireCarrier, workspace: Workspace, carrier: Carrier
) -> None:
    life = whole_life(client)
    offer, exact = next(life), next(life)
    assert (offer.country, offer.type, offer.region) == ("US", NumberType.LOCAL, "San Francisco, CA")
    assert exact == offer

    bought, number = next(life), PhoneNumber.objects.get()
    assert (bought.status, bought.number_id) == (BuyStatus.ACTIVE, str(number.uuid))
    assert (number.e164, number.status) == (offer.e164, "active")
    assert (carrier.sales(offer.e164), spent(workspace)) == (1, RENT)

    found = next(life)
    assert (found.number_id, found.e164, found.type) == (bought.number_id, offer.e164, NumberType.LOCAL)
    assert found.next_billing is not None
    assert abs(found.next_billing - Rental.objects.get().paid_through) < timedelta(seconds=0.001)
    assert next(life) == [found]

    assert next(life).tag == "Front desk"
    number.refresh_from_db()
    assert number.nickname == "Front desk"

    assert next(life) is None
    number.refresh_from_db()
    assert (number.status, Rental.objects.get().ended_at is not None) == ("releasing", True)
    assert next(life) is None


@needs("signalwire")
@pytest.mark.usefixtures("worker")
def test_says_and_hears_what_signalwire_s_document_describes(
    client: SignalWireCarrier, heard: list[Exchange], charlie_program: Program, host: str
) -> None:
    list(whole_life(client))
    for call in (
        lambda: client.buy("+12125550000", intent_id="o", config=NumberConfig()),
        lambda: client.configure(NOBODY, NumberConfig(tag="x")),
        lambda: SignalWireCarrier(host, NOBODY, "wrong", recorder=heard.append, **MORE).find_owned(
            "+12125550123"
        ),
    ):
        with pytest.raises((NumberUnavailable, NotFound, AuthFailed)):
            call()
    assert {(exchange.method, exchange.status) for exchange in heard} == {
        ("GET", 200),
        ("GET", 401),
        ("POST", 200),
        ("POST", 422),
        ("PUT", 200),
        ("PUT", 404),
        ("DELETE", 204),
        ("DELETE", 404),
    }
    for exchange in heard:
        hold(exchange)


def hold(exchange: Exchange) -> None:
    """Raises for what their document does not describe."""
    url = urlsplit(exchange.url)
    answer = SimpleNamespace(status_code=exchange.status, content=exchange.response_body.encode())
    query = dict(parse_qsl(url.query))
    credentials = {"Authorization": "Basic Og=="}
    check(exchange.method, url.path, query, exchange.request_body.encode(), credentials, answer)


def test_reads_every_page(
    client: SignalWireCarrier, workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signalwire, "PAGE", 2)
    for _ in range(5):
        make_rental(make_number(workspace), now)
    owned = [number.e164 for number in client.list_owned()]
    assert owned == list(PhoneNumber.objects.order_by("-created_at", "-pk").values_list("e164", flat=True))


def test_finds_only_the_very_number(client: SignalWireCarrier, workspace: Workspace) -> None:
    make_number(workspace, "+12125550123")
    found = client.find_owned("+12125550123")
    assert found is not None
    assert client.find_owned("+12125550") is None


# --- what it is refused -------------------------------------------------------------------------------


def test_learns_that_a_number_is_gone(
    client: SignalWireCarrier, charlie_workspace: Workspace, host: str
) -> None:
    (offer,) = client.search(CALIFORNIA, limit=1)
    make_number(charlie_workspace, offer.e164)
    with pytest.raises(NumberUnavailable):
        client.buy(offer.e164, intent_id="o", config=NumberConfig())
    assert not NumberOrder.objects.exists()


def test_learns_that_the_money_is_short(
    client: SignalWireCarrier, workspace: Workspace, now: datetime
) -> None:
    wallet.hold(workspace, Decimal(9_950), subject="x", memo="x", by=SYSTEM, now=now)
    (offer,) = client.search(CALIFORNIA, limit=1)
    with pytest.raises(InsufficientCredit):
        client.buy(offer.e164, intent_id="o", config=NumberConfig())


def test_learns_that_nobody_knows_yet(client: SignalWireCarrier, settings: LazySettings) -> None:
    """It looks then, as our own purchases do, and finds the number once it is ours."""
    settings.API_WAIT = 0.1
    (offer,) = client.search(CALIFORNIA, limit=1)
    with pytest.raises(ServerError) as failed:
        client.buy(offer.e164, intent_id="o", config=NumberConfig())
    assert (failed.value.outcome, failed.value.http_status) == (Outcome.UNKNOWN, 504)
    assert client.find_owned(offer.e164) is None
    assert NumberOrder.objects.get().status == "placed"


def test_learns_that_urls_are_not_called_here(client: SignalWireCarrier, workspace: Workspace) -> None:
    number = make_number(workspace, nickname="Front desk")
    route = client.ensure_route(InboundRoute("r", "https://v.example/answer", "https://v.example/hangup"))
    with pytest.raises(BadRequest, match="answered by agents"):
        client.configure(str(number.uuid), NumberConfig(route=route.id, tag="Changed"))
    number.refresh_from_db()
    assert number.nickname == "Front desk"


def test_learns_what_it_may_not_do(
    host: str, workspace: Workspace, now: datetime, settings: LazySettings
) -> None:
    reader = connect(host, make_program(workspace, now, "numbers:read"))
    with pytest.raises(NotPermitted):
        reader.buy("+12125550123", intent_id="o", config=NumberConfig())
    settings.API_LIMITS = settings.API_LIMITS | {"purchase": "1/minute"}
    buyer = connect(host, make_program(workspace, now, "numbers:purchase"))
    with pytest.raises(NumberUnavailable):
        buyer.buy("+12125550000", intent_id="o", config=NumberConfig())
    with pytest.raises(RateLimited):
        buyer.buy("+12125550000", intent_id="o", config=NumberConfig())


def test_learns_that_its_token_is_wrong(host: str, program: Program) -> None:
    stranger = SignalWireCarrier(host, str(uuid_of(program.key.workspace_id)), "dnx_wrong", **MORE)
    with pytest.raises(AuthFailed):
        list(stranger.list_owned())
