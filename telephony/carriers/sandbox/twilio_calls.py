"""Calls as Twilio has them, and SignalWire in its Compatibility API: they differ in names and statuses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

from . import placing, signing
from .calls import Call, Stage
from .context import Context
from .dialect import No, Refused
from .holdings import Owned
from .twilio_numbers import listing
from .voice import InboundUrls, Voice, Webhook
from .wire import Answer, answer

VERSION = "2010-04-01"
RATE = Decimal("0.0140")  # US dollars a minute, to everywhere
STATUSES = {
    Stage.ANSWERED: "in-progress",
    Stage.NO_ANSWER: "no-answer",
    Stage.CANCELLED: "canceled",
}
_EVENTS = {Stage.QUEUED: "initiated", Stage.RINGING: "ringing", Stage.ANSWERED: "answered"}


def place_call(context: Context) -> Answer:
    form = context.fields
    for name in ("To", "From", "Url"):
        if not form.get(name):
            raise Refused(No.BAD, f"No '{name}' is specified")
    call = placing.place(
        context,
        from_=form["From"],
        to=form["To"],
        answer_url=form["Url"],
        status_url=form.get("StatusCallback", ""),
        events=_events(context) or ("completed",),
        ring_seconds=float(form.get("Timeout") or 60),
        limit_seconds=float(form.get("TimeLimit") or 14_400),
    )
    return answer(200 if _at_signalwire(call) else 201, shown(call))


def list_calls(context: Context) -> Answer:
    query = context.request.query
    wanted = {"from_": query.get("From"), "to": query.get("To")}
    found = [shown(call) for call in placing.mine(context) if placing.suits(call, wanted)]
    return listing(context, "calls", found)


def get_call(context: Context) -> Answer:
    return answer(200, shown(placing.named(context)))


def update_call(context: Context) -> Answer:
    """End it: ``canceled`` only what nobody has answered, ``completed`` whatever it is."""
    call, wanted = placing.named(context), context.fields.get("Status")
    if wanted not in ("canceled", "completed"):
        raise Refused(No.BAD, "Status is canceled or completed")
    if call.live and not (wanted == "canceled" and call.stage is Stage.ANSWERED):
        placing.hang_up(context)
    return answer(200, shown(placing.named(context)))


class TwilioVoice(Voice):
    def __init__(self, header: str) -> None:
        self._header = header

    def question(self, call: Call) -> Webhook:
        return Webhook("question", call.answer_url, _about(call))

    def news(self, call: Call) -> Webhook | None:
        event = _EVENTS.get(call.stage, "completed")
        if not call.status_url or event not in call.events:
            return None
        said = {
            **_about(call),
            "CallbackSource": "call-progress-events",
            "Timestamp": _stamp(call.clock),
            "SequenceNumber": str(call.told),
        }
        if call.stage is Stage.QUEUED:
            said["CallStatus"] = "initiated"
        if not call.live:
            minutes = math.ceil(call.duration / 60)
            said |= {"CallDuration": str(call.duration), "Duration": str(minutes)}
        return Webhook(event, call.status_url, said)

    def signature(self, webhook: Webhook, token: str) -> dict[str, str]:
        return {self._header: signing.twilio(webhook.url, webhook.fields, token)}

    def inbound_urls(self, owned: Owned, applications: Mapping[str, Mapping[str, Any]]) -> InboundUrls:
        told = {**owned.settings, **applications.get(owned.app_id, {})}
        answer_url = told.get("voice_url") or told.get("call_request_url") or ""
        status_url = told.get("status_callback") or told.get("call_status_callback_url") or ""
        return InboundUrls(answer_url, status_url)


def shown(call: Call) -> dict[str, Any]:
    """The call as the API shows it."""
    fields = {
        "sid": sid_of(call),
        "account_sid": call.account,
        "date_created": _stamp(call.at),
        "date_updated": _stamp(call.clock),
        "to": f"+{call.to}",
        "to_formatted": f"+{call.to}",
        "from": f"+{call.from_}",
        "from_formatted": f"+{call.from_}",
        "status": STATUSES.get(call.stage, call.stage),
        "start_time": _stamp(call.answered_at),
        "end_time": _stamp(call.ended_at),
        "price_unit": "USD",
        "direction": call.direction if _at_signalwire(call) else _direction(call),
        "api_version": VERSION,
        **dict.fromkeys(_NULLS),
    }
    return fields | (_as_signalwire(call) if _at_signalwire(call) else _as_twilio(call))


def _as_twilio(call: Call) -> dict[str, Any]:
    """Amounts are strings, and what is spent is negative."""
    base = f"/{VERSION}/Accounts/{call.account}/Calls/{sid_of(call)}"
    return {
        "duration": None if call.live else str(call.duration),
        "price": None if call.live else str(-_cost(call)),
        "queue_time": "0",
        "trunk_sid": None,
        "uri": f"{base}.json",
        "subresource_uris": {"recordings": f"{base}/Recordings.json"},
    }


def _as_signalwire(call: Call) -> dict[str, Any]:
    """Amounts are numbers."""
    base = f"/api/laml/{VERSION}/Accounts/{call.account}/Calls/{call.id}"
    return {
        "duration": call.duration,
        "price": None if call.live else float(_cost(call)),
        "formatted_to": f"+{call.to}",
        "formatted_from": f"+{call.from_}",
        "uri": base,
        "subresource_uris": {"recordings": f"{base}/Recordings", "notifications": f"{base}/Notifications"},
        **_SIGNALWIRE,
    }


_NULLS = ("parent_call_sid", "phone_number_sid", "answered_by", "forwarded_from", "caller_name", "group_sid")
_MEASURES = ("audio_rtt_avg", "audio_rtt_min", "audio_rtt_max", "audio_out_lost")
_JITTERS = ("audio_out_jitter_min", "audio_out_jitter_max", "audio_out_jitter_avg")
_SIGNALWIRE: dict[str, Any] = {
    "annotation": None,
    "audio_in_mos": None,
    "sip_result_code": None,
    **dict.fromkeys((*_MEASURES, *_JITTERS)),
}


def sid_of(call: Call) -> str:
    return call.id if _at_signalwire(call) else f"CA{call.id.replace('-', '')}"


def _about(call: Call) -> dict[str, str]:
    return {
        "AccountSid": call.account,
        "ApiVersion": VERSION,
        "CallSid": sid_of(call),
        "CallStatus": STATUSES.get(call.stage, call.stage),
        "Direction": _direction(call),
        "From": f"+{call.from_}",
        "To": f"+{call.to}",
    }


def _direction(call: Call) -> str:
    return "outbound-api" if call.direction == "outbound" else "inbound"


def _events(context: Context) -> tuple[str, ...]:
    """The field may be repeated; separated by spaces it is understood too."""
    pairs = parse_qsl(context.request.body.decode())
    return tuple(word for key, value in pairs if key == "StatusCallbackEvent" for word in value.split())


def _at_signalwire(call: Call) -> bool:
    return call.carrier == "signalwire"


def _cost(call: Call) -> Decimal:
    return (RATE * call.billed / 60).quantize(RATE)


def _stamp(timestamp: float | None) -> Any:
    return None if timestamp is None else format_datetime(datetime.fromtimestamp(timestamp, UTC))
