"""Placing an order …"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from dialnexa import wallet
from dialnexa.actors import Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, LedgerEntry, User, Workspace
from kyc.models import KycCase
from phone_numbers.buying import purchasing
from phone_numbers.buying.purchasing import place_order
from phone_numbers.buying.quoting import quote_offer, read_offer, sign_offer
from phone_numbers.models import NumberOrder, PhoneNumber
from telephony.carriers.base import Money, NumberType, Offer
from telephony.models import NetworkGroup, RentalRate, WorkspaceNetworkGroup

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue", "sandbox")]


def offer_of(e164: str = "+12125550123", country: str = "US", **changes: Any) -> Offer:
    return Offer(
        **{
            "e164": e164,
            "country": country,
            "type": NumberType.LOCAL,
            "region": "New York",
            "capabilities": ("voice", "sms"),
            "setup_cost": Money(Decimal(0), "USD"),
            "monthly_cost": Money(Decimal("0.80"), "USD"),
            **changes,
        }
    )


@pytest.fixture
def by(alice: User) -> Actor:
    return Actor(Channel.BROWSER, "Alice", alice, "req_test0001")


@pytest.fixture
def place(workspace: Workspace, by: Actor, now: datetime) -> Callable[..., NumberOrder]:
    def place(offer: Offer | None = None, **changes: Any) -> NumberOrder:
        arguments: dict[str, Any] = {
            "carrier": "plivo",
            "idempotency_key": "key-1",
            "expected_total": None,
            "by": by,
            "now": now,
            **changes,
        }
        return place_order(arguments.pop("workspace", workspace), offer or offer_of(), **arguments)

    return place


def nothing_changed(workspace: Workspace, balance: Decimal) -> bool:
    return (
        not NumberOrder.objects.exists()
        and not PhoneNumber.objects.exists()
        and not LedgerEntry.objects.filter(kind="hold").exists()
        and wallet.balance(workspace) == balance
    )


@pytest.fixture
def balance(workspace: Workspace) -> Decimal:
    return wallet.balance(workspace)


def test_makes_a_pending_number_and_holds_the_price(
    place: Callable[..., NumberOrder], workspace: Workspace, balance: Decimal, by: Actor, now: datetime
) -> None:
    order = place(nickname="  Front desk ")
    number = order.number
    rate = RentalRate.objects.get(carrier="plivo", country="US", type="local")
    assert (order.status, number.status) == ("placed", "pending")
    assert (order.setup_price, order.monthly_price, order.currency) == (rate.setup, rate.monthly, "INR")
    assert (number.e164, number.country, number.calling_code, number.national_number) == (
        "+12125550123",
        "US",
        "1",
        "2125550123",
    )
    assert (number.nickname, number.carrier, number.capabilities) == ("Front desk", "plivo", ["voice", "sms"])
    assert wallet.balance(workspace) == balance - order.total
    assert wallet.held(workspace) == order.total
    entry = AuditEntry.objects.get(subject_id=order.id)
    assert (entry.event, entry.channel, entry.actor, entry.request_id) == (
        "place",
        "browser",
        by.user,
        "req_test0001",
    )


def test_gives_the_same_order_for_the_same_key(
    place: Callable[..., NumberOrder], workspace: Workspace
) -> None:
    first, second = place(), place()
    assert first == second
    assert wallet.held(workspace) == first.total


def test_takes_as_many_an_hour_as_the_workspace_may_order(
    place: Callable[..., NumberOrder], workspace: Workspace, settings: LazySettings
) -> None:
    settings.PURCHASES_AN_HOUR = 1
    place()
    with pytest.raises(Refusal) as refused:
        place(offer_of("+12125550124"), idempotency_key="key-2")
    assert (refused.value.code, refused.value.status) == ("purchase_rate_reached", 429)
    assert 1 <= refused.value.details["retry_after"] <= 3600
    assert place().e164 == "+12125550123"  # the same order again is none more


def test_says_when_the_next_one_may_be_ordered(
    place: Callable[..., NumberOrder], settings: LazySettings, now: datetime
) -> None:
    settings.PURCHASES_AN_HOUR = 2
    place()
    place(offer_of("+12125550124"), idempotency_key="key-2", now=now + timedelta(minutes=10))
    third = {"offer": offer_of("+12125550125"), "idempotency_key": "key-3"}
    with pytest.raises(Refusal) as refused:
        place(**third, now=now + timedelta(minutes=20))
    assert refused.value.details["retry_after"] == 2400
    assert place(**third, now=now + timedelta(hours=1)).status == "placed"


@pytest.mark.django_db(transaction=True)
def test_lets_a_race_order_as_many_an_hour_and_not_once_more(
    place: Callable[..., NumberOrder], settings: LazySettings
) -> None:
    settings.PURCHASES_AN_HOUR = 2
    ended = race(
        [lambda n=n: place(offer_of(f"+1212555013{n}"), idempotency_key=f"key-{n}") for n in range(4)]  # type: ignore[misc]
    )
    assert sorted(getattr(end, "code", "") for end in ended) == ["", "", *["purchase_rate_reached"] * 2]
    assert NumberOrder.objects.count() == 2


def test_takes_orders_while_redis_is_away(place: Callable[..., NumberOrder], settings: LazySettings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert place().status == "placed"


def test_refuses_a_key_that_ordered_another_number(place: Callable[..., NumberOrder]) -> None:
    place()
    with pytest.raises(Refusal) as refused:
        place(offer_of("+12125550124"))
    assert (refused.value.code, refused.value.status) == ("idempotency_key_reused", 422)
    assert NumberOrder.objects.count() == 1


def test_refuses_a_number_that_is_none(
    place: Callable[..., NumberOrder], workspace: Workspace, balance: Decimal
) -> None:
    for nonsense in ("", "+", "12", "+1212555012345678", "+0000000000", "call me", "+1212\x005550123"):
        with pytest.raises(Refusal) as refused:
            place(offer_of(nonsense))
        assert (refused.value.code, refused.value.status) == ("number_invalid", 400)
    assert nothing_changed(workspace, balance)


def test_refuses_a_country_that_is_switched_off(
    place: Callable[..., NumberOrder], workspace: Workspace, balance: Decimal
) -> None:
    WorkspaceNetworkGroup.objects.filter(network_group__country="US").update(enabled=False)
    with pytest.raises(Refusal) as refused:
        place()
    assert (refused.value.code, refused.value.status, refused.value.fix) == (
        "country_not_enabled",
        400,
        "telephony",
    )
    assert "Telephony Config" in refused.value.sentence
    assert nothing_changed(workspace, balance)


def test_needs_one_group_of_the_country_switched_on(place: Callable[..., NumberOrder]) -> None:
    NetworkGroup.objects.create(carrier="plivo", country_id="US", name="Alaska")
    assert place().status == "placed"


def test_refuses_an_unverified_workspace_where_papers_are_needed(
    place: Callable[..., NumberOrder], workspace: Workspace, balance: Decimal
) -> None:
    KycCase.objects.filter(workspace=workspace).delete()
    with pytest.raises(Refusal) as refused:
        place(offer_of("+442071838750", "GB"))
    assert (refused.value.code, refused.value.status, refused.value.fix) == ("kyc_required", 403, "kyc")
    assert nothing_changed(workspace, balance)


def test_refuses_what_has_no_price(
    place: Callable[..., NumberOrder], workspace: Workspace, balance: Decimal
) -> None:
    RentalRate.objects.filter(country="US").delete()
    with pytest.raises(Refusal, match="price_unknown"):
        place()
    assert nothing_changed(workspace, balance)


def test_refuses_a_wallet_that_is_short(
    place: Callable[..., NumberOrder], charlie_workspace: Workspace, now: datetime
) -> None:
    empty = wallet.balance(charlie_workspace)
    wallet.hold(
        charlie_workspace, empty, subject="ord_x", memo="All of it", by=Actor(Channel.SYSTEM, "t"), now=now
    )
    with pytest.raises(Refusal) as refused:
        place(workspace=charlie_workspace)
    assert (refused.value.code, refused.value.status, refused.value.fix) == (
        "wallet_insufficient",
        402,
        "wallet",
    )
    assert not NumberOrder.objects.exists()
    assert not PhoneNumber.objects.exists()


def test_tells_every_gate_in_order(workspace: Workspace, now: datetime) -> None:
    WorkspaceNetworkGroup.objects.all().delete()
    KycCase.objects.all().delete()
    RentalRate.objects.all().delete()
    quote = quote_offer(workspace, offer_of("+442071838750", "GB"), carrier="plivo", now=now)
    assert [check.code for check in quote.checks] == [
        "country_not_enabled",
        "kyc_required",
        "price_unknown",
        "wallet_insufficient",
    ]
    assert [check.code for check in quote.blockers] == [
        "country_not_enabled",
        "kyc_required",
        "price_unknown",
    ]
    assert quote.total is None


def test_refuses_a_price_that_is_not_the_one_shown(
    place: Callable[..., NumberOrder], workspace: Workspace, balance: Decimal
) -> None:
    with pytest.raises(Refusal) as refused:
        place(expected_total=Decimal("1.00"))
    assert (refused.value.code, refused.value.status) == ("price_changed", 409)
    assert nothing_changed(workspace, balance)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"nickname": "x" * 256}, "nickname_too_long"),
        ({"nickname": "x" * 10_240}, "nickname_too_long"),
        ({"nickname": "a\x00b"}, "nickname_invalid"),
        ({"idempotency_key": ""}, "idempotency_key_invalid"),
        ({"idempotency_key": "k" * 121}, "idempotency_key_invalid"),
        ({"carrier": "nobody"}, "carrier_unknown"),
    ],
)
def test_refuses_bad_input(
    place: Callable[..., NumberOrder],
    workspace: Workspace,
    balance: Decimal,
    changes: dict[str, Any],
    code: str,
) -> None:
    with pytest.raises(Refusal) as refused:
        place(**changes)
    assert refused.value.code == code
    assert nothing_changed(workspace, balance)


def test_refuses_a_number_another_workspace_has(
    place: Callable[..., NumberOrder], charlie_workspace: Workspace
) -> None:
    place()
    before = wallet.balance(charlie_workspace)
    with pytest.raises(Refusal) as refused:
        place(workspace=charlie_workspace, idempotency_key="key-2")
    assert (refused.value.code, refused.value.status) == ("number_taken", 409)
    assert wallet.balance(charlie_workspace) == before
    assert NumberOrder.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("pending", "You are buying +12125550123 already. Nothing more was charged."),
        ("active", "You already have +12125550123. Nothing more was charged."),
        (
            "releasing",
            "You are giving +12125550123 back. It can be bought again when the carrier has taken it.",
        ),
    ],
)
def test_says_of_the_buyers_own_number_that_it_is_theirs(
    place: Callable[..., NumberOrder],
    workspace: Workspace,
    charlie_workspace: Workspace,
    status: str,
    sentence: str,
) -> None:
    number = place().number
    for step in {"pending": [], "active": ["active"], "releasing": ["active", "releasing"]}[status]:
        PhoneNumber.objects.filter(pk=number.pk).update(status=step)
    before = wallet.balance(workspace)
    with pytest.raises(Refusal) as own:
        place(idempotency_key="another tab")
    assert (own.value.code, own.value.status, own.value.sentence) == ("number_taken", 409, sentence)
    assert own.value.details == {"number_id": number.pk}
    assert wallet.balance(workspace) == before
    with pytest.raises(Refusal) as strangers:
        place(workspace=charlie_workspace, idempotency_key="a stranger")
    assert strangers.value.sentence.startswith("+12125550123 was taken a moment ago.")
    assert strangers.value.details == {}


def test_says_so_before_it_speaks_of_money(place: Callable[..., NumberOrder], workspace: Workspace) -> None:
    number = place(offer_of("+12125550124")).number
    RentalRate.objects.update(monthly=Decimal(100_000))
    with pytest.raises(Refusal) as refused:
        place(offer_of("+12125550124"), idempotency_key="another tab")
    assert refused.value.details == {"number_id": number.pk}
    with pytest.raises(Refusal, match="wallet_insufficient"):
        place(idempotency_key="another number")


@pytest.mark.django_db(transaction=True)
def test_lets_one_of_two_racing_workspaces_win(
    place: Callable[..., NumberOrder], workspace: Workspace, charlie_workspace: Workspace
) -> None:
    before = {w: wallet.balance(w) for w in (workspace, charlie_workspace)}
    ended = race(
        [
            lambda w=w, n=n: place(workspace=w, idempotency_key=f"key-{w.slug}-{n}")  # type: ignore[misc]
            for n in range(4)
            for w in (workspace, charlie_workspace)
        ]
    )
    assert sorted(type(end).__name__ for end in ended) == ["NumberOrder"] + ["Refusal"] * 7
    assert {end.code for end in ended if isinstance(end, Refusal)} == {"number_taken"}
    order = NumberOrder.objects.get()
    loser = charlie_workspace if order.workspace == workspace else workspace
    assert wallet.balance(loser) == before[loser]
    assert wallet.held(loser) == 0
    assert wallet.held(order.workspace) == order.total


@pytest.mark.django_db(transaction=True)
def test_makes_one_order_of_a_double_click(place: Callable[..., NumberOrder], workspace: Workspace) -> None:
    ended = race([lambda: place(idempotency_key="click") for _ in range(8)])
    assert {end.pk for end in ended if isinstance(end, NumberOrder)} == {NumberOrder.objects.get().pk}
    assert not [end for end in ended if isinstance(end, Exception)]
    assert wallet.held(workspace) == NumberOrder.objects.get().total


@pytest.mark.django_db(transaction=True)
def test_answers_a_second_press_from_the_first_however_long_that_takes(
    place: Callable[..., NumberOrder], settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would refuse the second alone comes after the first began and before it got through."""
    written, go_on, plain = threading.Event(), threading.Event(), purchasing._write_order

    def write_slowly(*arguments: Any) -> NumberOrder:
        order = plain(*arguments)
        written.set()
        assert go_on.wait(20)
        return order

    monkeypatch.setattr(purchasing, "_write_order", write_slowly)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(then_close, place)
        assert written.wait(20)
        settings.PURCHASES_AN_HOUR = 0
        RentalRate.objects.update(monthly=Decimal(100_000))
        second = pool.submit(then_close, place)
        while not waiting_for_a_lock():
            assert not second.done()
        go_on.set()
        assert first.result() == second.result()
    assert NumberOrder.objects.count() == 1


