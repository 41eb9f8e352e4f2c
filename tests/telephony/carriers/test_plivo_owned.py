"""The Plivo adapter's dealings with numbers we own …"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from telephony.carriers.base import (
    AuthFailed,
    BuyStatus,
    CarrierError,
    InboundRoute,
    Money,
    NotFound,
    NumberConfig,
    NumberQuery,
    NumberType,
    Outcome,
    ServerError,
    TransportError,
    UnexpectedReply,
)
from telephony.carriers.plivo import PlivoCarrier

from .conftest import Sandbox
from .scripted import Scripted, response, scripted

ROUTE = InboundRoute("dialnexa-inbound", "https://voice.example/answer", "https://voice.example/hangup")
OWNED: dict[str, Any] = {
    "number": "14155550100",
    "number_type": "local",
    "monthly_rental_rate": "0.80000",
    "added_on": "2026-01-31",
    "renewal_date": "2026-02-28",
    "application": "/v1/Account/MA/Application/29986316244302815/",
    "voice_enabled": True,
}


def buy(carrier: PlivoCarrier, count: int = 1, country: str = "US") -> list[str]:
    offers = carrier.search(NumberQuery(country, NumberType.LOCAL), limit=count)
    return [carrier.buy(offer.e164, intent_id="o", config=NumberConfig()).e164 for offer in offers]


def page(*objects: Any, total: int) -> Any:
    return response(200, {"meta": {"total_count": total}, "objects": list(objects)})


def owned(number: int) -> dict[str, Any]:
    return OWNED | {"number": str(number)}


# --- find_owned


def test_finds_what_it_bought(sandbox: Sandbox, carrier: PlivoCarrier) -> None:
    sandbox.control("PUT", "clock", now="2027-01-31T10:00:00Z")
    [number] = buy(carrier, country="GB")
    found = carrier.find_owned(number)
    assert found is not None
    assert (found.e164, found.number_id, found.country) == (number, number[1:], "GB")
    assert (found.type, found.status) == (NumberType.LOCAL, BuyStatus.ACTIVE)
    assert found.acquired_at == datetime(2027, 1, 31, tzinfo=UTC)
    assert found.next_billing == datetime(2027, 2, 28, tzinfo=UTC)
    assert found.monthly_cost == Money(Decimal("0.80000"), "USD")


def test_renews_month_after_month(sandbox: Sandbox, carrier: PlivoCarrier) -> None:
    sandbox.control("PUT", "clock", now="2027-01-31T10:00:00Z")
    [number] = buy(carrier)
    sandbox.control("PUT", "clock", now="2027-02-28T10:00:00Z")
    found = carrier.find_owned(number)
    assert found is not None
    assert found.next_billing == datetime(2027, 3, 31, tzinfo=UTC)


def test_says_no_to_a_number_of_another_account(sandbox: Sandbox, carrier: PlivoCarrier) -> None:
    [number] = buy(sandbox.carrier("MAANOTHER00000000000"))
    assert carrier.find_owned(number) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"<html>the proxy knows no such page</html>"),
        (404, b""),
        (401, {"error": "not found"}),
        (403, {"error": "not found"}),
        (500, {"error": "not found"}),
        (200, {}),
        (200, {"api_id": "a", "error": "not found"}),
        (200, OWNED | {"number": "14155550199"}),
        (200, OWNED | {"number": "1415555010"}),
        (200, OWNED | {"number": None}),
        (204, b""),
        (302, b""),
    ],
)
def test_never_says_no_without_the_carriers_own_no(status: int, body: Any) -> None:
    with pytest.raises(CarrierError):
        scripted(status, body).carrier().find_owned("+14155550100")


@pytest.mark.parametrize("papers", ["submitted", "draft", "something new"])
def test_holds_a_number_back_until_its_papers_are_accepted(papers: str) -> None:
    found = scripted(200, OWNED | {"compliance_status": papers}).carrier().find_owned("+14155550100")
    assert found is not None
    assert found.status is BuyStatus.PENDING_COMPLIANCE


@pytest.mark.parametrize("papers", ["rejected", "expired", "suspended", "Rejected"])
def test_says_when_papers_were_refused(papers: str) -> None:
    found = scripted(200, OWNED | {"compliance_status": papers}).carrier().find_owned("+14155550100")
    assert found is not None
    assert found.status is BuyStatus.PAPERS_REFUSED


@pytest.mark.parametrize("papers", ["accepted", "Accepted", "", None])
def test_uses_a_number_that_needs_no_papers_any_more(papers: str | None) -> None:
    found = scripted(200, OWNED | {"compliance_status": papers}).carrier().find_owned("+14155550100")
    assert found is not None
    assert found.status is BuyStatus.ACTIVE


def test_knows_a_number_whose_details_make_no_sense() -> None:
    odd = {"monthly_rental_rate": "?", "added_on": "soon", "renewal_date": 7, "number_type": [], "alias": {}}
    found = scripted(200, OWNED | odd).carrier().find_owned("+14155550100")
    assert found is not None
    assert (found.monthly_cost, found.acquired_at, found.next_billing, found.type) == (None, None, None, None)


@pytest.mark.parametrize("uri", ["/v1/Account/MA/Application/42/", "/v1/Account/MA/Zentrunk/Trunk/42/"])
def test_reads_where_calls_go(uri: str) -> None:
    found = scripted(200, OWNED | {"application": uri}).carrier().find_owned("+14155550100")
    assert found is not None
    assert found.route == "42"


# --- list_owned


def test_lists_every_page(carrier: PlivoCarrier) -> None:
    numbers = buy(carrier, count=41)
    assert [number.e164 for number in carrier.list_owned()] == numbers


def test_lists_nothing_of_others(sandbox: Sandbox, carrier: PlivoCarrier) -> None:
    buy(sandbox.carrier("MAANOTHER00000000000"), count=2)
    assert list(carrier.list_owned()) == []


def test_lists_what_was_bought_while_it_read() -> None:
    first = [owned(14155550100 + n) for n in range(20)]
    script = Scripted([page(*first, total=21), page(owned(14155550121), owned(14155550122), total=22)])
    assert len(list(script.carrier().list_owned())) == 22


@pytest.mark.parametrize(
    "pages",
    [
        [page(*[owned(14155550100 + n) for n in range(20)], total=22), page(owned(14155550199), total=21)],
        [page(owned(14155550100), owned(14155550100), total=1)],
        [page(owned(14155550100), total=2), page(total=2)],
        [page(owned(14155550100), total=0)],
        [response(200, {"objects": []})],
        [response(200, {"meta": {"total_count": "1"}, "objects": [OWNED]})],
        [response(200, {"meta": {"total_count": 1}, "objects": ["14155550100"]})],
    ],
)
def test_never_passes_a_partial_list_for_the_whole(pages: list[Any]) -> None:
    with pytest.raises(UnexpectedReply):
        list(Scripted(pages).carrier().list_owned())


# --- configure, release, balance


def test_reads_back_what_it_configured(carrier: PlivoCarrier) -> None:
    [number] = buy(carrier)
    route = carrier.ensure_route(ROUTE)
    now = carrier.configure(number[1:], NumberConfig(route=route.id, tag="ord_1"))
    assert (now.route, now.tag) == (route.id, "ord_1")


def test_leaves_alone_what_is_not_configured(carrier: PlivoCarrier) -> None:
    [number] = buy(carrier)
    route = carrier.ensure_route(ROUTE)
    carrier.configure(number[1:], NumberConfig(route=route.id))
    assert carrier.configure(number[1:], NumberConfig(tag="t")).route == route.id


def test_refuses_a_route_that_does_not_exist(carrier: PlivoCarrier) -> None:
    [number] = buy(carrier)
    with pytest.raises(CarrierError, match="app_id"):
        carrier.configure(number[1:], NumberConfig(route="12345"))


def test_does_not_know_a_number_it_cannot_configure(carrier: PlivoCarrier) -> None:
    with pytest.raises(NotFound) as caught:
        carrier.configure("14155550100", NumberConfig(tag="t"))
    assert caught.value.outcome is Outcome.NOT_DONE


def test_does_not_deny_a_change_whose_reading_back_failed() -> None:
    changed = response(202, {"message": "changed"})
    for after in (
        response(401, b""),
        response(429, b"", retry_after="60"),
        response(404, {"error": "not found"}),
    ):
        with pytest.raises(CarrierError) as caught:
            Scripted([changed, after]).carrier().configure("14155550100", NumberConfig(tag="t"))
        assert caught.value.outcome is Outcome.UNKNOWN


def test_releases_a_number(sandbox: Sandbox, carrier: PlivoCarrier) -> None:
    [number] = buy(carrier)
    carrier.release(number[1:])
    assert carrier.find_owned(number) is None
    assert carrier.search(NumberQuery("US", exact=number), limit=1)


def test_counts_a_number_that_is_gone_as_released(carrier: PlivoCarrier) -> None:
    [number] = buy(carrier)
    carrier.release(number[1:])
    carrier.release(number[1:])


@pytest.mark.parametrize(
    ("kind", "error", "released"),
    [
        ("sold_then_silent", TransportError, True),
        ("error_after", ServerError, True),
        ("error_before", ServerError, False),
        ("reset_before", TransportError, False),
    ],
)
def test_doubts_a_release_without_an_answer(
    sandbox: Sandbox, carrier: PlivoCarrier, kind: str, error: type[CarrierError], released: bool
) -> None:
    [number] = buy(carrier)
    sandbox.break_next("release", kind, seconds=0.1)
    with pytest.raises(error) as caught:
        carrier.release(number[1:])
    assert caught.value.outcome is Outcome.UNKNOWN
    assert (carrier.find_owned(number) is None) is released


def test_does_not_take_a_proxys_404_for_a_release() -> None:
    with pytest.raises(UnexpectedReply):
        scripted(404, b"<html>").carrier().release("14155550100")


def test_reports_the_balance(sandbox: Sandbox, carrier: PlivoCarrier) -> None:
    sandbox.control("PUT", "mode", charge_purchases=True, credit="5.00")
    buy(carrier)
    assert carrier.balance() == Money(Decimal("4.20000"), "USD")


def test_reports_a_debt() -> None:
    assert scripted(200, {"cash_credits": "-0.50000"}).carrier().balance() == Money(
        Decimal("-0.50000"), "USD"
    )


@pytest.mark.parametrize("credits", ["NaN", "Infinity", "1e3", "", None, "4,88", " 4"])
def test_reports_no_balance_it_cannot_read(credits: str | None) -> None:
    with pytest.raises(UnexpectedReply):
        scripted(200, {"cash_credits": credits}).carrier().balance()


def test_fails_with_wrong_credentials(sandbox: Sandbox) -> None:
    stranger = PlivoCarrier(sandbox.url, "MA" + "0" * 18, "wrong")
    with pytest.raises(AuthFailed):
        stranger.balance()


# --- ensure_route


def test_creates_a_route_once(sandbox: Sandbox, carrier: PlivoCarrier) -> None:
    assert carrier.ensure_route(ROUTE) == carrier.ensure_route(ROUTE)
    assert sandbox.get("Application/").json()["meta"]["total_count"] == 1


def test_finds_a_route_behind_the_first_page(carrier: PlivoCarrier) -> None:
    ids = [
        carrier.ensure_route(InboundRoute(f"r{n}", "https://a.example/", "https://h.example/"))
        for n in range(23)
    ]
    last = InboundRoute("r22", "https://a.example/", "https://h.example/")
    assert carrier.ensure_route(last) == ids[-1]


def test_tells_routes_with_similar_names_apart(carrier: PlivoCarrier) -> None:
    longer = InboundRoute(ROUTE.name + "-2", ROUTE.answer_url, ROUTE.hangup_url)
    assert carrier.ensure_route(longer) != carrier.ensure_route(ROUTE)


def test_brings_the_urls_of_a_route_up_to_date(sandbox: Sandbox, carrier: PlivoCarrier) -> None:
    route = carrier.ensure_route(ROUTE)
    moved = InboundRoute(ROUTE.name, "https://new.example/answer", ROUTE.hangup_url)
    assert carrier.ensure_route(moved) == route
    assert sandbox.get(f"Application/{route.id}/").json()["answer_url"] == moved.answer_url
