"""The wires to PostgreSQL and Redis …"""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from dialnexa.wires import open_wires, strict_redis

HERE = ("postgres://u:p@127.0.0.1/n", "redis://localhost:6379/0")


@pytest.mark.parametrize(
    "database",
    [
        "postgres:///n",
        "postgres://u:p@%2Frun%2Fpostgresql/n",
        "postgres:///n?host=/run/postgresql",
        "postgres://u:p@[::1]:5432/n",
        "postgres://u:p@db.example/n?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgres://u:p@10.20.0.5:6432/n",
    ],
)
def test_are_closed_to(database: str) -> None:
    assert list(open_wires(database, HERE[1], plain=["10.20.0.5"])) == []


@pytest.mark.parametrize(
    "database",
    [
        "postgres://u:p@db.example/n",
        "postgres://u:p@db.example/n?sslmode=require",
        "postgres://u:p@db.example/n?sslmode=verify-ca",
        "postgres://u:p@127.0.0.1,db.example:5432/n",
        "postgres:///n?host=db.example",
        "postgres:///n?hostaddr=192.0.2.7",
        "postgres://u:p@localhost.example/n",
    ],
)
def test_are_open_to_who_is_on_the_way_to(database: str) -> None:
    assert [told.split()[0] for told in open_wires(database, HERE[1], plain=["10.20.0.5"])] == [
        "DATABASE_URL"
    ]


@pytest.mark.parametrize(
    ("redis", "is_open"),
    [
        ("unix:///run/redis.sock?db=0", False),
        ("redis://:p@[::1]:6379/0", False),
        ("rediss://:p@cache.example:6380/0", False),
        ("redis://10.20.0.5", False),
        ("redis://cache.example", True),
        ("rediss://cache.example/0?ssl_cert_reqs=none", True),
        ("rediss://cache.example/0?ssl_check_hostname=false", True),
    ],
)
def test_of_redis_need_a_certificate(redis: str, *, is_open: bool) -> None:
    assert bool(list(open_wires(HERE[0], redis, plain=["10.20.0.5"]))) is is_open


def test_have_celery_look_at_certificates() -> None:
    from kombu import Connection

    asked: Any = Connection(strict_redis("rediss://cache.example/0")).ssl
    assert asked["ssl_cert_reqs"] == ssl.CERT_REQUIRED
    assert strict_redis("redis://cache.example/0") == "redis://cache.example/0"
