"""The sandbox's page …"""

from __future__ import annotations

import base64
import http.client

import httpx
import pytest

from telephony.carriers.base import CarrierError, NumberConfig
from telephony.carriers.plivo import PlivoCarrier
from telephony.carriers.sandbox.carrier_api import TOKEN
from telephony.carriers.sandbox.faults import MAGIC, Kind
from tests.telephony.carriers.conftest import OURS, Sandbox


def page(sandbox: Sandbox) -> str:
    answer = sandbox.http.get(sandbox.url)
    assert answer.status_code == 200
    return answer.text


def test_shows_a_number_with_its_owner_and_renewal(
    sandbox: Sandbox, carrier: PlivoCarrier, number: str
) -> None:
    assert "No numbers yet" in page(sandbox)
    sandbox.control("PUT", "clock", now="2027-01-31T10:00:00Z")
    carrier.buy(number, intent_id="o", config=NumberConfig())
    shown = page(sandbox)
    for text in (number, OURS, "2027-01-31 10:00", "2027-02-28", "POST", f"/PhoneNumber/{number[1:]}/"):
        assert text in shown


def test_lists_the_magic_numbers_and_every_fault(sandbox: Sandbox) -> None:
    shown = page(sandbox)
    assert all(f"…{magic.ending}" in shown for magic in MAGIC)
    assert all(f'value="{kind}"' in shown or f':{kind}"' in shown for kind in Kind)


def test_escapes_what_others_wrote(sandbox: Sandbox) -> None:
    url = httpx.URL(sandbox.url)
    basic = base64.b64encode(f"{OURS}:{TOKEN}".encode()).decode()
    connection = http.client.HTTPConnection(url.host, url.port)  # httpx would encode the path
    connection.request("GET", f"/v1/Account/{OURS}/<script>/", headers={"Authorization": f"Basic {basic}"})
    assert connection.getresponse().status == 404
    connection.close()
    assert "&lt;script&gt;" in page(sandbox)
    assert "<script" not in page(sandbox)


def test_needs_nothing_from_elsewhere(sandbox: Sandbox) -> None:
    shown = page(sandbox)
    assert "default-src 'none'" in sandbox.http.get(sandbox.url).headers["content-security-policy"]
    assert not [text for text in ("<link", "src=", "@import", "url(") if text in shown]


def test_breaks_the_next_purchase(sandbox: Sandbox, carrier: PlivoCarrier, number: str) -> None:
    form = {"kind": "error_before", "seconds": ""}
    answer = sandbox.http.post(f"{sandbox.url}/console/break", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "error_before" in page(sandbox)
    with pytest.raises(CarrierError):
        carrier.buy(number, intent_id="o", config=NumberConfig())


def test_takes_a_number_and_moves_the_clock(sandbox: Sandbox, number: str) -> None:
    sandbox.http.post(f"{sandbox.url}/console/take", data={"number": number})
    assert number in page(sandbox)
    before = sandbox.state.now()
    sandbox.http.post(f"{sandbox.url}/console/clock", data={"days": "31"})
    assert sandbox.state.now() - before >= 31 * 86400


@pytest.mark.parametrize(
    ("action", "form"),
    [("break", {"kind": "x"}), ("break", {}), ("clock", {"days": "many"}), ("take", {}), ("nothing", {})],
)
def test_says_when_something_did_not_work(sandbox: Sandbox, action: str, form: dict[str, str]) -> None:
    answer = sandbox.http.post(f"{sandbox.url}/console/{action}", data=form)
    assert answer.status_code == 400
    assert "did not work" in answer.text
