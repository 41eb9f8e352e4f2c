"""What a carrier says of a call, read strictly: ValueError for what can't be read, whoever said it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from telephony.e164 import is_e164

from .reply import printable
from .voice import SignedRequest

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 400  # far more than any carrier sends
LONGEST_VALUE = 255  # characters of a value that is kept
NOBODY = "anonymous"  # stands for a caller who is not named

_SECONDS = re.compile(r"[0-9]{1,7}", re.ASCII)
_AMOUNT = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,10})?", re.ASCII)


def pairs(query: str) -> list[tuple[str, str]]:
    """The decoded names and values of a query or form, in their order, empty values among them."""
    return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)


def form(request: SignedRequest) -> list[tuple[str, str]]:
    """The fields of the form that was posted; none where there is no body."""
    if not request.body:
        return []
    if not is_form(request):
        raise ValueError("the body is no form")
    return pairs(request.body.decode())


def is_form(request: SignedRequest) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


def fields(request: SignedRequest) -> dict[str, str]:
    """The form's fields by name. One that has two different values could be read either way: ValueError."""
    found: dict[str, str] = {}
    for name, value in form(request):
        if found.setdefault(name, value) != value:
            raise ValueError(f"{printable(name, 40)} has two values")
    return found


def json_fields(request: SignedRequest) -> dict[str, str]:
    """The fields of a JSON object, as ``fields`` are of a form."""
    try:
        value = json.loads(request.body, parse_float=str)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return texts(value)


def texts(item: Mapping[str, Any]) -> dict[str, str]:
    """A JSON object's texts and whole numbers, to be read as a form's fields are. Null is as not said."""
    kept = {name: value for name, value in item.items() if isinstance(value, str | int)}
    return {name: str(value) for name, value in kept.items() if not isinstance(value, bool)}


def word(said: Mapping[str, str], name: str) -> str:
    """A value that must be there, in one printable line."""
    value = said.get(name, "")
    if not value or not value.isprintable() or len(value) > LONGEST_VALUE:
        raise ValueError(f"{name} is missing or unreadable")
    return value


def party(said: Mapping[str, str], name: str) -> str:
    """Who calls or is called: E.164 where it is one, also without its ``+``; else as the carrier wrote it."""
    value = word(said, name) if said.get(name) else NOBODY
    e164 = "+" + value.removeprefix("+").strip()
    return e164 if is_e164(e164) else value


def seconds(said: Mapping[str, str], name: str) -> int | None:
    value = said.get(name, "")
    if not value:
        return None
    if not _SECONDS.fullmatch(value):
        raise ValueError(f"{name} is no number of seconds")
    return int(value)


def amount(said: Mapping[str, str], name: str) -> Decimal | None:
    value = said.get(name, "")
    if not value:
        return None
    if not _AMOUNT.fullmatch(value):
        raise ValueError(f"{name} is no amount")
    return Decimal(value)


def moment(said: Mapping[str, str], name: str, read: Callable[[str], datetime]) -> datetime | None:
    """A time, as ``read`` understands the carrier's way to write it; UTC where it names no zone."""
    value = said.get(name, "")
    if not value:
        return None
    found = read(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
