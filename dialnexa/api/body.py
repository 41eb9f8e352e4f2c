"""Reading what clients send: strict JSON, forms with a file where one is taken, fields that don't guess, and
values a database can hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.fields import empty
from rest_framework.parsers import BaseParser

from dialnexa.errors import Refusal
from dialnexa.uploads import TakeFiles

S = TypeVar("S", bound=serializers.Serializer)
ROOM = 100_000  # bytes of a form beside its file
NOT_AN_OBJECT = 'The body must be a JSON object, for example {"nickname": "Front desk"}.'


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 has it: UTF-8, no NaN; no NUL and no half characters, which nothing could store."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise RequestDataTooBig
        try:
            value = json.loads(raw.decode(), parse_constant=_refuse_constant)
            if any("\x00" in text for text in _texts(value)):
                raise ValueError("it holds a NUL character")
            json.dumps(value, ensure_ascii=False).encode()
        except RecursionError:
            raise ParseError("The body is nested too deeply.") from None
        except ValueError as error:  # also bytes that are no UTF-8, and lone surrogates
            raise ParseError(f"The body is not valid JSON: {_without_body(error)}.") from None
        if not isinstance(value, dict):
            raise ParseError(NOT_AN_OBJECT)
        return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        yield from (text for inner in value.values() for text in _texts(inner))
    elif isinstance(value, list):
        yield from (text for inner in value for text in _texts(inner))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _without_body(error: ValueError) -> str:
    """What is wrong, never the bytes themselves (they may hold a password)."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return "it must be UTF-8 text" if isinstance(error, UnicodeError) else str(error)


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file in a form: what the client calls it, and its bytes."""

    name: str
    data: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """What tells it from another file."""
        return f"{self.name} {hashlib.sha256(self.data).hexdigest()}"


class FormParser(BaseParser):
    """A form (``multipart/form-data``) with at most one file, of up to ``largest`` bytes, as texts and a
    SentFile by name. A larger one is refused with ``too_large``, and not read.
    """

    media_type = "multipart/form-data"

    def __init__(self, *, largest: int, too_large: Refusal) -> None:
        self.largest, self.too_large = largest, too_large

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, str | SentFile]:
        meta = dict((parser_context or {})["request"].META)
        if int(meta.get("CONTENT_LENGTH") or 0) > self.largest + ROOM:
            raise self.too_large
        kind, _, options = (media_type or "").partition(";")
        meta["CONTENT_TYPE"] = f"{kind.strip().lower()};{options}"
        taken = TakeFiles(most=1, largest=self.largest)
        try:
            texts, files = MultiPartParser(meta, stream, [taken], "utf-8").parse()
        except MultiPartParserError as error:
            raise ParseError(f"The body is not a valid form: {error}.") from None
        if taken.too_large:
            raise self.too_large
        if taken.too_many:
            raise ParseError("The form has more than one file.")
        sent: dict[str, Any] = files.dict()
        found = {name: SentFile(file.name, file.read()) for name, file in sent.items()}
        return {**_single(texts.lists()), **found}


def _single(fields: Any) -> dict[str, str]:
    """Raises ParseError for a field that was sent twice, and for what nothing could store."""
    read = {}
    for name, texts in fields:
        if len(texts) > 1:
            raise ParseError(f"The form has the field {name[:40]} more than once.")
        if "\x00" in name + texts[0]:
            raise ParseError("The form holds a NUL character.")
        read[name] = texts[0]
    return read


def read(serializer: type[S], data: Any, **context: Any) -> dict[str, Any]:
    """``data`` checked by ``serializer``; only its fields. Raises ValidationError naming what is wrong."""
    filled = serializer(data=data, context=context)
    filled.is_valid(raise_exception=True)
    return dict(filled.validated_data)


class Text(serializers.CharField):
    """A string, and nothing that merely could be one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    """``true`` or ``false``; in a query also as text."""

    default_empty_html = empty  # what a query leaves out is not said, and not false

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool) and not (isinstance(data, str) and data in ("true", "false")):
            self.fail("invalid", input=data)
        return data is True or data == "true"


class Whole(serializers.IntegerField):
    """An integer: ``3``, in a query also ``"3"``; never ``3.0`` or ``true``."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int | str):
            self.fail("invalid")
        if isinstance(data, str) and not (data.isascii() and data.removeprefix("-").isdigit()):
            self.fail("invalid")
        return super().to_internal_value(data)


class File(serializers.FileField):
    """A SentFile."""

    def to_internal_value(self, data: Any) -> SentFile:  # type: ignore[override]
        if not isinstance(data, SentFile):
            self.fail("invalid")
        return data


class OneOf(serializers.ChoiceField):
    """One of some words; the refusal names them."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            words = ", ".join(str(word) for word in self.choices)
            raise serializers.ValidationError(f"This must be one of: {words}.")
        return data


class Moment(serializers.DateTimeField):
    """UTC, ISO 8601 with milliseconds: ``2026-11-21T05:38:09.000Z``."""

    def to_representation(self, value: datetime) -> str:
        return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


class Amount(serializers.DecimalField):
    """Money as a decimal string, at least two places: ``"250.00"``, ``"0.0085"``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 20, "decimal_places": 6, "coerce_to_string": True, **options})

    def to_representation(self, value: Decimal) -> str:
        return money_text(value)


def money_text(value: Decimal) -> str:
    """``Decimal("250.000000")`` as ``250.00``; more places only where they say something."""
    short = value.normalize()
    places = max(2, -int(short.as_tuple().exponent))
    return f"{short:.{places}f}"
