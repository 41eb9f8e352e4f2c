"""Plivo's calls: placed, looked up and ended over its API, and told of by its webhooks."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from . import placing, signing
from .calls import Call, Stage
from .context import Context
from .dialect import No, Refused
from .holdings import Owned
from .plivo_numbers import listing
from .plivo_wire import answer
from .voice import InboundUrls, Voice, Webhook
from .wire import Answer

RATE = Decimal("0.00850")  # US dollars a minute, to everywhere
STATUSES = {
    Stage.ANSWERED: "in-progress",
    Stage.NO_ANSWER: "no-answer",
    Stage.CANCELLED: "cancel",
}
CAUSES = {
    Stage.COMPLETED: ("NORMAL_CLEARING", "4000", "Normal Hangup"),
    Stage.BUSY: ("USER_BUSY", "3010", "Busy Line"),
    Stage.NO_ANSWER: ("NO_ANSWER", "3000", "No Answer"),
    Stage.FAILED: ("UNALLOCATED_NUMBER", "2000", "Invalid Destination Address"),
    Stage.CANCELLED: ("ORIGINATOR_CANCEL", "1000", "Cancelled"),
}
_INDIA = timezone(timedelta(hours=5, minutes=30))  # in which it writes its records


def place_call(context: Context) -> Answer:
    fields = context.fields
    for name in ("from", "to", "answer_url"):
        if not fields.get(name):
            raise Refused(No.BAD, f"{name} parameter is missing")
    call = placing.place(
        context,
        from_=str(fields["from"]),
        to=str(fields["to"]),
        answer_url=str(fields["answer_url"]),
        ring_url=str(fields.get("ring_url") or ""),
        status_url=str(fields.get("hangup_url") or ""),
        ring_seconds=float(fields.get("ring_timeout") or 120),
        limit_seconds=float(fields.get("time_limit") or 14_400),
    )
    return answer(201, message="call fired", request_uuid=call.id)


def list_calls(context: Context) -> Answer:
    if context.request.query.get("status") == "live":
        return answer(200, calls=[call.id for call in placing.mine(context) if call.live])
    query = context.request.query
    wanted = {"from_": query.get("from_number"), "to": query.get("to_number")}
    over = [call for call in placing.mine(context) if not call.live and placing.suits(call, wanted)]
    return listing(context, over, _record)


def get_call(context: Context) -> Answer:
    """A call that is on, with ``status=live``; else the record of one that is over."""
    call = placing.named(context)
    asked_live = context.request.query.get("status") == "live"
    if call.live is not asked_live:
        raise Refused(No.NOT_FOUND)
    return answer(200, **(_live(call) if asked_live else _record(call)))


def hang_up(context: Context) -> Answer:
    placing.hang_up(context)
    return Answer(204)


class PlivoVoice(Voice):
    """Tells of ringing and of the end; that a call is answered one knows from the question."""

    def question(self, call: Call) -> Webhook:
        return Webhook("question", call.answer_url, _about(call, "StartApp"))

    def news(self, call: Call) -> Webhook | None:
        if call.stage is Stage.RINGING and call.ring_url:
            return Webhook("ring", call.ring_url, _about(call, "Ring"))
        if not call.live and call.status_url:
            return Webhook("hangup", call.status_url, {**_about(call, "Hangup"), **_ending(call)})
        return None

    def signature(self, webhook: Webhook, token: str) -> dict[str, str]:
        nonce = str(secrets.randbelow(10**20))
        signature = signing.plivo_v3(webhook.url, webhook.fields, nonce, token)
        return {
            "X-Plivo-Signature-V3": signature,
            "X-Plivo-Signature-Ma-V3": signature,
            "X-Plivo-Signature-V3-Nonce": nonce,
        }

    def inbound_urls(self, owned: Owned, applications: Mapping[str, Mapping[str, Any]]) -> InboundUrls:
        application = applications.get(owned.app_id, {})
        return InboundUrls(application.get("answer_url", ""), application.get("hangup_url", ""))


def _about(call: Call, event: str) -> dict[str, str]:
    said = {
        "CallUUID": call.id,
        "From": call.from_,
        "To": call.to,
        "Direction": call.direction,
        "CallStatus": STATUSES.get(call.stage, call.stage),
        "Event": event,
        "ParentAuthID": call.account,
        "SessionStart": _stamp(call.at),
    }
    if call.direction == "outbound":
        said |= dict.fromkeys(("RequestUUID", "ALegUUID", "ALegRequestUUID"), call.id)
    return said


def _ending(call: Call) -> dict[str, str]:
    cause, code, name = CAUSES[call.stage]
    said = {
        "HangupCause": call.cause or cause,
        "HangupCauseCode": code,
        "HangupCauseName": name,
        "Duration": str(call.duration),
        "BillDuration": str(call.billed),
        "BillRate": str(RATE),
        "TotalCost": str(_cost(call)),
        "StartTime": _stamp(call.at),
        "EndTime": _stamp(call.ended_at or call.clock),
    }
    return said | ({"AnswerTime": _stamp(call.answered_at)} if call.answered_at else {})


def _live(call: Call) -> dict[str, Any]:
    return {
        "call_status": STATUSES.get(call.stage, call.stage),
        "call_uuid": call.id,
        "caller_name": "",
        "direction": call.direction,
        "from": call.from_,
        "request_uuid": call.id,
        "session_start": _stamp(call.at),
        "stir_attestation": "",
        "stir_verification": "Not Applicable",
        "to": call.to,
    }


def _record(call: Call) -> dict[str, Any]:
    _, code, name = CAUSES[call.stage]
    return {
        "answer_time": _local(call.answered_at),
        "bill_duration": call.duration,
        "billed_duration": call.billed,
        "call_direction": call.direction,
        "call_duration": call.duration,
        "call_uuid": call.id,
        "cnam_lookup": "",
        "end_time": _local(call.ended_at),
        "from_number": f"+{call.from_}",
        "hangup_cause_code": int(code),
        "hangup_cause_name": name,
        "initiation_time": _local(call.at),
        "parent_call_uuid": None,
        "resource_uri": f"/v1/Account/{call.account}/Call/{call.id}/",
        "source_ip": "",
        "stir_attestation": "",
        "stir_verification": "Not Applicable",
        "to_number": call.to,
        "total_amount": str(_cost(call)),
        "total_rate": str(RATE),
        "voice_network_group": "",
    }


def _cost(call: Call) -> Decimal:
    return (RATE * call.billed / 60).quantize(RATE)


def _stamp(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _local(timestamp: float | None) -> str | None:
    if timestamp is None:
        return None
    return datetime.fromtimestamp(timestamp, _INDIA).isoformat(sep=" ", timespec="seconds")
