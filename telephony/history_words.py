"""The history's words for Telephony Config, batches of calls and calls."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from dialnexa import history
from dialnexa.history import Kind, Named, Topic
from telephony.models import BatchCall, Call

SENTENCES = {
    ("workspace", "network_group_enabled"): ("Calls to {name} ({country}, {carrier}) switched on", "ok"),
    ("workspace", "network_group_disabled"): ("Calls to {name} ({country}, {carrier}) switched off", "off"),
    ("workspace", "sip_switch_enabled"): ("SIP/BYOC switched on", "ok"),
    ("workspace", "sip_switch_disabled"): ("SIP/BYOC switched off", "off"),
    ("workspace", "set_limit"): ("Limit set to {value}: {label}", "ok"),
    ("workspace", "end_limit"): ("Limit as usual again: {label}", "off"),
    ("workspace", "ask_limit"): ("Asked for {value}: {label}", "waiting"),
    ("workspace", "decline_limit"): ("Not granted: {label}", "trouble"),
    ("workspace", "slow_calls"): ("Calls slowed down: they look odd", "trouble"),
    ("workspace", "confirm_calls"): ("Confirmed that calls are meant", "ok"),
    ("workspace", "stop_calls"): ("All calls stopped", "trouble"),
    ("workspace", "allow_calls"): ("Calls allowed again", "ok"),
    ("workspace", "open_prefix"): ("Expensive numbers opened: +{digits}", "ok"),
    ("workspace", "close_prefix"): ("Expensive numbers closed: +{digits}", "off"),
    ("callstop", "stop_calls"): ("Everybody's calls stopped", "trouble"),
    ("callstop", "allow_calls"): ("Everybody's calls allowed again", "ok"),
    ("deniedprefix", "deny_prefix"): ("Nobody may call +{digits}", "trouble"),
    ("deniedprefix", "end_denial"): ("+{digits} taken off the list", "off"),
    ("rateversion", "call_rates_imported"): ("Call rates imported", "ok"),
    ("batchcall", "upload"): ("List uploaded: {good_rows} of {rows} rows can be called", "ok"),
    ("batchcall", "receive"): ("List uploaded: about {rows} rows to be read", "waiting"),
    ("batchcall", "reread"): ("List to be read again with other choices", "waiting"),
    ("batchcall", "read"): ("List read: {good_rows} of {rows} rows can be called", "ok"),
    ("batchcall", "refuse"): ("List refused", "trouble"),
    ("batchcall", "choose"): ("List read again: {good_rows} rows can be called", "ok"),
    ("batchcall", "delete"): ("List deleted", "off"),
    ("batchcall", "queue"): ("Batch waits for its turn", "waiting"),
    ("batchcall", "schedule"): ("Batch scheduled", "waiting"),
    ("batchcall", "begin"): ("Batch started", "ok"),
    ("batchcall", "rest"): ("Batch rests until somebody can be called again", "waiting"),
    ("batchcall", "pause"): ("Batch paused", "waiting"),
    ("batchcall", "resume"): ("Batch resumed", "waiting"),
    ("batchcall", "complete"): ("Batch completed", "ok"),
    ("batchcall", "cancel"): ("Batch cancelled", "trouble"),
    ("call", "place"): ("Call placed", "waiting"),
    ("call", "initiate"): ("Dialling", "waiting"),
    ("call", "put_back"): ("Dialling again in a moment", "waiting"),
    ("call", "accept"): ("The carrier rings", "waiting"),
    ("call", "answer"): ("Answered", "ok"),
    ("call", "complete"): ("Call completed", "ok"),
    ("call", "ring_out"): ("Not picked up", "off"),
    ("call", "engaged"): ("Busy", "off"),
    ("call", "unreachable"): ("No answer", "off"),
    ("call", "fail"): ("Call failed", "trouble"),
    ("call", "cancel"): ("Call cancelled", "off"),
    ("call", "unbill"): ("Charged too much, and given back", "ok"),
}
TOPICS = {
    "telephony": Topic(
        "Telephony Config", Q(event__startswith="network_group_") | Q(event__startswith="sip_switch_")
    ),
    "limits": Topic(
        "Limits",
        Q(event__in=("stop_calls", "allow_calls", "slow_calls", "confirm_calls"))
        | Q(event__in=("set_limit", "end_limit", "ask_limit", "decline_limit"))
        | Q(event__in=("open_prefix", "close_prefix")),
    ),
    "batches": Topic("Batch calls", Q(subject_type="batchcall")),
    "calls": Topic("Calls", Q(subject_type="call")),
}


def _batches(ids: Collection[str]) -> dict[str, Named]:
    rows = BatchCall.objects.filter(pk__in=ids).values_list("pk", "title")
    return {pk: Named(title, (pk,)) for pk, title in rows}


def _calls(ids: Collection[str]) -> dict[str, Named]:
    return {call.pk: Named(str(call), (call.pk,)) for call in Call.objects.filter(pk__in=ids)}


def teach() -> None:
    kinds = {
        "batchcall": Kind("Batch", _batches, "batches:batch"),
        "call": Kind("Call", _calls, "calls:call"),
    }
    history.learn(kinds, SENTENCES, {}, TOPICS)
