"""What happens to calls whichever carrier is asked: they are placed, found and ended."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from .calls import Call
from .context import Context
from .dialect import No, Refused
from .faults import Kind

SECONDS_A_DAY = 86_400


def place(context: Context, *, from_: str, to: str, **told: Any) -> Call:
    """Take a call and let it begin. ``told`` is what else the request says: fields of Call.

    Raises Refused BAD for what no carrier could dial or ask.
    """
    for name in ("ring_seconds", "limit_seconds"):
        if not 1 <= told[name] <= SECONDS_A_DAY:
            raise Refused(No.BAD, f"{name} is not a time")
    for url in (told["answer_url"], told.get("ring_url"), told.get("status_url")):
        _refuse_no_url(url or "")
    now = context.state.now()
    call = Call(
        id=str(uuid.uuid4()),
        carrier=context.dialect.slug,
        account=context.account,
        direction="outbound",
        from_=digits(from_),
        to=digits(to),
        at=now,
        clock=now,
        **told,
    )
    late = context.fault.seconds if context.fault and context.kind is Kind.SOLD_LATE else 0.0
    context.switchboard.place(call, after=late)
    return call


def mine(context: Context) -> list[Call]:
    """The sender's calls, newest first."""
    with context.state.locked() as contents:
        return [call for call in reversed(contents.calls.values()) if call.account == context.account]


def named(context: Context) -> Call:
    """The sender's call that the path names. Raises Refused NOT_FOUND."""
    with contextlib.suppress(ValueError):
        call = context.state.call(str(uuid.UUID(context.id.removeprefix("CA"))))
        if call and call.account == context.account:
            return call
    raise Refused(No.NOT_FOUND)


def hang_up(context: Context) -> None:
    """End the call that the path names. Raises Refused NOT_FOUND, also when it is over."""
    if not context.switchboard.hang_up(named(context).id):
        raise Refused(No.NOT_FOUND)


def suits(call: Call, wanted: Mapping[str, str | None]) -> bool:
    """Whether the call has these numbers; None is any."""
    return all(
        value is None or value.removeprefix("+") == getattr(call, name) for name, value in wanted.items()
    )


def digits(number: str) -> str:
    """Raises Refused BAD."""
    found = number.strip().removeprefix("+")
    if not (found.isascii() and found.isdigit() and 7 <= len(found) <= 15):
        raise Refused(No.BAD, f"{number[:40]} is not a phone number")
    return found


def _refuse_no_url(url: str) -> None:
    if url and not (urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname):
        raise Refused(No.BAD, f"{url[:80]} is not a URL")
