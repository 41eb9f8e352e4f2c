"""The same POST sent again …"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event
from typing import Any, ClassVar

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import override_settings
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa.api.idempotency import forget_old, idempotent
from dialnexa.api.views import ApiView
from dialnexa.errors import Refusal
from dialnexa.models import IdempotencyRecord, Workspace
from tests.conftest import Program, make_program

pytestmark = pytest.mark.django_db


class Probe(ApiView):
    """An endpoint that counts how often it ran, and does what it is told."""

    scopes: ClassVar = {"POST": "numbers:write"}
    ran: ClassVar[list[Any]] = []
    hold: ClassVar[Event | None] = None

    @idempotent
    def post(self, request: Request) -> Response:
        body = dict(request.data)
        self.ran.append(body)
        if self.hold:
            self.hold.wait(10)
        match body.get("do"):
            case "refuse":
                raise Refusal("no_money", "The wallet is empty.", status=402)
            case "unreachable":
                raise Refusal("carrier_unreachable", "The carrier did not answer.", status=502)
            case "break":
                raise RuntimeError("our fault")
        return Response({"n": len(self.ran), "price": "1.00", "ä": "ü"}, 201, headers={"Location": "/v1/x"})


class Named(Probe):
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        return Response({"name": name})


urlpatterns = [
    path("v1/probe", Probe.as_view()),
    path("v1/other", Probe.as_view()),
    path("v1/<str:name>/probe", Named.as_view()),
]


@pytest.fixture(autouse=True)
def _probe() -> Iterator[None]:
    Probe.ran.clear()
    with override_settings(ROOT_URLCONF=__name__):
        yield
    Probe.hold = None


def probe(program: Program, key: str = "k1", path: str = "/v1/probe", **body: Any) -> Any:
    return program.post(path, body, idempotency_key=key)


def test_gets_the_same_answer_and_happens_once(program: Program) -> None:
    first, again = probe(program, a=1), probe(program, a=1)
    assert Probe.ran == [{"a": 1}]
    assert (again.status_code, again.content, again["Location"]) == (201, first.content, "/v1/x")
    assert (first.has_header("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (False, "true")
    assert "X-RateLimit-Limit" in again


def test_may_have_its_fields_in_another_order(program: Program) -> None:
    probe(program, a=1, b=2)
    assert probe(program, b=2, a=1).status_code == 201
    assert len(Probe.ran) == 1


def test_is_known_by_a_digest_that_only_we_can_make(program: Program, settings: LazySettings) -> None:
    """A body may hold a password, which nobody shall try out on the record."""
    probe(program, password="hunter2")
    settings.SECRET_KEY = "another " * 10
    assert probe(program, password="hunter2").status_code == 422


def test_happens_again_with_another_key_or_none(program: Program) -> None:
    probe(program, "k1"), probe(program, "k2"), program.post("/v1/probe", {}), program.post("/v1/probe", {})
    assert len(Probe.ran) == 4


def test_is_refused_with_another_body(program: Program) -> None:
    probe(program, a=1)
    refused = probe(program, a=2)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert len(Probe.ran) == 1


def test_is_another_request_on_another_route_or_with_another_api_key(
    program: Program, workspace: Workspace, now: datetime
) -> None:
    probe(program)
    probe(program, path="/v1/other")
    probe(make_program(workspace, now))
    assert len(Probe.ran) == 3


def test_gets_the_same_refusal(program: Program) -> None:
    first, again = probe(program, do="refuse"), probe(program, do="refuse")
    assert (first.status_code, again.status_code, again.content) == (402, 402, first.content)
    assert len(Probe.ran) == 1


def test_is_tried_again_after_the_other_side_failed(program: Program) -> None:
    assert [probe(program, do="unreachable").status_code for _ in range(2)] == [502, 502]
    assert len(Probe.ran) == 2


def test_is_tried_again_after_a_fault_of_ours(program: Program) -> None:
    program.http.raise_request_exception = False
    assert probe(program, do="break").status_code == 500
    assert not IdempotencyRecord.objects.exists()


def test_is_not_answered_from_a_request_that_was_malformed(program: Program) -> None:
    headers = {"idempotency-key": "k1"}
    bad = program.http.post("/v1/probe", "{", content_type="application/json", headers=headers)
    assert (bad.status_code, probe(program).status_code) == (400, 201)


@pytest.mark.django_db(transaction=True)
def test_waits_for_no_other_and_happens_once_when_sent_fifty_times_at_once(program: Program) -> None:
    Probe.hold = Event()

    def send(_: int) -> Any:
        try:
            return probe(program, a=1)
        finally:
            connection.close()

    with ThreadPoolExecutor(25) as pool:
        answers = [pool.submit(send, n) for n in range(50)]
        while sum(answer.done() for answer in answers) < 49:
            Event().wait(0.05)
        Probe.hold.set()
    codes = sorted(answer.result().status_code for answer in answers)
    assert codes == [201] + 49 * [409]
    assert next(a.result().json()["code"] for a in answers if a.result().status_code == 409) == (
        "request_in_progress"
    )
    assert len(Probe.ran) == 1
    assert probe(program, a=1).status_code == 201
    assert len(Probe.ran) == 1


def test_is_taken_up_again_when_its_process_died(program: Program, now: datetime) -> None:
    probe(program)
    IdempotencyRecord.objects.update(status=None, locked_until=now - timedelta(seconds=1))
    assert probe(program).status_code == 201
    assert len(Probe.ran) == 2


def test_is_a_new_request_after_a_day(program: Program, now: datetime) -> None:
    probe(program, a=1)
    IdempotencyRecord.objects.update(created_at=now - timedelta(hours=24, minutes=1))
    assert probe(program, a=2).status_code == 201
    assert len(Probe.ran) == 2


@pytest.mark.parametrize("key", ["x" * 256, "a\tb", "clé"])
def test_is_refused_with_a_key_that_is_none(program: Program, key: str) -> None:
    refused = probe(program, key)
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key_invalid")
    assert Probe.ran == []


def test_is_kept_for_an_address_that_no_row_can_hold(program: Program) -> None:
    first, again = (probe(program, path="/v1/%00/probe") for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert again["Idempotency-Replayed"] == "true"


def test_leaves_nothing_behind_after_a_day(program: Program, now: datetime) -> None:
    probe(program, "old"), probe(program, "new")
    IdempotencyRecord.objects.filter(key="old").update(created_at=now - timedelta(hours=25))
    assert forget_old(now=now) == 1
    assert [record.key for record in IdempotencyRecord.objects.all()] == ["new"]