def then_close(work: Callable[[], NumberOrder]) -> NumberOrder:
    try:
        return work()
    finally:
        connection.close()


def waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
        return bool(cursor.fetchone()[0])


def race(calls: list[Callable[[], Any]]) -> list[Any]:
    """Start all calls at once, each in a thread with its own connection; their results or refusals."""
    barrier, ended = threading.Barrier(len(calls)), []

    def run(call: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            ended.append(call())
        except Refusal as refusal:
            ended.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


def test_reads_back_the_offer_it_signed() -> None:
    offer = offer_of(requirements=("An address",))
    assert read_offer(sign_offer(offer, "plivo")) == ("plivo", offer)


def test_refuses_an_offer_somebody_edited() -> None:
    token = sign_offer(offer_of(), "plivo")
    for edited in (
        token[:-1],
        "x" + token,
        "",
        "nonsense",
        sign_offer(offer_of(), "plivo").replace(":", ";"),
    ):
        with pytest.raises(Refusal, match="offer_invalid"):
            read_offer(edited)


def test_refuses_an_offer_that_is_too_old(settings: Any) -> None:
    token = sign_offer(offer_of(), "plivo")
    settings.OFFER_VALID = -1
    with pytest.raises(Refusal, match="offer_expired"):
        read_offer(token)


def test_keeps_the_offers_costs_exact() -> None:
    dear = replace(offer_of(), monthly_cost=Money(Decimal("0.800001"), "USD"))
    assert read_offer(sign_offer(dear, "plivo"))[1].monthly_cost.amount == Decimal("0.800001")
