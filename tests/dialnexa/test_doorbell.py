"""The doorbell …"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from celery import current_app
from django.db import transaction

from dialnexa import doorbell
from dialnexa.doorbell import ring, ring_on_commit
from dialnexa.tasks import beat_heart


@pytest.fixture
def broker(settings: Any) -> Iterator[redis.Redis]:
    """The test's own Redis, empty."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Point the doorbell at another address."""

    def point(port: int) -> None:
        monkeypatch.setattr(current_app.conf, "broker_write_url", f"redis://127.0.0.1:{port}/0")
        doorbell._line.cache_clear()

    yield point
    doorbell._line.cache_clear()


def messages(broker: redis.Redis) -> list[dict[str, Any]]:
    return [json.loads(message)["headers"] for message in broker.lrange("numbers:celery", 0, -1)]


def test_leaves_a_message_for_a_worker(broker: redis.Redis) -> None:
    assert ring(beat_heart)
    assert [message["task"] for message in messages(broker)] == ["dialnexa.tasks.beat_heart"]


@pytest.mark.django_db(transaction=True)
def test_rings_after_the_commit_and_never_for_what_was_rolled_back(broker: redis.Redis) -> None:
    with transaction.atomic():
        ring_on_commit(beat_heart)
        assert messages(broker) == []
    assert len(messages(broker)) == 1
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ring_on_commit(beat_heart)
        raise ZeroDivisionError
    assert len(messages(broker)) == 1


def test_shrugs_when_the_broker_refuses(away: Any) -> None:
    away(9)
    assert ring(beat_heart) is False


def test_does_not_wait_for_a_broker_that_never_answers(away: Any) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(8)
        away(mute.getsockname()[1])
        began = time.monotonic()
        assert ring(beat_heart) is False
        assert time.monotonic() - began < 5  # the settings of the workers' own connection would take longer
