"""In a browser, the papers …"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from kyc import reviews
from kyc.models import KycCase, KycDocument
from tests.kyc.papers import jpeg, make_document, pdf

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def choose(page: Any, need: str, name: str, content: bytes) -> None:
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.locator(f"#{need}-file").set_input_files(file)
    page.locator(f"#{need}").get_by_role("button", name=re.compile("^Upload")).click()


@pytest.mark.parametrize("javascript", [True, False])
def test_are_completed_by_the_owner(
    open_page: Callable[..., Any], complaints: list[str], now: datetime, javascript: bool
) -> None:
    page = open_page("/w/acme/kyc/", java_script_enabled=javascript)
    page.get_by_role("link", name="Start for United Kingdom").click()
    page.get_by_label("Entity type").select_option(label="Individual")
    page.get_by_label("Legal name").fill("Alice Adams")
    page.get_by_role("button", name="Save and show").click()
    page.get_by_role("button", name="Submit for review").click()
    page.get_by_text("Before the papers for United Kingdom can be reviewed").wait_for()
    choose(page, "need-1", "passport.pdf", pdf(pages=60))
    page.get_by_text("more than 50 pages").wait_for()
    complaints.clear()  # the browser says 422 twice
    choose(page, "need-1", "passport.pdf", pdf())
    page.get_by_text("passport.pdf is uploaded.").first.wait_for()
    page.locator("#need-2-kind").select_option(label="Lease or tenancy agreement")
    choose(page, "need-2", "lease.jpg", jpeg(size=(800, 1000)))
    page.get_by_text("lease.jpg is uploaded.").first.wait_for()
    page.get_by_role("button", name="Submit for review").click()
    page.get_by_text("Our team is reading your papers").wait_for()
    case = KycCase.objects.get(country="GB")
    assert case.status == "submitted"
    lease = KycDocument.objects.get(case=case, kind="lease")
    reviews.reject(
        case, documents={lease.pk: "Page 2 is missing."}, by=SYSTEM, now=now, reason="One more try."
    )
    page.reload()
    page.get_by_text("Page 2 is missing.").wait_for()
    choose(page, "need-2", "lease.pdf", pdf(pages=2))
    page.get_by_role("button", name="Submit again").click()
    page.get_by_text("Our team is reading your papers").wait_for()


def test_come_back_as_a_file_and_never_as_a_page(open_page: Callable[..., Any], workspace: Workspace) -> None:
    content = pdf()
    make_document(KycCase.objects.get(country="IN"), "pan", content)
    KycCase.objects.filter(country="IN").update(entity_type="individual")
    page = open_page("/w/acme/kyc/IN/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PAN card").click()
    assert Path(download.value.path()).read_bytes() == content
    assert download.value.suggested_filename == "pan.pdf"
    assert page.url.endswith("/kyc/IN/")


def test_may_be_dropped(open_page: Callable[..., Any]) -> None:
    page = open_page("/w/acme/kyc/GB/")
    page.get_by_label("Entity type").select_option(label="Individual")
    page.get_by_label("Legal name").fill("Alice Adams")
    page.get_by_role("button", name="Save and show").click()
    form = page.locator("#need-1 form")
    form.wait_for()
    dropped = "() => {const d = new DataTransfer(); d.items.add(new File(['x'], 'pan.pdf')); return d;}"
    form.dispatch_event("drop", {"dataTransfer": page.evaluate_handle(dropped)})
    assert page.evaluate("document.querySelector('#need-1-file').files[0].name") == "pan.pdf"


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_fit_every_width(open_page: Callable[..., Any], width: int) -> None:
    page = open_page("/w/acme/kyc/IN/", width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
