"""In a browser, papers …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from kyc import reviews
from kyc.documents import add_document, describe
from kyc.inspecting import inspect
from kyc.models import KycCase
from tests.browser.test_kyc import choose
from tests.kyc.papers import jpeg, pdf

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
QUEUE = "/admin/kyc/kyccase/"


@pytest.fixture
def begun(workspace: Workspace, now: datetime) -> KycCase:
    """Acme's British papers: an individual with a passport, and no proof of address yet."""
    case = reviews.open_case(workspace, "GB")
    describe(case, entity_type="individual", legal_name="Alice Adams", by=SYSTEM, now=now)
    add_document(case, "passport", inspect(pdf(pages=2), "passport.pdf"), by=SYSTEM, now=now)
    return case


def decide(page: Any, label: str, **filled: str) -> None:
    page.locator("summary", has_text=label).click()
    form = page.get_by_role("form", name=label)
    for field, text in filled.items():
        form.get_by_label(field, exact=True).fill(text)
    form.get_by_role("button", name=label).click()


@pytest.mark.parametrize("javascript", [True, False])
def test_go_to_staff_and_back_until_they_are_in_order(
    open_page: Callable[..., Any], open_desk: Callable[..., Any], begun: KycCase, shop: str, javascript: bool
) -> None:
    owner = open_page("/w/acme/kyc/GB/", java_script_enabled=javascript)
    choose(owner, "need-2", "bill.jpg", jpeg(size=(800, 1000)))
    owner.get_by_text("bill.jpg is uploaded.").first.wait_for()
    owner.get_by_role("button", name="Submit for review").click()
    owner.get_by_text("Our team is reading your papers").wait_for()

    desk = open_desk(QUEUE, java_script_enabled=javascript)
    desk.get_by_role("link", name="In review").click()
    desk.get_by_role("link", name="Acme").click()
    desk.get_by_text("bill.jpg").wait_for()
    desk.locator("summary", has_text="Reject").click()
    form = desk.get_by_role("form", name="Reject")
    form.get_by_label("Reason").fill("One paper is too old.")
    form.get_by_role("button", name="Reject").click()
    form.get_by_text("Tick the documents that are wrong").wait_for()
    form.get_by_label("Utility bill of the last three months", exact=True).check()
    form.get_by_label("What is wrong with Utility bill").fill("It is from last year.")
    form.get_by_role("button", name="Reject").click()
    desk.get_by_text("Rejected. The customer reads the reasons").wait_for()
    assert form.count() == 0

    owner.goto(f"{shop}/w/acme/notices/")
    owner.get_by_role("button", name="Open: Papers for United Kingdom rejected").click()
    owner.get_by_text("It is from last year.").wait_for()
    choose(owner, "need-2", "new-bill.pdf", pdf())
    owner.get_by_text("new-bill.pdf is uploaded.").first.wait_for()
    owner.get_by_role("button", name="Submit again").click()
    owner.get_by_text("Our team is reading your papers").wait_for()

    desk.reload()
    decide(desk, "Approve", Until="2030-12-31", Reason="Both are in order.")
    desk.get_by_text("Approved until 31 December 2030.").wait_for()
    owner.reload()
    owner.get_by_text("Verified until 31 December 2030").wait_for()


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_are_reviewed_at_every_width(
    open_desk: Callable[..., Any], begun: KycCase, now: datetime, width: int
) -> None:
    reviews.submit(begun, by=SYSTEM, now=now, without_papers=True)
    page = open_desk(f"{QUEUE}{begun.pk}/change/", width=width)
    page.locator("summary", has_text="Reject").click()
    page.get_by_label("What is wrong with Passport").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
