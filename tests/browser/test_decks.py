"""In a browser, call decks …"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from telephony.models import CallRate

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("catalogue"),
]
DECK = "country;network_group;prefix;per_minute\nIN;India mobile;9198;0,65\nIN;India mobile;91981;9,00\n"


@pytest.mark.parametrize("javascript", [True, False])
def test_are_uploaded_read_and_imported(open_desk: Callable[..., Any], javascript: bool) -> None:
    page = open_desk("/admin/import-call-rates/", java_script_enabled=javascript)
    page.get_by_label("Counts from").fill("2040-01-31 18:30")
    deck = {"name": "prices.csv", "mimeType": "text/csv", "buffer": DECK.encode("utf-16")}
    page.get_by_label("Deck as a file").set_input_files(files=[deck])
    page.get_by_label("Reason").fill("New prices of 2040")
    page.get_by_role("button", name="Show what would happen").click()
    page.get_by_text("line 3: +91981 costs 9, line 2: +9198 0.65").wait_for()
    page.get_by_role("button", name="Import exactly this").click()
    page.get_by_text("Imported: 2 new or changed prices.").wait_for()
    assert CallRate.objects.filter(valid_from__year=2040).count() == 2
