"""What a client sends …"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import RequestDataTooBig
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError

from dialnexa.api.body import Amount, Flag, Moment, OneOf, StrictJSONParser, Text, Whole, money_text, read


def parse(raw: bytes) -> Any:
    return StrictJSONParser().parse(BytesIO(raw))


def test_is_read_as_json() -> None:
    assert parse('{"nickname": "Büro", "n": [1, null]}'.encode()) == {"nickname": "Büro", "n": [1, None]}


def test_is_read_up_to_a_megabyte(settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert parse(b'{"a": 123}') == {"a": 123}
    with pytest.raises(RequestDataTooBig):
        parse(b'{"a": 1234}')


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": "\\u0000"}',
        b'{"\\u0000": 1}',
        b'{"a": ["\\ud800"]}',
        b'{"\\udfff": 1}',
        b'{"a": "\xff"}',
        "{}".encode("utf-16"),
        b'{"a":' * 100_000,
        b"[" * 1_000_000,
        b'{"a": ' + b"9" * 10_000 + b"}",
    ],
)
def test_is_refused_when_it_is_no_object_that_could_be_stored(raw: bytes) -> None:
    with pytest.raises(ParseError):
        parse(raw)


def test_is_not_repeated_in_the_refusal() -> None:
    with pytest.raises(ParseError) as refused:
        parse(b'{"sipTrunkPassword": "hunter2", }')
    assert "hunter2" not in str(refused.value)


class Probe(serializers.Serializer):
    name = Text(required=False)
    on = Flag(required=False)
    count = Whole(required=False, max_value=10)


@pytest.mark.parametrize(
    "body",
    [
        {"name": 5},
        {"name": True},
        {"name": ["a"]},
        {"name": None},
        {"on": 1},
        {"on": "yes"},
        {"on": None},
        {"count": True},
        {"count": 1.0},
        {"count": "1e1"},
        {"count": "٣"},
        {"count": "--1"},
        {"count": 10**400},
        {"count": "9" * 5000},
    ],
)
def test_is_not_guessed_at(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(Probe, body)


@pytest.mark.parametrize("wrong", ["red", "", None, 1, ["big"], {"big": 1}])
def test_is_told_the_words_there_are(wrong: Any) -> None:
    class Sized(serializers.Serializer):
        size = OneOf(["big", "small"])

    with pytest.raises(ValidationError) as refused:
        read(Sized, {"size": wrong})
    if wrong is not None:
        assert "one of: big, small" in str(refused.value.detail)


def test_may_be_text_where_it_comes_from_a_query() -> None:
    assert read(Probe, {"on": "true", "count": "-3", "more": 1}) == {"on": True, "count": -3}


@pytest.mark.parametrize(
    "amount, text",
    [("250", "250.00"), ("0.0085", "0.0085"), ("1E+3", "1000.00"), ("0", "0.00"), ("92.500000", "92.50")],
)
def test_gets_money_back_as_an_exact_string(amount: str, text: str) -> None:
    assert money_text(Decimal(amount)) == text
    assert Amount().to_representation(Decimal(amount)) == text


def test_gets_times_back_in_utc_with_milliseconds() -> None:
    moment = datetime(2026, 11, 21, 5, 38, 9, tzinfo=UTC)
    assert Moment().to_representation(moment) == "2026-11-21T05:38:09.000Z"


def test_leaves_out_what_a_query_does_not_say() -> None:
    assert read(Probe, QueryDict("name=a")) == {"name": "a"}
    assert read(Probe, QueryDict("on=false&count=3")) == {"on": False, "count": 3}
