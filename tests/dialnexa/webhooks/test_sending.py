"""Sending webhooks …"""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from standardwebhooks import Webhook, WebhookVerificationError

from dialnexa import clock
from dialnexa.actors import SYSTEM
from dialnexa.models import (
    NoticeCopy,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
    Workspace,
)
from dialnexa.webhooks import sending
from dialnexa.webhooks.claiming import LEASE, claim
from dialnexa.webhooks.emitting import emit
from dialnexa.webhooks.endpoints import (
    create_endpoint,
    disable_endpoint,
    enable_endpoint,
    remove_endpoint,
    rotate_secret,
    send_test,
)
from dialnexa.webhooks.outcomes import note
from dialnexa.webhooks.redelivering import forget_old, redeliver, redeliver_failed
from dialnexa.webhooks.sending import send_due
from tests.dialnexa.webhooks.receiver import OK, Heard, Receiver, always, receiving

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _loopback(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEBUG = True
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    monkeypatch.setattr(sending, "LOOK_AGAIN", 0.02)
    monkeypatch.setattr(random, "uniform", lambda low, high: 1.0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def make(workspace: Workspace, url: str, now: datetime, **options: Any) -> tuple[WebhookEndpoint, str]:
    return create_endpoint(workspace, url, options.pop("events", ["*"]), by=SYSTEM, now=now, **options)


def happen(workspace: Workspace, now: datetime, nth: int = 1, **data: Any) -> None:
    reference = f"call.completed:{workspace.pk}:{nth}"
    emit(workspace, "call.completed", reference=reference, subject=f"call_{nth}", data=data, now=now)


def send(now: datetime) -> int:
    return send_due(tell=lambda: now)


def delivery() -> WebhookDelivery:
    return WebhookDelivery.objects.select_related("endpoint").get()


def verified(heard: Heard, secret: str) -> Any:
    return Webhook(secret).verify(heard.body, heard.headers)


# --- what is sent -------------------------------------------------------------------------------------


def test_delivers_what_the_library_of_the_receiver_accepts(
    workspace: Workspace, receiver: Receiver, now: datetime
) -> None:
    _, secret = make(workspace, receiver.url, now)
    happen(workspace, now, name="Ünïcode ₹", nested={"b": 1, "a": None})
    assert send(now) == 1
    heard = receiver.heard[0]
    assert verified(heard, secret) == {
        "type": "call.completed",
        "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "data": {"name": "Ünïcode ₹", "nested": {"b": 1, "a": None}},
    }
    assert list(json.loads(heard.body)) == ["type", "timestamp", "data"]
    assert heard.headers["webhook-id"] == WebhookMessage.objects.get().pk
    assert heard.headers["content-type"] == "application/json"
    row = delivery()
    assert (row.state, row.http_status, row.next_try_at, row.delivered_at) == ("delivered", 200, None, now)
    attempt = WebhookAttempt.objects.get()
    assert (attempt.http_status, attempt.answer, attempt.at) == (200, "ok", now)
    assert send(now + DAY) == 0


def test_dates_signatures_by_the_receivers_clock_where_the_demos_was_moved(
    workspace: Workspace, receiver: Receiver, movable_clock: Path
) -> None:
    _, secret = make(workspace, receiver.url, clock.now())
    clock.move_to(clock.wall_now() + 40 * DAY)
    happen(workspace, clock.now())
    assert send(clock.now()) == 1
    assert verified(receiver.heard[0], secret)["type"] == "call.completed"


def test_signs_with_both_secrets_for_a_while_after_a_rotation(
    workspace: Workspace, receiver: Receiver, now: datetime
) -> None:
    endpoint, old = make(workspace, receiver.url, now)
    new = rotate_secret(endpoint, overlap=timedelta(seconds=100), by=SYSTEM, now=now)
    for nth, seconds in enumerate((99, 100)):
        happen(workspace, now, nth)
        send(now + timedelta(seconds=seconds))
    during, after = receiver.heard
    assert verified(during, old) == verified(during, new)
    assert verified(after, new)
    with pytest.raises(WebhookVerificationError):
        verified(after, old)


def test_stops_signing_with_a_secret_that_leaked(
    workspace: Workspace, receiver: Receiver, now: datetime
) -> None:
    endpoint, old = make(workspace, receiver.url, now)
    rotate_secret(endpoint, overlap=timedelta(0), by=SYSTEM, now=now)
    happen(workspace, now)
    send(now)
    with pytest.raises(WebhookVerificationError):
        verified(receiver.heard[0], old)


def test_tests_an_endpoint_whatever_it_asked_for(
    workspace: Workspace, receiver: Receiver, now: datetime
) -> None:
    endpoint, secret = make(workspace, receiver.url, now, events=["kyc.verified"])
    other, _ = make(workspace, f"{receiver.url}/other", now)
    send_test(endpoint, by=SYSTEM, now=now)
    send(now)
    (heard,) = receiver.heard
    assert verified(heard, secret)["type"] == "webhook.test"
    assert not other.deliveries.exists()


# --- trying again -------------------------------------------------------------------------------------


def test_tries_again_later_each_time_and_then_gives_up(
    workspace: Workspace, receiver: Receiver, now: datetime
) -> None:
    receiver.answers = always("500 No", body=b"broken")
    endpoint, _ = make(workspace, receiver.url, now)
    happen(workspace, now)
    waits, at = [], now
    while send(at):
        row = delivery()
        if row.next_try_at is None:
            break
        waits.append((row.next_try_at - at).total_seconds())
        at = row.next_try_at
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(next_turn_at=at)
    assert waits == [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    row = delivery()
    assert (row.state, row.tries, row.http_status) == ("failed", 10, 500)
    assert len({heard.headers["webhook-id"] for heard in receiver.heard}) == 1
    assert list(WebhookAttempt.objects.values_list("answer", flat=True)) == ["broken"] * 10


def test_leaves_an_endpoint_alone_longer_with_every_failure(
    workspace: Workspace, receiver: Receiver, now: datetime
) -> None:
    receiver.answers = always("503 No")
    endpoint, _ = make(workspace, receiver.url, now)
    pauses = []
    at = now
    for nth in range(12):
        happen(workspace, at, nth)
        assert send(at) == 1, "one try shows whether it is back"
        endpoint.refresh_from_db()
        pauses.append((endpoint.next_turn_at - at).total_seconds())
        at = endpoint.next_turn_at
    assert pauses[:5] == [1, 2, 4, 8, 16]
    assert pauses[-1] == 300
    receiver.answers = lambda _heard: [OK]
    assert send(at) > 1, "after one success the rest follows"
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since) == (0, None)


def test_sends_once_more_what_a_dead_process_had_taken(
    workspace: Workspace, receiver: Receiver, now: datetime
) -> None:
    make(workspace, receiver.url, now)
    happen(workspace, now)
    assert len(claim([], now=now)) == 1
    assert send(now + LEASE - timedelta(seconds=1)) == 0
    assert send(now + LEASE) == 1
    assert delivery().state == "delivered"


def test_says_so_when_the_secret_can_not_be_read(
    workspace: Workspace, receiver: Receiver, now: datetime
) -> None:
    endpoint, _ = make(workspace, receiver.url, now)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(sealed_secret=b"-")
    happen(workspace, now)
    send(now)
    assert (receiver.heard, delivery().state) == ([], "pending")
    assert "could not read the endpoint's secret" in delivery().sentence


def test_bears_a_message_that_is_forgotten_while_it_is_out(
    workspace: Workspace, receiver: Receiver, now: datetime
) -> None:
    make(workspace, receiver.url, now)
    happen(workspace, now)
    (taken,) = claim([], now=now)
    WebhookMessage.objects.all().delete()
    note(taken, sending.UNSEALED, now=now)
    assert not WebhookAttempt.objects.exists()


# --- endpoints that fail ------------------------------------------------------------------------------


def test_switches_off_an_endpoint_that_is_gone_and_tells_the_admins(
    workspace: Workspace, receiver: Receiver, now: datetime
) -> None:
    receiver.answers = always("410 Gone")
    endpoint, _ = make(workspace, receiver.url, now)
    happen(workspace, now)
    send(now)
    endpoint.refresh_from_db()
    assert (endpoint.enabled, endpoint.disabled_reason) == (False, "It answered 410 Gone.")
    (copy,) = NoticeCopy.objects.select_related("notice", "user")
    assert copy.user.first_name == "Alice"
    assert receiver.url in copy.notice.body
    assert copy.notice.page == f"/w/acme/settings/webhooks/{endpoint.pk}/"


def test_switches_off_an_endpoint_that_took_nothing_for_five_days(
    workspace: Workspace, receiver: Receiver, now: datetime
) -> None:
    receiver.answers = always("500 No")
    endpoint, _ = make(workspace, receiver.url, now)
    for day in range(6):
        happen(workspace, now + day * DAY, day)
        at = now + day * DAY
        for _ in range(5):
            WebhookEndpoint.objects.update(next_turn_at=at)
            send(at)
            at += timedelta(hours=3)
        endpoint.refresh_from_db()
        assert endpoint.enabled is (day < 5)
    assert endpoint.disabled_reason.startswith("Nothing was taken for 5 days.")


def test_does_not_judge_by_one_failure_after_days_of_silence(
    workspace: Workspace, receiver: Receiver, now: datetime
) -> None:
    endpoint, _ = make(workspace, receiver.url, now)
    receiver.answers = always("500 No")
    happen(workspace, now, 1)
    send(now)
    happen(workspace, now + 9 * DAY, 2)
    WebhookDelivery.objects.filter(message__reference__endswith=":1").delete()
    send(now + 9 * DAY)
    endpoint.refresh_from_db()
    assert endpoint.enabled


def test_keeps_what_waits_while_an_endpoint_is_off(
    workspace: Workspace, receiver: Receiver, now: datetime
) -> None:
    endpoint, _ = make(workspace, receiver.url, now)
    happen(workspace, now, 1)
    disable_endpoint(endpoint, by=SYSTEM, now=now)
    happen(workspace, now, 2)
    assert send(now) == 0
    enable_endpoint(endpoint, by=SYSTEM, now=now)
    assert send(now) == 1
    assert WebhookMessage.objects.get().subject_id == "call_1"


def test_sends_nothing_to_an_endpoint_that_was_removed(
    workspace: Workspace, receiver: Receiver, now: datetime
) -> None:
    endpoint, _ = make(workspace, receiver.url, now)
    happen(workspace, now, 1)
    remove_endpoint(endpoint, by=SYSTEM, now=now)
    happen(workspace, now, 2)
    assert not enable_endpoint(endpoint, by=SYSTEM, now=now)
    assert (send(now + DAY), WebhookMessage.objects.count()) == (0, 1)


# --- taking turns -------------------------------------------------------------------------------------


def test_keeps_slow_servers_of_one_workspace_from_holding_up_another(
    workspace: Workspace, charlie_workspace: Workspace, receiver: Receiver, now: datetime
) -> None:
    """The slow ones answer nothing before all of the other workspace's messages have arrived."""
    all_heard = threading.Event()

    def slow(_heard: Heard) -> Any:
        all_heard.wait(30)
        yield OK

    def quick(_heard: Heard) -> Any:
        if len(receiver.heard) == 20:
            all_heard.set()
        yield OK

    receiver.answers = quick
    make(charlie_workspace, receiver.url, now)
    with receiving(slow) as sluggish:
        for nth in range(3):
            make(workspace, f"{sluggish.url}/{nth}", now)
        for nth in range(8):
            happen(workspace, now, nth)
        for nth in range(20):
            happen(charlie_workspace, now, nth)
        began = time.monotonic()
        send_due(tell=lambda: now, stopping=all_heard.is_set)
    assert len(receiver.heard) == 20
    assert time.monotonic() - began < 25
    assert sluggish.most_at_once == 4, "a quarter of sixteen"


def test_sends_no_more_at_once_than_it_may(
    workspace: Workspace, receiver: Receiver, settings: LazySettings, now: datetime
) -> None:
    settings.WEBHOOKS_AT_ONCE = 2

    def linger(_heard: Heard) -> Any:
        yield 0.05
        yield OK

    receiver.answers = linger
    make(workspace, receiver.url, now)
    for nth in range(6):
        happen(workspace, now, nth)
    assert send(now) == 6
    assert receiver.most_at_once == 1, "one workspace gets a part, at least one"


def test_begins_with_whom_it_served_longest_ago(
    workspace: Workspace, settings: LazySettings, now: datetime
) -> None:
    settings.WEBHOOKS_AT_ONCE = 1
    endpoints = [make(workspace, f"http://127.0.0.1:9{nth}00/", now)[0].pk for nth in range(3)]
    for nth in range(2):
        happen(workspace, now, nth)
    served = [claim([], now=now + timedelta(seconds=nth))[0].endpoint_id for nth in range(6)]
    assert served == endpoints * 2


@pytest.mark.django_db(transaction=True)
def test_sends_each_once_with_two_senders(workspace: Workspace, receiver: Receiver, now: datetime) -> None:
    make(workspace, receiver.url, now)
    for nth in range(30):
        happen(workspace, now, nth)
    together = threading.Barrier(2)

    def one() -> None:
        together.wait(20)
        send(now)
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    ids = [heard.headers["webhook-id"] for heard in receiver.heard]
    assert (len(ids), len(set(ids))) == (30, 30)
    assert WebhookDelivery.objects.filter(state="delivered", tries=1).count() == 30


def test_stops_when_it_is_told_to(workspace: Workspace, receiver: Receiver, now: datetime) -> None:
    make(workspace, receiver.url, now)
    happen(workspace, now)
    assert send_due(tell=lambda: now, stopping=lambda: True) == 0
    assert delivery().tries == 0


# --- sending again ------------------------------------------------------------------------------------


def test_sends_again_under_the_same_id(workspace: Workspace, receiver: Receiver, now: datetime) -> None:
    make(workspace, receiver.url, now)
    happen(workspace, now)
    send(now)
    redeliver(delivery(), by=SYSTEM, now=now + DAY)
    assert send(now + DAY) == 1
    first, second = receiver.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert delivery().state == "delivered"


def test_sends_again_all_that_was_given_up_since(
    workspace: Workspace, receiver: Receiver, now: datetime
) -> None:
    endpoint, _ = make(workspace, receiver.url, now)
    for day in range(4):
        happen(workspace, now + day * DAY, day)
    WebhookDelivery.objects.exclude(message__subject_id="call_3").update(state="failed", next_try_at=None)
    assert redeliver_failed(endpoint, since=now + DAY, by=SYSTEM, now=now + 4 * DAY) == 2
    assert send(now + 4 * DAY) == 3
    assert WebhookDelivery.objects.get(state="failed").message.subject_id == "call_0"


def test_forgets_what_is_thirty_days_old(workspace: Workspace, receiver: Receiver, now: datetime) -> None:
    endpoint, _ = make(workspace, receiver.url, now)
    happen(workspace, now, 1)
    happen(workspace, now + 2 * DAY, 2)
    remove_endpoint(endpoint, by=SYSTEM, now=now)
    assert forget_old(now=now + 31 * DAY) == 1
    assert not WebhookEndpoint.objects.exists()
    assert not WebhookMessage.objects.exists() or WebhookMessage.objects.get().subject_id == "call_2"


def test_says_what_is_wrong_when_nobody_listens(workspace: Workspace, now: datetime) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    make(workspace, f"http://127.0.0.1:{port}/", now)
    happen(workspace, now)
    send(now)
    row = delivery()
    assert (row.state, row.http_status, row.sentence) == ("pending", None, "It refused the connection.")
