"""The history's words for Telephony Config."""

from __future__ import annotations

from django.db.models import Q

from dialnexa import history
from dialnexa.history import Topic

SENTENCES = {
    ("workspace", "network_group_enabled"): ("Calls to {name} switched on", "ok"),
    ("workspace", "network_group_disabled"): ("Calls to {name} switched off", "off"),
}
TOPICS = {"telephony": Topic("Telephony Config", Q(event__startswith="network_group_"))}


def teach() -> None:
    history.learn({}, SENTENCES, {}, TOPICS)
