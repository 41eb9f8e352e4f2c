"""In a browser, batches that dial …"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connections

from dialnexa.models import Workspace
from phone_numbers.batch_dialling.running import advance_batch
from phone_numbers.calls.dialling import advance_call
from phone_numbers.models import PhoneNumber
from telephony.models import BatchCall, BatchRow, Call
from tests.numbers.calls.conftest import number, version
from tests.telephony.batches.test_judging import MESSY

__all__ = ["number", "version"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Any]


@pytest.fixture
def dialler(shop: str, sandbox: Any, settings: LazySettings) -> Iterator[None]:
    """A worker that dials whatever runs, at a carrier whose calls are short."""
    settings.PUBLIC_BASE_URL = shop
    sandbox.state.set_mode(call_pace=0.02)
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.wait(0.1):
                for pk in BatchCall.objects.filter(status__in=("waiting", "running")).values_list(
                    "pk", flat=True
                ):
                    for call in advance_batch(pk):
                        advance_call(call)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join(10)
    sandbox.state.reset()


def downloaded(page: Any, link: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.click(f"text={link}")
    path = folder / "list.csv"
    download.value.save_as(path)
    return path


def test_a_corrected_list_is_started_paused_resumed_and_finished(
    open_page: Open, workspace: Workspace, number: PhoneNumber, dialler: None, tmp_path: Path
) -> None:
    page = open_page("/w/acme/batches/upload/")
    page.set_input_files("#file", str(MESSY))
    page.click("button:text('Upload and check')")
    page.select_option("#country", "IN")
    page.click("text=Apply and read again")
    for box in page.query_selector_all("[name=repair]"):
        box.check()
    page.click("text=Apply and read again")
    page.wait_for_selector("#figures:has-text('repaired')")
    corrected = downloaded(page, "Corrected file", tmp_path)
    page.goto(page.url.partition("/batches/")[0] + "/batches/upload/")
    page.set_input_files("#file", str(corrected))
    page.click("button:text('Upload and check')")
    page.fill("#at_once", "2")
    page.click("button:text('Start calling')")
    page.wait_for_selector("#batch-state:has-text('Running')")
    page.wait_for_selector(".batch-air a")
    page.wait_for_selector(".key-done:not(:text-is('0'))")
    page.click("#pause")
    page.wait_for_selector("#batch-state:has-text('Paused')")
    waiting = BatchRow.objects.filter(state="waiting").count()
    assert waiting > 0
    page.click("#resume")
    page.wait_for_selector("#batch-state:has-text('Completed')")
    batch = BatchCall.objects.get(status="completed")
    assert Call.objects.filter(batch=batch).count() == batch.good_rows
    results = downloaded(page, "Results", tmp_path).read_text(encoding="utf-8-sig")
    assert results.count(",done,") == batch.good_rows


def test_a_batch_is_cancelled_without_scripts(
    open_page: Open, workspace: Workspace, number: PhoneNumber
) -> None:
    page = open_page("/w/acme/batches/upload/", width=390, java_script_enabled=False)
    page.set_input_files("#file", str(MESSY))
    page.click("button:text('Upload and check')")
    page.click("button:text('Start calling')")
    page.wait_for_selector("#batch-state:has-text('Waiting')")
    page.click("#cancel-batch")
    page.fill("#cancel-reason", "Wrong list")
    page.click("button:text('Cancel the batch')")
    page.wait_for_selector("#batch-state:has-text('Cancelled')")
    assert "Wrong list" in page.inner_text("#why")
