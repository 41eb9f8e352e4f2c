"""A browser's report of what the policy forbade …"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

URL = "/csp-reports"
KIND = "application/csp-report"


def send(client: Client, report: Any) -> int:
    return client.post(URL, json.dumps({"csp-report": report}), KIND).status_code


def test_is_told_without_what_an_address_holds(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    report = {
        "effective-directive": "script-src-elem",
        "blocked-uri": "https://user:canary@evil.example:8443/x?y=canary",
        "document-uri": "https://numbers.example/invitations/canary/?q=canary",
        "script-sample": "canary",
    }
    assert send(client, report) == 204
    assert caplog.messages == [
        "A browser refused script-src-elem: evil.example:8443 on invitations/<str:token>/"
    ]


@pytest.mark.parametrize(
    ("report", "told"),
    [
        ({"violated-directive": "style-src 'self'", "blocked-uri": "inline"}, "style-src: inline on /"),
        (
            {"effective-directive": "x\nERROR forged", "blocked-uri": "http://[::1"},
            "something: something on /",
        ),
        ({"blocked-uri": ["https://a"], "document-uri": {"a": 1}}, "something: something on no page of ours"),
    ],
)
def test_brings_no_words_of_its_own_into_the_log(
    client: Client, caplog: pytest.LogCaptureFixture, report: Any, told: str
) -> None:
    assert send(client, {"document-uri": "https://numbers.example/"} | report) == 204
    assert caplog.messages == [f"A browser refused {told}"]


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"csp-report": 1}', "[" * 9_000, "\xff"])
def test_is_let_go_when_it_is_none(client: Client, caplog: pytest.LogCaptureFixture, body: str) -> None:
    assert client.post(URL, body.encode("latin-1"), KIND).status_code == 204
    assert caplog.messages == []


def test_is_refused_when_it_is_long(client: Client) -> None:
    assert send(client, {"blocked-uri": "x" * 16_000}) == 413


def test_does_not_fill_the_log(
    client: Client, caplog: pytest.LogCaptureFixture, settings: LazySettings
) -> None:
    settings.CSP_REPORTS_LOGGED = "2/hour"
    for _ in range(9):
        assert send(client, {"blocked-uri": "eval"}) == 204
    assert len(caplog.messages) <= 2
