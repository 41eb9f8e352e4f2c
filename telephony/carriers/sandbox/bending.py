"""What a fault does to a request and its answer."""

from __future__ import annotations

from .context import Context
from .dialect import Handler, No
from .faults import Kind
from .wire import Answer, Delivery

_REFUSALS = {
    Kind.ERROR_BEFORE: No.BROKEN,
    Kind.RATE_LIMITED: No.TOO_MANY,
    Kind.UNAVAILABLE: No.GONE,
    Kind.OUT_OF_CREDIT: No.NO_CREDIT,
    Kind.COMPLIANCE_REQUIRED: No.PAPERS,
}
_DELIVERIES = {
    Kind.SOLD_THEN_SILENT: Delivery.NEVER,
    Kind.SOLD_LATE: Delivery.NEVER,
    Kind.RESET_AFTER: Delivery.RESET,
    Kind.TRUNCATED: Delivery.CUT,
    Kind.DRIP: Delivery.DRIPPED,
}


def bend(context: Context, handler: Handler) -> Answer:
    """Let ``handler`` answer, unless the fault says that nothing happens, and spoil the answer after it."""
    if context.fault is None:
        return handler(context)
    kind, seconds = context.fault.kind, context.fault.seconds
    if kind is Kind.SILENT:
        return Answer(delivery=Delivery.NEVER, seconds=seconds)
    if kind is Kind.RESET_BEFORE:
        return Answer(delivery=Delivery.RESET)
    if kind in _REFUSALS and not _papers_given(context):
        return _refusal(context, kind, seconds)
    return _spoiled(context, handler(context), kind, seconds)


def _refusal(context: Context, kind: Kind, seconds: float) -> Answer:
    result = context.dialect.refuse(_REFUSALS[kind])
    if kind is Kind.RATE_LIMITED:
        result.headers["Retry-After"] = f"{seconds:g}"
    return result


def _spoiled(context: Context, result: Answer, kind: Kind, seconds: float) -> Answer:
    if kind is Kind.ERROR_AFTER:
        return context.dialect.refuse(No.BROKEN)
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
    return asked and context.dialect.has_papers(context.request)
