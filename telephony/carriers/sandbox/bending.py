"""What a fault does to a request and its answer."""

from __future__ import annotations

from collections.abc import Callable

from .context import Context
from .faults import Kind
from .wire import Answer, Delivery, refused

_REFUSALS = {
    Kind.ERROR_BEFORE: (500, "internal server error"),
    Kind.RATE_LIMITED: (429, "too many requests"),
    Kind.UNAVAILABLE: (404, "not found"),
    Kind.OUT_OF_CREDIT: (400, "insufficient credits to rent this number"),
    Kind.COMPLIANCE_REQUIRED: (400, "compliance_application_id is required to rent this number."),
}
_DELIVERIES = {
    Kind.SOLD_THEN_SILENT: Delivery.NEVER,
    Kind.SOLD_LATE: Delivery.NEVER,
    Kind.RESET_AFTER: Delivery.RESET,
    Kind.TRUNCATED: Delivery.CUT,
    Kind.DRIP: Delivery.DRIPPED,
}


def bend(context: Context, handler: Callable[[Context], Answer]) -> Answer:
    """Let ``handler`` answer, unless the fault says that nothing happens, and spoil the answer after it."""
    if context.fault is None:
        return handler(context)
    kind, seconds = context.fault.kind, context.fault.seconds
    if kind is Kind.SILENT:
        return Answer(delivery=Delivery.NEVER, seconds=seconds)
    if kind is Kind.RESET_BEFORE:
        return Answer(delivery=Delivery.RESET)
    if kind in _REFUSALS and not _papers_given(context):
        return _refusal(kind, seconds)
    return _spoiled(handler(context), kind, seconds)


def _refusal(kind: Kind, seconds: float) -> Answer:
    result = refused(*_REFUSALS[kind])
    if kind is Kind.RATE_LIMITED:
        result.headers["Retry-After"] = f"{seconds:g}"
    return result


def _spoiled(result: Answer, kind: Kind, seconds: float) -> Answer:
    if kind is Kind.ERROR_AFTER:
        return refused(500, "internal server error")
    if kind is Kind.GARBAGE:
        return Answer(result.status, b"<html>Bad gateway, but the status is fine</html>")
    if kind is Kind.SLOW:
        result.delay = seconds
    if kind in _DELIVERIES:
        # SOLD_LATE counts its seconds until the sale, so the client gets no hint before it gives up.
        hold = seconds + 60 if kind is Kind.SOLD_LATE else seconds
        result.delivery, result.seconds = _DELIVERIES[kind], hold
    return result


def _papers_given(context: Context) -> bool:
    asked = context.kind is Kind.COMPLIANCE_REQUIRED
    return asked and bool(context.request.fields().get("compliance_application_id"))
