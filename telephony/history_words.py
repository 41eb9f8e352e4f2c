"""The history's words for Telephony Config, batches of calls and calls."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q
from django.utils.translation import gettext_noop as _

from dialnexa import history
from dialnexa.history import Kind, Named, Topic
from telephony.models import BatchCall, Call

SENTENCES = {
    ("workspace", "network_group_enabled"): (_("Calls to {name} ({country}, {carrier}) switched on"), "ok"),
    ("workspace", "network_group_disabled"): (
        _("Calls to {name} ({country}, {carrier}) switched off"),
        "off",
    ),
    ("workspace", "sip_switch_enabled"): (_("SIP/BYOC switched on"), "ok"),
    ("workspace", "sip_switch_disabled"): (_("SIP/BYOC switched off"), "off"),
    ("workspace", "set_limit"): (_("Limit set to {value}: {label}"), "ok"),
    ("workspace", "end_limit"): (_("Limit as usual again: {label}"), "off"),
    ("workspace", "ask_limit"): (_("Asked for {value}: {label}"), "waiting"),
    ("workspace", "decline_limit"): (_("Not granted: {label}"), "trouble"),
    ("workspace", "slow_calls"): (_("Calls slowed down: they look odd"), "trouble"),
    ("workspace", "confirm_calls"): (_("Confirmed that calls are meant"), "ok"),
    ("workspace", "stop_calls"): (_("All calls stopped"), "trouble"),
    ("workspace", "allow_calls"): (_("Calls allowed again"), "ok"),
    ("workspace", "open_prefix"): (_("Expensive numbers opened: +{digits}"), "ok"),
    ("workspace", "close_prefix"): (_("Expensive numbers closed: +{digits}"), "off"),
    ("callstop", "stop_calls"): (_("Everybody's calls stopped"), "trouble"),
    ("callstop", "allow_calls"): (_("Everybody's calls allowed again"), "ok"),
    ("deniedprefix", "deny_prefix"): (_("Nobody may call +{digits}"), "trouble"),
    ("deniedprefix", "end_denial"): (_("+{digits} taken off the list"), "off"),
    ("rateversion", "call_rates_imported"): (_("Call rates imported"), "ok"),
    ("batchcall", "upload"): (_("List uploaded: {good_rows} of {rows} rows can be called"), "ok"),
    ("batchcall", "receive"): (_("List uploaded: about {rows} rows to be read"), "waiting"),
    ("batchcall", "reread"): (_("List to be read again with other choices"), "waiting"),
    ("batchcall", "read"): (_("List read: {good_rows} of {rows} rows can be called"), "ok"),
    ("batchcall", "refuse"): (_("List refused"), "trouble"),
    ("batchcall", "choose"): (_("List read again: {good_rows} rows can be called"), "ok"),
    ("batchcall", "delete"): (_("List deleted"), "off"),
    ("batchcall", "queue"): (_("Batch waits for its turn"), "waiting"),
    ("batchcall", "schedule"): (_("Batch scheduled"), "waiting"),
    ("batchcall", "begin"): (_("Batch started"), "ok"),
    ("batchcall", "rest"): (_("Batch rests until somebody can be called again"), "waiting"),
    ("batchcall", "pause"): (_("Batch paused"), "waiting"),
    ("batchcall", "resume"): (_("Batch resumed"), "waiting"),
    ("batchcall", "complete"): (_("Batch completed"), "ok"),
    ("batchcall", "cancel"): (_("Batch cancelled"), "trouble"),
    ("call", "place"): (_("Call placed"), "waiting"),
    ("call", "initiate"): (_("Dialling"), "waiting"),
    ("call", "put_back"): (_("Dialling again in a moment"), "waiting"),
    ("call", "accept"): (_("The carrier rings"), "waiting"),
    ("call", "answer"): (_("Answered"), "ok"),
    ("call", "complete"): (_("Call completed"), "ok"),
    ("call", "ring_out"): (_("Not picked up"), "off"),
    ("call", "engaged"): (_("Busy"), "off"),
    ("call", "unreachable"): (_("No answer"), "off"),
    ("call", "fail"): (_("Call failed"), "trouble"),
    ("call", "cancel"): (_("Call cancelled"), "off"),
    ("call", "unbill"): (_("Charged too much, and given back"), "ok"),
}
TOPICS = {
    "telephony": Topic(
        _("Telephony Config"), Q(event__startswith="network_group_") | Q(event__startswith="sip_switch_")
    ),
    "limits": Topic(
        _("Limits"),
        Q(event__in=("stop_calls", "allow_calls", "slow_calls", "confirm_calls"))
        | Q(event__in=("set_limit", "end_limit", "ask_limit", "decline_limit"))
        | Q(event__in=("open_prefix", "close_prefix")),
    ),
    "batches": Topic(_("Batch calls"), Q(subject_type="batchcall")),
    "calls": Topic(_("Calls"), Q(subject_type="call")),
}


def _batches(ids: Collection[str]) -> dict[str, Named]:
    rows = BatchCall.objects.filter(pk__in=ids).values_list("pk", "title")
    return {pk: Named(title, (pk,)) for pk, title in rows}


def _calls(ids: Collection[str]) -> dict[str, Named]:
    return {call.pk: Named(str(call), (call.pk,)) for call in Call.objects.filter(pk__in=ids)}


def teach() -> None:
    kinds = {
        "batchcall": Kind(_("Batch"), _batches, "batches:batch"),
        "call": Kind(_("Call"), _calls, "calls:call"),
    }
    history.learn(kinds, SENTENCES, {}, TOPICS)
