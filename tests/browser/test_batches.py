"""In a browser, batch calls …"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from dialnexa.models import Workspace
from telephony.batches.background import read_batch
from telephony.models import BatchCall
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
    assert "6–9, 15, 18, 28–29" in page.inner_text(".batch-groups")
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


def test_a_long_list_shows_how_far_it_is_read_and_then_its_report(
    open_page: Open, workspace: Workspace, settings: LazySettings
) -> None:
    settings.BATCH_READ_AT_ONCE = 3
    page = open_page("/w/acme/batches/upload/", width=390)
    page.set_input_files("#file", str(MESSY))
    page.click("button:text('Upload and check')")
    page.wait_for_selector("#reading-state:has-text('Waiting for a worker')")
    batch = BatchCall.objects.get()
    BatchCall.objects.update(readings=1, rows_read=12)
    page.wait_for_selector("#reading-state:has-text('12 of about 29 rows read')")
    read_batch(batch.pk)
    page.wait_for_selector("#figures")
    assert "6–9, 15, 18, 28–29" in page.inner_text(".batch-groups")


def downloaded(page: Any, link: str) -> str:
    with page.expect_download() as download:
        page.click(f"text={link}")
    return Path(download.value.path()).read_text(encoding="utf-8-sig")
