"""A sandbox carrier on a port of its own, and the real Plivo adapter pointed at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from telephony.carriers.base import NumberQuery, NumberType
from telephony.carriers.http import Timeouts
from telephony.carriers.plivo import PlivoCarrier
from telephony.carriers.sandbox import server
from telephony.carriers.sandbox.carrier_api import TOKEN
from telephony.carriers.sandbox.state import State

OURS = "MAOURS00000000000000"
PATIENCE = Timeouts(deadline=10.0)
IMPATIENCE = Timeouts(deadline=0.5)  # for carriers that will not answer


@dataclass(frozen=True, slots=True)
class Sandbox:
    url: str
    state: State
    http: httpx.Client

    def control(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        answer = self.http.request(method, f"{self.url}/control/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def carrier(self, auth_id: str = OURS, **options: Any) -> PlivoCarrier:
        return PlivoCarrier(self.url, auth_id, TOKEN, **{"timeouts": PATIENCE, **options})

    def get(self, path: str, account: str = OURS, **params: Any) -> httpx.Response:
        """Ask the API itself, past the adapter."""
        return self.http.get(f"{self.url}/v1/Account/{account}/{path}", params=params, auth=(account, TOKEN))

    def magic(self, ending: str, country: str = "US") -> str:
        """An unsold local number with this ending, in E.164."""
        offers = self.carrier().search(
            NumberQuery(country, NumberType.LOCAL, contains=f"*{ending}"), limit=40
        )
        return next(offer.e164 for offer in offers if offer.e164.endswith(ending))

    def break_next(self, operation: str, kind: str, seconds: float | None = None) -> None:
        fault = {"on": operation, "kind": kind} | ({} if seconds is None else {"seconds": seconds})
        self.control("PUT", "faults", next=[fault])

    def sales_of(self, e164: str) -> int:
        return sum(sale.number == e164.removeprefix("+") for sale in self.state.sales())


@pytest.fixture(scope="session")
def running() -> Iterator[server.RunningSandbox]:
    running = server.start()
    yield running
    running.stop()


@pytest.fixture
def sandbox(running: server.RunningSandbox) -> Iterator[Sandbox]:
    """The sandbox, as new."""
    running.state.reset()
    with httpx.Client(trust_env=False, timeout=5) as http:
        yield Sandbox(running.url, running.state, http)


@pytest.fixture
def carrier(sandbox: Sandbox) -> PlivoCarrier:
    return sandbox.carrier()


@pytest.fixture
def impatient(sandbox: Sandbox) -> PlivoCarrier:
    return sandbox.carrier(timeouts=IMPATIENCE)


@pytest.fixture
def number(carrier: PlivoCarrier) -> str:
    """An ordinary number for sale."""
    return carrier.search(NumberQuery("US", NumberType.LOCAL), limit=1)[0].e164
