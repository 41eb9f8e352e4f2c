"""The support desk's import of call rates …"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from dialnexa.models import AuditEntry
from telephony.models import CallRate, NetworkGroup
from tests.conftest import client_of, make_user

pytestmark = pytest.mark.usefixtures("catalogue")
PAGE = "/admin/import-call-rates/"
DECK = "country,network_group,prefix,per_minute\nIN,India mobile,9198,0.65\n"


def asked(now: datetime, **changes: str) -> dict[str, str]:
    start = (now + timedelta(days=2)).strftime("%Y-%m-%d %H:%M")
    deck = {"carrier": "plivo", "currency": "inr", "valid_from": start, "text": DECK}
    return deck | {"reason": "The carrier's new prices"} | changes


def rates() -> list[Any]:
    return list(CallRate.objects.exclude(prefix="").values_list("prefix", "currency", "per_minute"))


def test_shows_first_and_imports_what_was_shown(staff_client: Client, now: datetime) -> None:
    shown = staff_client.post(PAGE, asked(now))
    assert (shown.context["report"].added, rates()) == (1, [])
    answer = staff_client.post(PAGE, asked(now, confirmed=shown.context["fingerprint"]))
    assert answer.status_code == 302
    assert [(prefix, currency, str(price)) for prefix, currency, price in rates()] == [
        ("9198", "INR", "0.650000")
    ]
    entry = AuditEntry.objects.get(event="call_rates_imported")
    assert (entry.reason, entry.after["added"], entry.actor_name) == (
        "The carrier's new prices",
        1,
        entry.actor_name,
    )
    assert "Imported: 1" in staff_client.get(answer.headers["Location"]).content.decode()


def test_shows_again_when_rates_changed_since(staff_client: Client, now: datetime) -> None:
    shown = staff_client.post(PAGE, asked(now)).context["fingerprint"]
    group = NetworkGroup.objects.create(carrier="plivo", country_id="IN", name="India mobile")
    CallRate.objects.create(
        network_group=group, prefix="9198", currency="INR", per_minute=1, valid_from=now - timedelta(days=1)
    )
    answer = staff_client.post(PAGE, asked(now, confirmed=shown))
    assert answer.context["report"].changed == 1
    assert "Rates have changed since" in answer.content.decode()
    assert len(rates()) == 1


def test_imports_no_other_deck_than_was_shown(staff_client: Client, now: datetime) -> None:
    shown = staff_client.post(PAGE, asked(now)).context["fingerprint"]
    staff_client.post(PAGE, asked(now, text=DECK.replace("0.65", "0.66"), confirmed=shown))
    assert rates() == []


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"text": DECK.replace(",", ";")}, "separated by semicolons"),
        ({"text": DECK.replace("0.65", '"0,65"')}, "is not an amount like 0.85"),
        ({"text": DECK.replace("IN,", "XX,")}, "unknown country"),
        ({"text": "﻿" + DECK + "IN,India mobile,9198,0.7\n"}, "the same network group, prefix and direction"),
        ({"reason": ""}, "Say why"),
        ({"currency": "rupees"}, "at most 3 characters"),
    ],
)
def test_says_what_is_wrong(staff_client: Client, now: datetime, changes: dict[str, str], words: str) -> None:
    answer = staff_client.post(PAGE, asked(now, **changes))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert rates() == []


def test_is_for_staff_who_may_add_rates(now: datetime) -> None:
    clerk = client_of(make_user("Clara", is_staff=True))
    assert clerk.get(PAGE).status_code == 403
    assert clerk.post(PAGE, asked(now)).status_code == 403
