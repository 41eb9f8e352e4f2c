"""The support desk's import of call rates …"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dialnexa.models import AuditEntry
from telephony.models import CallRate, DeckUpload, NetworkGroup
from tests.conftest import client_of, make_user

pytestmark = pytest.mark.usefixtures("catalogue")
PAGE = "/admin/import-call-rates/"
DECK = "country,network_group,prefix,per_minute\nIN,India mobile,9198,0.65\n"


def asked(now: datetime, **changes: str) -> dict[str, str]:
    start = (now + timedelta(days=2)).strftime("%Y-%m-%d %H:%M")
    deck = {"carrier": "plivo", "currency": "inr", "valid_from": start, "text": DECK}
    return deck | {"reason": "The carrier's new prices"} | changes


def confirm(client: Client, shown: Any) -> Any:
    return client.post(
        PAGE, {"upload": shown.context["upload"].pk, "confirmed": shown.context["fingerprint"]}
    )


def deck_file(data: bytes, name: str = "deck.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "text/csv")


def rates() -> list[Any]:
    return list(CallRate.objects.exclude(prefix="").values_list("prefix", "currency", "per_minute"))


def test_shows_first_and_imports_what_was_shown(staff_client: Client, now: datetime) -> None:
    shown = staff_client.post(PAGE, asked(now))
    assert (shown.context["report"].added, rates()) == (1, [])
    answer = confirm(staff_client, shown)
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
    shown = staff_client.post(PAGE, asked(now))
    group = NetworkGroup.objects.create(carrier="plivo", country_id="IN", name="India mobile")
    CallRate.objects.create(
        network_group=group, prefix="9198", currency="INR", per_minute=1, valid_from=now - timedelta(days=1)
    )
    answer = confirm(staff_client, shown)
    assert answer.context["report"].changed == 1
    assert "Rates have changed since" in answer.content.decode()
    assert len(rates()) == 1
    assert confirm(staff_client, answer).status_code == 302
    assert len(rates()) == 2


def test_shows_again_when_another_price_changed_though_the_counts_are_the_same(
    staff_client: Client, now: datetime
) -> None:
    shown = staff_client.post(PAGE, asked(now))
    CallRate.objects.filter(network_group__carrier="twilio").update(per_minute=9)
    assert confirm(staff_client, shown).context["moved"]
    assert rates() == []


def test_imports_nothing_without_the_fingerprint(staff_client: Client, now: datetime) -> None:
    shown = staff_client.post(PAGE, asked(now))
    answer = staff_client.post(PAGE, {"upload": shown.context["upload"].pk, "confirmed": "1"})
    assert answer.context["moved"]
    assert rates() == []


def test_takes_a_file(staff_client: Client, now: datetime) -> None:
    data = DECK.replace(",", ";").replace("0.65", "0,65").encode("utf-16")
    shown = staff_client.post(PAGE, asked(now, text="") | {"file": deck_file(data, "prices\n.csv")})
    assert DeckUpload.objects.get().name == "prices.csv"
    assert confirm(staff_client, shown).status_code == 302
    assert [str(price) for _, _, price in rates()] == ["0.650000"]
    entry = AuditEntry.objects.get(event="call_rates_imported")
    assert (entry.after["file"], entry.after["sha256"]) == ("prices.csv", hashlib.sha256(data).hexdigest())
    assert not DeckUpload.objects.exists()


def test_takes_a_file_larger_than_any_form(staff_client: Client, now: datetime) -> None:
    lines = "".join(f"IN,India mobile,91{number},0.65\n" for number in range(600_000, 660_000))
    data = f"country,network_group,prefix,per_minute\n{lines}".encode()
    assert len(data) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    shown = staff_client.post(PAGE, asked(now, text="") | {"file": deck_file(data)})
    assert shown.context["report"].added == 60_000


def test_refuses_a_file_that_is_too_large(
    staff_client: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telephony.admin.decks.LARGEST", 50)
    answer = staff_client.post(PAGE, asked(now, text="") | {"file": deck_file(DECK.encode())})
    assert answer.status_code == 422
    assert "larger than" in answer.content.decode()
    assert not DeckUpload.objects.exists()


def test_checks_for_forgery_though_it_takes_files(now: datetime) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("Root", is_staff=True, is_superuser=True))
    answer = client.post(PAGE, asked(now, text="") | {"file": deck_file(DECK.encode())})
    assert answer.status_code == 403
    assert not DeckUpload.objects.exists()


def test_keeps_an_upload_for_a_day_and_for_who_made_it(staff_client: Client, now: datetime) -> None:
    shown = staff_client.post(PAGE, asked(now))
    other = client_of(make_user("Olga", is_staff=True, is_superuser=True))
    assert confirm(other, shown).status_code == 422
    DeckUpload.objects.update(created_at=now - timedelta(days=1, seconds=1))
    answer = confirm(staff_client, shown)
    assert (answer.status_code, rates()) == (422, [])
    assert "no longer kept" in answer.content.decode()
    staff_client.post(PAGE, asked(now))
    assert DeckUpload.objects.count() == 1


def test_shows_what_deserves_a_look(staff_client: Client, now: datetime) -> None:
    answer = staff_client.post(PAGE, asked(now, text=f"{DECK}IN,India mobile,91981,9\n"))
    page = answer.content.decode()
    assert "Ten times, or a tenth of, what the next shorter prefix costs (1)" in page
    assert "line 3: +91981 costs 9, line 2: +9198 0.65" in page


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"text": ""}, "Choose a file or paste a deck"),
        ({"text": DECK.replace(",", "|")}, "the header lacks country"),
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
    assert not DeckUpload.objects.exists()


def test_is_for_staff_who_may_add_rates(now: datetime) -> None:
    clerk = client_of(make_user("Clara", is_staff=True))
    assert clerk.get(PAGE).status_code == 403
    assert clerk.post(PAGE, asked(now)).status_code == 403
