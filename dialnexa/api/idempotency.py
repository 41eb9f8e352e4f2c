"""``Idempotency-Key``: the same POST sent again gets the same answer, and happens once.

The record is claimed before the endpoint runs and completed with its answer. Answers of 5xx are not kept:
the request may be sent again, and the verbs underneath make sure nothing happens twice. A request whose
process died leaves a claim that ends after ``LOCK``.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.body import SentFile
from dialnexa.api.keys import key_of
from dialnexa.errors import Refusal
from dialnexa.models import IdempotencyRecord

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
LOCK = timedelta(seconds=60)  # longer than any request takes
LIMIT = 255  # characters
KEPT_HEADERS = ("Location", "Preference-Applied", "Retry-After")
ANSWERS = (Refusal, APIException, Http404, PermissionDenied)
Endpoint = Callable[..., Response]


def idempotent(post: Endpoint) -> Callable[..., HttpResponse]:
    """Wrap an ApiView's ``post``. The key, if there is one, is ``request.idempotency_key``."""

    @functools.wraps(post)
    def wrapped(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        request.idempotency_key = key = _key(request)  # type: ignore[attr-defined]
        if not key:
            return post(view, request, *args, **kwargs)
        fingerprint = _fingerprint(request)
        record, new = _claim(request, key, fingerprint, clock.now())
        if not new:
            return _replay(record)
        with _freed_unless_answered(record):
            try:
                response = post(view, request, *args, **kwargs)
            except ANSWERS as error:
                response = view.handle_exception(error)
            _complete(record, response)
        return response

    wrapped.is_idempotent = True  # type: ignore[attr-defined]
    return wrapped


def forget_old(*, now: datetime) -> int:
    """Delete records past their 24 hours; how many there were."""
    return IdempotencyRecord.objects.filter(created_at__lt=now - KEPT).delete()[0]


def _key(request: Request) -> str:
    key = request.headers.get(HEADER, "")
    if len(key) > LIMIT or not key.isascii() or not key.isprintable():
        raise Refusal(
            "idempotency_key_invalid",
            f"{HEADER} must be 1 to {LIMIT} printable ASCII characters, for example a UUID.",
        )
    return key.strip()


def _fingerprint(request: Request) -> str:
    """Of method, path and the body's values: blanks, the order of fields and a form's boundary don't matter.

    Keyed, because a body may hold a password, and a plain digest of it could be guessed at.
    """
    body = json.dumps(request.data, sort_keys=True, default=_as_text)
    said = "\n".join((request.method or "", request.get_full_path(), body))
    return salted_hmac(__name__, said, algorithm="sha256").hexdigest()


def _as_text(value: object) -> str:
    return value.fingerprint if isinstance(value, SentFile) else str(value)


def _claim(request: Request, key: str, fingerprint: str, now: datetime) -> tuple[IdempotencyRecord, bool]:
    """The record, and whether this request is to do the work. Raises Refusal 409 or 422."""
    route = request.path.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:120]  # %00 can't be stored
    named = {"api_key": key_of(request), "route": route, "key": key}
    IdempotencyRecord.objects.filter(**named, created_at__lt=now - KEPT).delete()
    fresh = {"fingerprint": fingerprint, "locked_until": now + LOCK, "created_at": now}
    record, new = IdempotencyRecord.objects.get_or_create(**named, defaults=fresh)
    if record.fingerprint != fingerprint:
        raise Refusal(
            "idempotency_key_reused",
            f"This {HEADER} was used for another request. Use a new one for a new request.",
            status=422,
        )
    if new or record.status is not None:
        return record, new
    abandoned = IdempotencyRecord.objects.filter(pk=record.pk, status=None, locked_until__lte=now)
    if not abandoned.update(locked_until=now + LOCK):
        raise Refusal(
            "request_in_progress",
            f"A request with this {HEADER} is still being worked on. Ask again in a moment.",
            status=409,
            retry_after=1,
        )
    return record, True


def _replay(record: IdempotencyRecord) -> HttpResponse:
    response = HttpResponse(record.body, status=record.status, content_type="application/json")
    for name, value in record.headers.items():
        response[name] = value
    response["Idempotency-Replayed"] = "true"
    return response


@contextmanager
def _freed_unless_answered(record: IdempotencyRecord) -> Iterator[None]:
    """A fault of ours goes on its way, and the key may be used again."""
    try:
        yield
    finally:
        if record.status is None:
            record.delete()


def _complete(record: IdempotencyRecord, response: Response) -> None:
    """Keep the answer, or what it says is to be ``kept`` of it. A refusal is one, too; 5xx is none."""
    if response.status_code >= 500:
        return
    record.status = response.status_code
    record.body = JSONRenderer().render(getattr(response, "kept", response.data)).decode()
    record.headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    record.save(update_fields=["status", "body", "headers"])
