"""The sandbox's Plivo API …"""

from __future__ import annotations

import socket

import httpx
import phonenumbers
import pytest

from telephony.carriers.base import NumberConfig
from telephony.carriers.plivo import PlivoCarrier
from telephony.carriers.sandbox.carrier_api import TOKEN
from telephony.carriers.sandbox.catalogue import COUNTRIES, RANGES
from telephony.carriers.sandbox.faults import MAGIC
from telephony.carriers.sandbox.inventory import WITH_MAGIC, Inventory
from tests.telephony.carriers.conftest import OURS, Sandbox


@pytest.mark.parametrize("country", COUNTRIES)
def test_stocks_hundreds_of_valid_numbers(country: str) -> None:
    stock = Inventory().of_country(country)
    for range_ in [range_ for range_ in RANGES if range_.country == country]:
        numbers = [item for item in stock.values() if item.range is range_]
        assert len(numbers) >= 300
        for item in numbers:
            parsed = phonenumbers.parse("+" + item.number)
            assert phonenumbers.is_valid_number_for_region(parsed, country)
            assert len(item.national) == range_.length
            assert item.national.startswith(item.area.prefix)


def test_stocks_the_same_numbers_at_every_start() -> None:
    assert list(Inventory().of_country("GB")) == list(Inventory().of_country("GB"))


@pytest.mark.parametrize(("country", "kind"), sorted(WITH_MAGIC))
def test_stocks_every_magic_number_in_every_city(country: str, kind: str) -> None:
    stock = [item for item in Inventory().of_country(country).values() if item.range.type == kind]
    cities = {item.area.city for item in stock}
    for magic in MAGIC:
        assert {item.area.city for item in stock if item.number.endswith(magic.ending)} == cities


def test_does_not_break_by_accident() -> None:
    stock = Inventory().of_country("DE")
    endings = {magic.ending for magic in MAGIC}
    assert not [number for number in stock if number[-4:] in endings]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "country_iso parameter is missing"),
        ({"country_iso": "XX"}, "country_iso is invalid"),
        ({"country_iso": "US", "type": "satellite"}, "type is invalid"),
        ({"country_iso": "US", "limit": "21"}, "limit goes from 1 to 20, offset from 0"),
        ({"country_iso": "US", "limit": "0"}, "limit goes from 1 to 20, offset from 0"),
        ({"country_iso": "US", "offset": "-1"}, "limit goes from 1 to 20, offset from 0"),
    ],
)
def test_refuses_searches_that_plivo_refuses(sandbox: Sandbox, params: dict[str, str], said: str) -> None:
    answer = sandbox.get("PhoneNumber/", **params)
    assert answer.status_code == 400
    assert answer.json()["error"] == said


def test_finds_a_pattern_with_a_gap(sandbox: Sandbox) -> None:
    found = sandbox.get("PhoneNumber/", country_iso="US", type="local", pattern="415*9001").json()
    assert [item["number"][-4:] for item in found["objects"]] == ["9001"]


def test_finds_a_city_and_services(sandbox: Sandbox) -> None:
    found = sandbox.get("PhoneNumber/", country_iso="GB", city="manchester", services="voice").json()
    assert {item["city"] for item in found["objects"]} == {"MANCHESTER"}
    texting = sandbox.get("PhoneNumber/", country_iso="GB", services="sms").json()
    assert {item["type"] for item in texting["objects"]} == {"mobile"}


def test_counts_pages(sandbox: Sandbox) -> None:
    first = sandbox.get("PhoneNumber/", country_iso="US", limit=20).json()["meta"]
    last = sandbox.get("PhoneNumber/", country_iso="US", offset=first["total_count"] - 1).json()
    assert (first["previous"], len(last["objects"]), last["meta"]["next"]) == (None, 1, None)
    assert "offset=20" in first["next"]


def test_hides_what_somebody_owns(sandbox: Sandbox, carrier: PlivoCarrier, number: str) -> None:
    before = sandbox.get("PhoneNumber/", country_iso="US").json()["meta"]["total_count"]
    carrier.buy(number, intent_id="o", config=NumberConfig())
    after = sandbox.get("PhoneNumber/", country_iso="US").json()["meta"]["total_count"]
    assert after == before - 1


@pytest.mark.parametrize(
    ("path_id", "auth"),
    [
        (OURS, (OURS, "wrong")),
        (OURS, ("MAANOTHER00000000000", TOKEN)),
        ("short", ("short", TOKEN)),
        (OURS, None),
    ],
)
def test_demands_the_credentials_of_the_account(
    sandbox: Sandbox, path_id: str, auth: tuple[str, str] | None
) -> None:
    answer = sandbox.http.get(f"{sandbox.url}/v1/Account/{path_id}/", auth=auth)
    assert answer.status_code == 401
    assert "error" in answer.json()


@pytest.mark.parametrize("body", [b"{", b"[]", b"[" * 100_000, b"\xff"])
def test_refuses_bodies_that_are_no_objects(sandbox: Sandbox, number: str, body: bytes) -> None:
    url = f"{sandbox.url}/v1/Account/{OURS}/PhoneNumber/{number[1:]}/"
    assert sandbox.http.post(url, content=body, auth=(OURS, TOKEN)).status_code == 400


@pytest.mark.parametrize(
    "head", ["Content-Length: 1073741824", "Content-Length: -1", "Transfer-Encoding: chunked"]
)
def test_reads_no_body_of_unknown_or_giant_size(sandbox: Sandbox, head: str) -> None:
    address = httpx.URL(sandbox.url)
    with socket.create_connection((address.host, address.port or 0), timeout=5) as connection:
        connection.sendall(f"POST /control/reset HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("header", "status"),
    [("error_after:0", 500), ("rate_limited", 429), ("nonsense", 400), ("slow:99999", 400), ("slow:x", 400)],
)
def test_obeys_the_fault_header(sandbox: Sandbox, header: str, status: int) -> None:
    url = f"{sandbox.url}/v1/Account/{OURS}/Number/"
    answer = sandbox.http.get(url, headers={"X-Sandbox-Fault": header}, auth=(OURS, TOKEN))
    assert answer.status_code == status


def test_accepts_a_compliance_application(sandbox: Sandbox) -> None:
    number = sandbox.magic("9014", "IN")[1:]
    url = f"{sandbox.url}/v1/Account/{OURS}/PhoneNumber/{number}/"
    answer = sandbox.http.post(url, json={"compliance_application_id": "c"}, auth=(OURS, TOKEN))
    assert answer.status_code == 201


def test_refuses_a_purchase_the_account_cannot_pay(sandbox: Sandbox, number: str) -> None:
    sandbox.control("PUT", "mode", charge_purchases=True, credit="0.79")
    url = f"{sandbox.url}/v1/Account/{OURS}/PhoneNumber/{number[1:]}/"
    answer = sandbox.http.post(url, auth=(OURS, TOKEN))
    assert answer.status_code == 400
    assert "insufficient" in answer.json()["error"]


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_answers_only_this_machine(sandbox: Sandbox, headers: dict[str, str]) -> None:
    url = f"{sandbox.url}/v1/Account/{OURS}/Number/"
    assert httpx.get(url, auth=(OURS, TOKEN)).status_code == 200
    assert httpx.get(url, auth=(OURS, TOKEN), headers=headers).status_code == 403
