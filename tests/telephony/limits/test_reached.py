"""A limit that was reached …"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

import pytest
from django.utils import translation

from dialnexa.actors import SYSTEM
from dialnexa.models import Notice, Workspace
from dialnexa.translations.retelling import retell
from telephony.limits.allowances import read_allowances
from telephony.limits.overrides import set_limit
from telephony.limits.reached import TITLES, note_reached
from telephony.limits.table import CALLS_AT_ONCE, LIMITS

pytestmark = pytest.mark.django_db
ENGLISH = re.compile(r"[a-z]{2,}")


def test_is_refused_in_the_readers_language_and_kept_in_english(workspace: Workspace, now: datetime) -> None:
    set_limit(workspace, CALLS_AT_ONCE, Decimal(3), reason="Test", by=SYSTEM, now=now)
    with translation.override("hi"):
        refusal = read_allowances(workspace, at=now).of(CALLS_AT_ONCE).refusal(3)
        note_reached(workspace, refusal, now=now)
    assert not ENGLISH.search(refusal.sentence)
    kept = Notice.objects.get()
    assert kept.title == "A limit was reached: calls at the same time"
    assert kept.body == (
        "This workspace may have 3 calls at the same time, and 3 are used. Wait until one ends. "
        "An owner or admin can ask for more on the Limits page; support raises it."
    )
    with translation.override("hi"):
        assert retell(kept.body) == refusal.sentence
        assert not ENGLISH.search(retell(kept.title))


def test_has_a_title_whichever_it_is() -> None:
    assert TITLES.keys() == LIMITS.keys()
