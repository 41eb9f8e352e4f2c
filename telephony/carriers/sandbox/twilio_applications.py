"""Twilio's Balance and Applications resources."""

from __future__ import annotations

import uuid
from typing import Any

from . import twilio_wire as wire
from .context import Context
from .dialect import No, Refused
from .twilio_numbers import listing
from .wire import Answer, answer

_FIELDS = {
    "FriendlyName": "friendly_name",
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "voice_fallback_url",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
}


def show_balance(context: Context) -> Answer:
    credit = context.state.credit(context.account)
    return answer(200, {"account_sid": context.account, "balance": f"{credit:.2f}", "currency": "USD"})


def list_applications(context: Context) -> Answer:
    wanted = context.request.query.get("FriendlyName", "")
    with context.state.locked() as contents:
        mine = [
            _shown(context, sid, fields)
            for sid, fields in contents.applications.items()
            if fields["account"] == context.account and wanted in ("", fields.get("friendly_name"))
        ]
    return listing(context, "applications", mine)


def get_application(context: Context) -> Answer:
    return answer(200, _saved(context, context.id))


def create_application(context: Context) -> Answer:
    sid = f"AP{uuid.uuid4().hex}"
    context.state.save_application(context.account, sid, _known(context))
    return answer(201, _saved(context, sid))


def update_application(context: Context) -> Answer:
    _saved(context, context.id)
    context.state.save_application(context.account, context.id, _known(context))
    return answer(200, _saved(context, context.id))


def _known(context: Context) -> dict[str, str]:
    form = context.fields
    return {ours: form[name] for name, ours in _FIELDS.items() if name in form}


def _saved(context: Context, sid: str) -> dict[str, Any]:
    """The application as Twilio shows it. Raises Refused NOT_FOUND."""
    if not context.has_application(sid):
        raise Refused(No.NOT_FOUND)
    with context.state.locked() as contents:
        return _shown(context, sid, contents.applications[sid])


def _shown(context: Context, sid: str, fields: dict[str, Any]) -> dict[str, Any]:
    return wire.application(context.account, sid, fields, context.state.now())
