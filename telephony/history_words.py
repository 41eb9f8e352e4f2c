"""The history's words for Telephony Config and batches of calls."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from dialnexa import history
from dialnexa.history import Kind, Named, Topic
from telephony.models import BatchCall

SENTENCES = {
    ("workspace", "network_group_enabled"): ("Calls to {name} switched on", "ok"),
    ("workspace", "network_group_disabled"): ("Calls to {name} switched off", "off"),
    ("rateversion", "call_rates_imported"): ("Call rates imported", "ok"),
    ("batchcall", "upload"): ("List uploaded: {good_rows} of {rows} rows can be called", "ok"),
    ("batchcall", "choose"): ("List read again: {good_rows} rows can be called", "ok"),
    ("batchcall", "delete"): ("List deleted", "off"),
    ("batchcall", "queue"): ("Batch waits for its turn", "waiting"),
    ("batchcall", "schedule"): ("Batch scheduled", "waiting"),
    ("batchcall", "begin"): ("Batch started", "ok"),
    ("batchcall", "pause"): ("Batch paused", "waiting"),
    ("batchcall", "resume"): ("Batch resumed", "waiting"),
    ("batchcall", "complete"): ("Batch completed", "ok"),
    ("batchcall", "cancel"): ("Batch cancelled", "trouble"),
}
TOPICS = {
    "telephony": Topic("Telephony Config", Q(event__startswith="network_group_")),
    "batches": Topic("Batch calls", Q(subject_type="batchcall")),
}


def _batches(ids: Collection[str]) -> dict[str, Named]:
    return {pk: Named(title) for pk, title in BatchCall.objects.filter(pk__in=ids).values_list("pk", "title")}


def teach() -> None:
    history.learn({"batchcall": Kind("Batch", _batches)}, SENTENCES, {}, TOPICS)
