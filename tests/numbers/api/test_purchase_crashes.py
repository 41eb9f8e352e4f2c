"""A purchase over the API whose web server is killed …"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dialnexa.keeper import free_port
from dialnexa.models import IdempotencyRecord, LedgerEntry, Workspace
from phone_numbers.buying.fulfilment import advance_order
from phone_numbers.models import NumberOrder, PhoneNumber
from tests.conftest import AUTH_ID, Program
from tests.numbers.api.conftest import PURCHASE, spent
from tests.numbers.conftest import Carrier
from tests.numbers.test_crashes import kill, running, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


class Web:
    """A web server in a process of its own, as ``program``."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, program: Program) -> None:
        self.process = process
        self.http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {program.secret}"}, timeout=40, trust_env=False
        )

    def buy(self, number: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(PURCHASE, json={"phone_number": number}, headers=named)

    def is_up(self) -> bool:
        try:
            return self.http.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def env(process_env: dict[str, str], sandbox: Any) -> dict[str, str]:
    return process_env | {
        "DIALNEXA_DEBUG": "1",
        "DIALNEXA_PLIVO_BASE_URL": sandbox.url,
        "DIALNEXA_PLIVO_AUTH_ID": AUTH_ID,
        "DIALNEXA_PLIVO_AUTH_TOKEN": "sandbox-token",
        "DIALNEXA_SWEEP_EVERY": "0.2",
        "DIALNEXA_RING_AGAIN": "1",
    }


@pytest.fixture
def start(env: dict[str, str], program: Program) -> Iterator[Callable[[], Web]]:
    """Start a web server and wait until it answers."""
    started = []

    def start() -> Web:
        port = free_port()
        server = ("-m", "granian", "--interface", "wsgi", "dialnexa.wsgi:application", "--no-ws")
        place = ("--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--blocking-threads", "4")
        context = running(*server, *place, "--log-level", "warning", env=env)
        web = Web(context.__enter__(), f"http://127.0.0.1:{port}", program)
        started.append((context, web))
        wait_until(web.is_up)
        return web

    yield start
    for context, web in started:
        web.http.close()
        context.__exit__(None, None, None)


def test_between_order_and_answer_gets_the_same_order_for_the_same_key(
    start: Callable[[], Web], workspace: Workspace, number: str, carrier: Carrier
) -> None:
    web = start()
    lost: list[Any] = []

    def buy() -> None:
        try:
            lost.append(web.buy(number, idempotency_key="k1", prefer="wait=30"))
        except httpx.TransportError as error:
            lost.append(error)

    buyer = threading.Thread(target=buy)
    buyer.start()
    wait_until(lambda: NumberOrder.objects.exists())
    kill(web.process)
    buyer.join(10)
    assert isinstance(lost[0], httpx.TransportError)
    order = NumberOrder.objects.get()

    web = start()
    early = web.buy(number, idempotency_key="k1", prefer="wait=0")
    assert (early.status_code, early.json()["code"]) == (409, "request_in_progress")
    advance_order(order.pk)
    record = IdempotencyRecord.objects.get()
    IdempotencyRecord.objects.update(locked_until=record.locked_until - timedelta(minutes=2))

    answer = web.buy(number, idempotency_key="k1", prefer="wait=30")
    assert (answer.status_code, answer.json()["status"]) == (201, "active")
    assert answer.json()["id"] == order.number_id
    assert NumberOrder.objects.get() == order
    assert LedgerEntry.objects.filter(kind="hold").count() == 1
    assert carrier.sales(number) == 1
    assert spent(workspace) == 92
    again = web.buy(number, idempotency_key="k1", prefer="wait=30")
    assert (again.status_code, again.content) == (201, answer.content)


def test_or_not_is_fulfilled_by_workers_that_wake_up_later(
    start: Callable[[], Web], env: dict[str, str], workspace: Workspace, number: str, carrier: Carrier
) -> None:
    """They sleep: 202. Then they wake: the same number is active where Location says."""
    web = start()
    answer = web.buy(number, prefer="wait=1")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    assert answer.headers["Preference-Applied"] == "wait=1"
    celery = ("-m", "celery", "-A", "dialnexa", "worker", "-c", "1", "--without-gossip", "--without-mingle")
    with running("manage.py", "sweep", env=env), running(*celery, env=env):
        place = answer.headers["Location"]
        wait_until(lambda: web.http.get(place).json()["status"] == "active", 40)
    assert PhoneNumber.objects.get().status == "active"
    assert carrier.sales(number) == 1
    assert spent(workspace) == 92
