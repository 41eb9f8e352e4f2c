"""In a browser, batch calls …"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialnexa.models import Workspace
from tests.telephony.batches.test_judging import MESSY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Open = Callable[..., Any]


def test_a_messy_list_is_uploaded_read_repaired_and_downloaded(open_page: Open, workspace: Workspace) -> None:
    page = open_page("/w/acme/batches/")
    page.click("text=Upload your first list")
    page.set_input_files("#file", str(MESSY))
    page.fill("#title", "Winter reminders")
    page.click("button:text('Upload and check')")
    page.wait_for_selector("h1:has-text('Winter reminders')")
    assert "6–9, 12–13" in page.inner_text(".batch-groups")
    page.select_option("#country", "IN")
    page.click("text=Apply and read again")
    page.wait_for_selector("[name=repair]")
    before = page.inner_text("#figures")
    for box in page.query_selector_all("[name=repair]"):
        box.check()
    page.click("text=Apply and read again")
    page.wait_for_selector("#figures:has-text('repaired')")
    assert page.inner_text("#figures") != before
    assert "+919876543216" in downloaded(page, "Corrected file")
    assert "destination_mangled" in downloaded(page, "Rejected rows")


def downloaded(page: Any, link: str) -> str:
    with page.expect_download() as download:
        page.click(f"text={link}")
    return Path(download.value.path()).read_text(encoding="utf-8-sig")
