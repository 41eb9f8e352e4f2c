"""The sandbox's control endpoints …"""

from __future__ import annotations

from typing import Any

import pytest

from telephony.carriers.base import CarrierError, NumberConfig, NumberQuery
from telephony.carriers.plivo import PlivoCarrier
from telephony.carriers.sandbox.faults import FaultPlan, Rule
from telephony.carriers.sandbox.server import start
from tests.telephony.carriers.conftest import IMPATIENCE, OURS, Sandbox

RULES = [Rule("buy", "error_before", share=0.2), Rule("buy", "error_after", share=0.3)]


def buy(carrier: PlivoCarrier, number: str) -> str:
    return carrier.buy(number, intent_id="o", config=NumberConfig()).e164


def fates(seed: int, *, disturbed: bool = False) -> list[str]:
    plan = FaultPlan()
    plan.schedule(seed, RULES)
    kinds = []
    for _ in range(2000):
        if disturbed:
            plan.next_for("get", "1")
        fault = plan.next_for("buy", "14155550100")
        kinds.append(str(fault.kind) if fault else "")
    return kinds


def test_repeat_a_seed_bit_for_bit() -> None:
    assert fates(7) == fates(7, disturbed=True)
    assert fates(7) != fates(8)


def test_start_a_seed_anew() -> None:
    plan = FaultPlan()
    rows = []
    for _ in range(2):
        plan.schedule(7, RULES)
        rows.append([plan.next_for("buy", "14155550100") for _ in range(50)])
    assert rows[0] == rows[1]


def test_break_the_wanted_share() -> None:
    kinds = fates(7)
    assert 0.17 < kinds.count("error_before") / 2000 < 0.23
    assert 0.27 < kinds.count("error_after") / 2000 < 0.33


def test_stop_breaking(sandbox: Sandbox, carrier: PlivoCarrier, number: str) -> None:
    sandbox.control("PUT", "faults", seed=1, rules=[{"on": "buy", "kind": "error_before"}])
    sandbox.break_next("buy", "error_before")
    with pytest.raises(CarrierError):
        buy(carrier, number)
    sandbox.control("DELETE", "faults")
    assert buy(carrier, number) == number


def test_show_sales_and_releases(sandbox: Sandbox, carrier: PlivoCarrier, number: str) -> None:
    buy(carrier, number)
    carrier.release(number[1:])
    buy(carrier, number)
    state = sandbox.control("GET", "state")
    assert [(sale["number"], sale["account"], sale["nth"]) for sale in state["sales"]] == [
        (number[1:], OURS, 1),
        (number[1:], OURS, 2),
    ]
    assert [release["number"] for release in state["releases"]] == [number[1:]]
    assert list(state["accounts"][OURS]["numbers"]) == [number[1:]]
    assert not any(sale["while_owned"] for sale in state["sales"])


def test_make_a_double_purchase_visible(sandbox: Sandbox, carrier: PlivoCarrier, number: str) -> None:
    sandbox.control("PUT", "mode", repeat_purchase="sell_again")
    buy(carrier, number)
    buy(carrier, number)
    assert [sale.while_owned for sale in sandbox.state.sales()] == [False, True]
    assert len(list(carrier.list_owned())) == 1


def test_sell_late_beside_a_second_purchase(sandbox: Sandbox, number: str) -> None:
    """The hazard of a settle window that is too short: the first request is carried out after the second."""
    sandbox.control("PUT", "mode", repeat_purchase="sell_again")
    sandbox.break_next("buy", "sold_late", seconds=30)
    with pytest.raises(CarrierError):
        buy(sandbox.carrier(timeouts=IMPATIENCE), number)
    buy(sandbox.carrier(), number)
    sandbox.control("PUT", "clock", advance_seconds=31)
    sandbox.get("")
    assert sandbox.sales_of(number) == 2


def test_let_another_customer_take_a_number(sandbox: Sandbox, carrier: PlivoCarrier, number: str) -> None:
    sandbox.control("POST", "take", number=number)
    assert carrier.search(NumberQuery("US", exact=number), limit=1) == []
    assert carrier.find_owned(number) is None


def test_make_an_orphan_and_a_ghost(sandbox: Sandbox, carrier: PlivoCarrier) -> None:
    sandbox.control("POST", "own", number="+14155550100", account=OURS)
    assert [owned.e164 for owned in carrier.list_owned()] == ["+14155550100"]
    sandbox.control("POST", "disown", number="14155550100")
    assert list(carrier.list_owned()) == []
    assert sandbox.state.sales() == []


def test_move_the_clock(sandbox: Sandbox) -> None:
    sandbox.control("PUT", "clock", now="2030-02-28T23:59:00+00:00")
    assert sandbox.control("PUT", "clock", advance_seconds=120)["now"].startswith("2030-03-01T00:01")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "clock", {}),
        ("PUT", "clock", {"advance_seconds": 1e12}),
        ("PUT", "clock", {"advance_seconds": "nan"}),
        ("PUT", "mode", {"repeat_purchase": "maybe"}),
        ("PUT", "mode", {"credit": "NaN"}),
        ("PUT", "mode", {"colour": "red"}),
        ("PUT", "faults", {"rules": [{"on": "buy", "kind": "nonsense"}]}),
        ("PUT", "faults", {"rules": [{"on": "lunch", "kind": "silent"}]}),
        ("PUT", "faults", {"rules": [{"on": "buy", "kind": "silent", "share": 2}]}),
        ("PUT", "faults", {"rules": [5]}),
        ("PUT", "faults", {"next": [{"kind": "silent"}]}),
        ("POST", "take", {"number": "x"}),
        ("POST", "own", {"number": "14155550100"}),
    ],
)
def test_refuse_what_means_nothing(sandbox: Sandbox, method: str, path: str, body: dict[str, Any]) -> None:
    before = sandbox.control("GET", "state")
    answer = sandbox.http.request(method, f"{sandbox.url}/control/{path}", json=body)
    assert answer.status_code == 400, answer.text
    after = sandbox.control("GET", "state")
    assert {**after, "now": ""} == {**before, "now": ""}


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_refuse_foreign_pages(sandbox: Sandbox, headers: dict[str, str]) -> None:
    for path in ("/", "/control/state", "/console/mend"):
        answer = sandbox.http.request(
            "POST" if "mend" in path else "GET", sandbox.url + path, headers=headers
        )
        assert answer.status_code == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_listen_on_loopback_only(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        start(host)
