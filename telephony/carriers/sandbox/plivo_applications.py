"""Plivo's Account and Application resources."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from . import plivo_wire as wire
from .context import Context
from .dialect import No, Refused
from .plivo_numbers import listing
from .plivo_wire import answer
from .wire import Answer

_FIELDS = ("app_name", "answer_url", "answer_method", "hangup_url", "hangup_method", "fallback_answer_url")


def show_account(context: Context) -> Answer:
    return answer(200, **wire.account(context.account, context.state.credit(context.account)))


def list_applications(context: Context) -> Answer:
    with context.state.locked() as contents:
        mine = [
            wire.application(context.account, app_id, fields)
            for app_id, fields in contents.applications.items()
            if fields["account"] == context.account
        ]
    return listing(context, mine, dict)


def get_application(context: Context) -> Answer:
    with context.state.locked() as contents:
        fields = contents.applications.get(context.id, {})
    if fields.get("account") != context.account:
        raise Refused(No.NOT_FOUND)
    return answer(200, **wire.application(context.account, context.id, fields))


def create_application(context: Context) -> Answer:
    fields = _known(context.fields)
    if not fields.get("app_name"):
        raise Refused(No.BAD, "app_name parameter is missing")
    app_id = str(random.randrange(10**16, 10**17))
    context.state.save_application(context.account, app_id, fields)
    return answer(201, app_id=app_id, message="created")


def update_application(context: Context) -> Answer:
    fields = _known(context.fields)
    if not context.has_application(context.id):
        raise Refused(No.NOT_FOUND)
    context.state.save_application(context.account, context.id, fields)
    return answer(202, message="changed")


def _known(fields: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(fields[key]) for key in _FIELDS if fields.get(key) is not None}
