"""In a browser, where we may call …"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.routes.routing import route_number
from telephony import agents
from telephony.models import NetworkGroup, WorkspaceNetworkGroup
from tests.browser.test_kyc import choose
from tests.kyc.papers import jpeg, pdf
from tests.numbers.rows import make_number
from tests.telephony.batches.test_judging import MESSY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Any]


@pytest.fixture
def newcomer(workspace: Workspace) -> Workspace:
    """Acme at the beginning: British, without papers there, nothing on; one number with an agent."""
    Workspace.objects.filter(pk=workspace.pk).update(country="GB")
    WorkspaceNetworkGroup.objects.all().delete()
    now = timezone.now()
    agent = agents.create_agent(
        workspace, title="Sales", runtime_url="wss://agents.example.com/1", by=SYSTEM, now=now
    )
    version = agents.newest_version(agent)
    agents.publish(version, by=SYSTEM, now=now)
    number = make_number(workspace, "+12125550123", nickname="Front desk")
    route_number(number, outbound=version, by=SYSTEM, now=now)
    return workspace


INDIAN = {  # row by row, what is left when every safe repair is taken
    **{"Asha": 3210, "Ravi": 3211, "Meera": 3212, "Kiran": 3213, "Divya": 3214, "Anil": 3215, "Sunita": 3216},
    **{"Rahul": 3217, "Pooja": 3218, "Vikram": 3219, "Copied": 3221, "Link": 3222, "Float": 3223},
}
GERMAN = {"Uwe": "+4930123456", "Ute": "+493012345678"}
UNREADABLE, CLOSED = "destination_unparseable", "country_not_enabled"
REJECTED = [
    ("12", "9.19876543220E+11", f"{UNREADABLE}, destination_mangled"),
    ("13", "9.19E+11", f"{UNREADABLE}, destination_mangled"),
    ("14", "", "destination_missing"),
    ("15", "not a number", UNREADABLE),
    ("16", "'+4412", "destination_not_possible"),
    ("17", "+919876543210", "destination_duplicate (row 2)"),
    ("18", "919876543210", "destination_duplicate (row 2)"),
    ("19", "+442079460958", CLOSED),
    ("20", "'+44 (0)20 7946 0959", CLOSED),
    ("23", "+33123456789", CLOSED),
    ("24", "+12125550123", CLOSED),
    ("25", "+12025550199", CLOSED),
    ("29", "'+919876543224 ext 12", UNREADABLE),
]


def test_is_settled_from_the_first_paper_to_the_list_that_can_be_called(
    open_page: Open, open_desk: Open, newcomer: Workspace
) -> None:
    page = open_page("/w/acme/numbers/check/?from=%2B12125550123")
    ask(page, "+49 30 123456", "not verified").get_by_role("link").first.click()
    complete_papers(page)
    approve(open_desk("/admin/"))
    page.reload()
    page.get_by_text("Verified until 31 December 2030").wait_for()

    page.get_by_role("link", name="Telephony Config").click()
    enable(page, "India", "#switch-IN")
    page.get_by_role("link", name="Check a call").click()
    no = ask(page, "+49 30 123456", "Germany is not enabled at Plivo")
    no.get_by_role("link", name="Germany in Telephony Config").click()
    switch_on(page, f"#switch-{NetworkGroup.objects.get(country='DE').pk}")
    page.go_back()
    page.locator("#answer h2", has_text="can call +49 30 123456").wait_for()
    assert page.locator("#answer .check-fail").count() == 0

    page.get_by_role("link", name="Batch calls").click()
    upload_messy_list(page)
    take_every_repair(page)
    corrected, rejected = rows_of(page, "Corrected file"), rows_of(page, "Rejected rows")
    assert {row["Name"]: row["phone_number"] for row in corrected} == GERMAN | {
        name: f"+91987654{last}" for name, last in INDIAN.items()
    }
    assert [(row["row"], row["phone_number"], row["rejected_because"]) for row in rejected] == REJECTED
    assert rejected[-2]["Name"] == '\'=HYPERLINK("http://evil.example")'  # no formula runs in a spreadsheet


def ask(page: Any, number: str, why: str) -> Any:
    """Whether ``number`` can be called: no. Returns the step that says so."""
    page.get_by_label("To", exact=True).fill(number)
    page.locator("#answer h2", has_text=why).wait_for()
    return page.locator("#answer .check-fail").first


def complete_papers(page: Any) -> None:
    page.get_by_role("link", name="Start for United Kingdom").click()
    page.get_by_label("Entity type").select_option(label="Individual")
    page.get_by_label("Legal name").fill("Alice Adams")
    page.get_by_role("button", name="Save and show").click()
    page.locator("#need-1").wait_for()
    choose(page, "need-1", "passport.pdf", pdf(pages=2))
    page.get_by_text("passport.pdf is uploaded.").first.wait_for()
    choose(page, "need-2", "bill.jpg", jpeg(size=(800, 1000)))
    page.get_by_text("bill.jpg is uploaded.").first.wait_for()
    page.get_by_role("button", name="Submit for review").click()
    page.get_by_text("Our team is reading your papers").wait_for()


def approve(desk: Any) -> None:
    desk.get_by_role("link", name="KYC").first.click()
    desk.get_by_role("link", name="Acme").first.click()
    desk.locator("summary", has_text="Approve").click()
    form = desk.get_by_role("form", name="Approve")
    form.get_by_label("Until", exact=True).fill("2030-12-31")
    form.get_by_label("Reason", exact=True).fill("Both are in order.")
    form.get_by_role("button", name="Approve").click()
    desk.get_by_text("Approved until 31 December 2030.").wait_for()


def enable(page: Any, country: str, switch: str) -> None:
    page.get_by_label("Search by country").fill(country)
    page.wait_for_url(f"**q={country}*")
    switch_on(page, switch)


def switch_on(page: Any, switch: str) -> None:
    page.locator(switch).click()
    page.locator(f"{switch}[aria-checked=true]").wait_for()


def upload_messy_list(page: Any) -> None:
    page.get_by_role("link", name="Upload your first list").click()
    page.set_input_files("#file", str(MESSY))
    page.get_by_role("button", name="Upload and check").click()
    page.locator("#figures", has_text="Rejected").wait_for()
    groups = page.locator(".batch-groups")
    assert groups.locator("li", has_text="The first row counts").inner_text().count("Row 17") == 1
    for country in ("United Kingdom", "France", "United States"):
        assert country in groups.inner_text()


def take_every_repair(page: Any) -> None:
    page.get_by_label("Country of numbers without a country code").select_option("IN")
    page.get_by_role("button", name="Apply").click()
    page.locator("[name=repair]").first.wait_for()
    for box in page.locator("[name=repair]").all():
        box.check()
    page.get_by_role("button", name="Apply").click()
    page.locator("#figures", has_text="of them repaired").wait_for()


def rows_of(page: Any, link: str) -> list[dict[str, str]]:
    """What is in the file behind ``link``."""
    with page.expect_download() as download:
        page.get_by_role("link", name=link).click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(text.splitlines()))
