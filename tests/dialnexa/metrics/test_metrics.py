"""/metrics …"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth import authenticate
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import DjangoAssertNumQueries

from dialnexa import heartbeats
from dialnexa.metrics.counting import operation
from dialnexa.metrics.reading import read_all
from phone_numbers.models import LedgerProof

NEAR, FAR = "10.20.0.9", "203.0.113.7"


@pytest.fixture(autouse=True)
def _protected(settings: LazySettings) -> None:
    settings.METRICS_NETWORKS = [ip_network("10.20.0.0/16")]
    settings.METRICS_TOKEN = "a token of Prometheus"
    settings.METRICS_KEPT = 0.0


def ask(client: Client, address: str = NEAR, **headers: str) -> Any:
    return client.get("/metrics", headers={"host": "10.0.0.7", **headers}, REMOTE_ADDR=address)


def value(client: Client, name: str) -> float:
    lines = ask(client).content.decode().splitlines()
    return float(next(line.rpartition(" ")[2] for line in lines if line.startswith(name)))


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        (NEAR, {}, 200),
        (FAR, {}, 403),
        (NEAR, {"X-Forwarded-For": FAR}, 403),
        (NEAR, {"X-Real-IP": FAR}, 403),  # all that many a proxy says
        (NEAR, {"X-Forwarded-Proto": "https"}, 403),
        (NEAR, {"Forwarded": f"for={FAR}"}, 403),
        (NEAR, {"Via": "1.1 proxy"}, 403),
        ("", {}, 403),
        (FAR, {"Authorization": "Bearer a token of Prometheus"}, 200),
        (FAR, {"Authorization": "Bearer another"}, 403),
    ],
)
@pytest.mark.django_db
def test_is_for_those_who_are_named(
    client: Client, address: str, headers: dict[str, str], status: int
) -> None:
    answer = ask(client, address, **headers)
    assert answer.status_code == status
    assert (b"dialnexa_" in answer.content) == (status == 200)


@pytest.mark.django_db
def test_is_nobodys_without_a_token_in_the_settings(client: Client, settings: LazySettings) -> None:
    settings.METRICS_TOKEN = ""
    assert ask(client, FAR, Authorization="Bearer ").status_code == 403


def test_tells_how_the_books_stand(client: Client, db: None, now: datetime) -> None:
    wrong = [{"code": "sums", "count": 3}]
    LedgerProof.objects.create(at=now - timedelta(hours=2), ok=False, took_ms=5, entries=9, checks=wrong)
    assert value(client, "dialnexa_ledger_proof_ok") == 0
    assert value(client, "dialnexa_ledger_proof_failures") == 3
    assert value(client, "dialnexa_ledger_proof_age_seconds") == pytest.approx(7200, abs=60)


def test_tells_when_a_thread_of_the_sweeper_was_seen(client: Client, db: None, now: datetime) -> None:
    heartbeats.beat("sweeper:rent", now=now - timedelta(seconds=90))
    assert value(client, 'dialnexa_heartbeat_age_seconds{name="sweeper:rent"}') == pytest.approx(90, abs=60)


def test_counts_requests_by_pattern(client: Client, db: None) -> None:
    name = 'dialnexa_requests_total{method="GET",route="accounts/login/",status="200"}'
    client.get("/accounts/login/")
    before = value(client, name)
    client.get("/accounts/login/")
    assert value(client, name) == before + 1


def test_counts_sign_ins_that_fail(client: Client, db: None) -> None:
    authenticate(None, email="nobody@dialnexa.example", password="a guess")
    before = value(client, 'dialnexa_sign_ins_failed_total{step="password"}')
    authenticate(None, email="nobody@dialnexa.example", password="another")
    assert value(client, 'dialnexa_sign_ins_failed_total{step="password"}') == before + 1


def test_reads_little(db: None, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_max_num_queries(20):
        readings = list(read_all(now))
    assert {reading.name for reading in readings} >= {"orders_open", "rent_late_seconds", "kyc_waiting"}


BIG = (
    "numbers_numberorder",
    "numbers_phonenumber",
    "numbers_rental",
    "numbers_drift",
    "numbers_ledgerproof",
    "telephony_call",
    "dialnexa_webhookdelivery",
    "dialnexa_noticecopy",
    "kyc_kyccase",
)


def test_needs_no_big_table_as_a_whole(db: None, now: datetime) -> None:
    """A table that is read as a whole although that is forbidden has no index for what was asked."""
    with CaptureQueriesContext(connection) as asked:
        list(read_all(now))
    plans = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for query in asked.captured_queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
    whole = {table for plan in plans for table in re.findall(r"Seq Scan on (\w+)", plan)}
    assert whole & {*BIG} == set()
    assert sum(table in plan for table in BIG for plan in plans) >= len(BIG)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/v1/Account/MADEMO00000000000000/Number/918035340001/", "GET /v1/Account/*/Number/*/"),
        (
            "/2010-04-01/Accounts/ACdede0de/IncomingPhoneNumbers.json",
            "GET /*/Accounts/*/IncomingPhoneNumbers.json",
        ),
        ("/api/relay/rest/phone_numbers/search", "GET /api/relay/rest/phone_numbers/search"),
    ],
)
def test_names_operations_without_numbers_and_accounts(path: str, shown: str) -> None:
    assert operation("GET", path) == shown
