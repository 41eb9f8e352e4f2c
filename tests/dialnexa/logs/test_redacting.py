"""A line of the log …"""

from __future__ import annotations

import pytest

from dialnexa.logs.redacting import Redactor, redacted, secret_values


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("called +918035340001", "called +91…01"),
        ("called +91 80353 40001.", "called +91…01."),
        ("GET /Number/918035340001/", "GET /Number/+91…01/"),
        ("?PhoneNumber=%2B14155550123", "?PhoneNumber=+14…23"),
        ("a key dnx_4f9sK2m8Qw7 was sent", "a key dnx_*** was sent"),
        ("redis://:hunter2@cache.example/0", "redis://***@cache.example/0"),
        ("Authorization: Bearer abc.def.ghi", "Authorization: ***"),
        ("{'auth_token': 'zzz', 'n': 1}", "{'auth_token': '***', 'n': 1}"),
        ("to asha@clinic.example", "to ***@clinic.example"),
        ("Not Found: /invitations/s3cret-t0ken/", "Not Found: /invitations/***/"),
    ],
)
def test_masks_what_nobody_may_read_there(text: str, written: str) -> None:
    assert redacted(text) == written


@pytest.mark.parametrize(
    "text",
    [
        "ord_01jd3vx1q8c2m4z6t7w9y0b5ra: the carrier sold it after the order was refused",
        "2026-11-21T15:47:12.081+00:00 took 1200 ms on 10.20.30.40:5432",
        "dededede-dede-dede-dede-123456789012",
        "charged 250.00 INR",
    ],
)
def test_keeps_what_makes_it_useful(text: str) -> None:
    assert redacted(text) == text


def test_hides_the_values_the_process_was_told() -> None:
    told = {
        "DIALNEXA_SEALING_KEYS": "2:bmV3LWtleQ==,1:b2xkLWtleQ==",
        "DIALNEXA_SIP_ENGINES": "kamailio=engine-canary",
        "DATABASE_URL": "postgres://web:p%40ss-word@db.example/numbers",
        "DIALNEXA_SUPPORT_EMAIL": "support@dialnexa.example",
        "PATH": "/usr/bin",
    }
    secrets = secret_values(told)
    assert {"bmV3LWtleQ==", "b2xkLWtleQ==", "engine-canary", "p@ss-word", "p%40ss-word"} <= {*secrets}
    assert redacted("it says engine-canary", secrets) == "it says ***"
    assert "/usr/bin" not in secrets


def test_looks_into_everything_it_is_given() -> None:
    line = Redactor([])(None, "", {"message": "x", "password": "p", "ms": 3, "tried": ["+918035340001"]})
    assert line == {"message": "x", "password": "***", "ms": 3, "tried": ["+91…01"]}
