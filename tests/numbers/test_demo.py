"""make_demo …"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.test import Client

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, LedgerEntry, User, Workspace
from kyc.documents import open_document
from kyc.gate import may_rent
from kyc.inspecting import inspect
from kyc.models import KycCase, KycDocument
from kyc.requirements import missing
from phone_numbers.demo.workspaces import PASSWORD, make_demo
from phone_numbers.models import PhoneNumber
from telephony.catalogue import MARKETS
from telephony.models import AgentVersion, CallRate, RentalRate
from telephony.rates import rental_rates
from telephony.switches import country_enabled, enabled_groups

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _debug(settings: LazySettings) -> None:
    settings.DEBUG = True


def demo() -> Workspace:
    return Workspace.objects.get(slug="demo")


def test_makes_a_workspace_with_people_of_every_role(now: datetime) -> None:
    make_demo(now=now)
    roles = demo().memberships.order_by("role").values_list("user__email", "role")
    assert dict(roles) == {
        "demo@dialnexa.example": "owner",
        "admin@dialnexa.example": "admin",
        "member@dialnexa.example": "member",
        "viewer@dialnexa.example": "viewer",
    }
    assert demo().is_demo
    assert User.objects.get(is_staff=True).email == "staff@dialnexa.example"


def test_gives_logins_that_work(now: datetime, client: Client) -> None:
    logins = make_demo(now=now)
    assert [login.role for login in logins] == ["Owner", "Admin", "Member", "Viewer", "Support staff"]
    assert all(client.login(email=login.email, password=login.password) for login in logins)


def test_gives_credit_that_buys_here_and_not_there(now: datetime) -> None:
    make_demo(now=now)
    poor = Workspace.objects.get(slug="demo-labs")
    assert poor.memberships.get().user.email == "demo@dialnexa.example"
    assert wallet.balance(demo()) == Decimal(5000)
    cheapest = min(RentalRate.objects.values_list("monthly", flat=True))
    assert 0 < wallet.balance(poor) < cheapest


def test_verifies_india_and_not_the_uk(now: datetime) -> None:
    make_demo(now=now)
    assert may_rent(demo(), "IN", "local", now=now).allowed
    assert not may_rent(demo(), "GB", "local", now=now).allowed
    case = demo().kyc_cases.get()
    assert (case.country, case.legal_name) == ("IN", "Sunrise Dental Care Private Limited")
    assert set(case.documents.values_list("kind", "status")) == {
        ("incorporation", "accepted"),
        ("gst", "accepted"),
    }


def test_leaves_the_second_workspaces_papers_to_be_completed(now: datetime) -> None:
    make_demo(now=now)
    case = KycCase.objects.get(workspace__slug="demo-labs")
    assert (case.country, case.status) == ("IN", "draft")
    assert [group.title for group in missing(case)] == ["GST registration"]
    document = case.documents.get()
    content = open_document(document, by=SYSTEM, now=now)
    inspected = inspect(content, document.file_name)
    assert (inspected.media_type, inspected.pages) == (document.media_type, document.pages)


def test_turns_three_countries_on_and_prices_more(now: datetime) -> None:
    make_demo(now=now)
    on = [iso for iso in ("IN", "US", "GB", "DE") if country_enabled(demo(), "plivo", iso)]
    assert on == ["IN", "US", "GB"]
    assert all(rental_rates("plivo", iso, "INR", now=now) for iso in ("IN", "US", "GB", "DE", "SG"))
    assert CallRate.objects.exists()


def test_can_buy_from_every_carrier(now: datetime) -> None:
    make_demo(now=now)
    on = {slug: {group.country_id for group in enabled_groups(demo(), slug)} for slug in MARKETS}
    assert on == {"plivo": {"IN", "US", "GB"}, "twilio": {"IN", "US", "GB"}, "signalwire": {"US"}}
    assert all(rental_rates(slug, "US", "INR", now=now)["local"] for slug in MARKETS)
    assert all(CallRate.objects.filter(network_group__carrier=slug).exists() for slug in MARKETS)


def test_makes_agents_with_published_and_draft_versions(now: datetime) -> None:
    make_demo(now=now)
    versions = AgentVersion.objects.filter(agent__workspace=demo())
    assert {version.status for version in versions} == {"published", "draft"}
    assert {version.runtime_url.split(":")[0] for version in versions} == {"wss", "sip"}
    assert not versions.exclude(runtime_url__contains="sunrise-dental.example").exists()
    assert all((version.status == "published") == bool(version.published_at) for version in versions)


def test_invents_no_numbers(now: datetime) -> None:
    make_demo(now=now)
    assert not PhoneNumber.objects.exists()


def test_leaves_everything_as_it_is_the_second_time(now: datetime) -> None:
    make_demo(now=now)
    user = User.objects.get(email="demo@dialnexa.example")
    user.set_password("something of my own")
    user.save()
    demo().network_groups.update(enabled=False)
    KycDocument.objects.all().delete()
    KycCase.objects.all().delete()
    before = (LedgerEntry.objects.count(), AuditEntry.objects.count(), RentalRate.objects.count())
    logins = make_demo(now=now)
    assert (LedgerEntry.objects.count(), AuditEntry.objects.count(), RentalRate.objects.count()) == before
    assert not country_enabled(demo(), "plivo", "IN")
    assert not KycCase.objects.exists()
    assert [login.password for login in logins] == ["", *[PASSWORD] * 4]


def test_keeps_prices_that_are_in_force(now: datetime, catalogue: None) -> None:
    make_demo(now=now)
    assert rental_rates("plivo", "IN", "INR", now=now)["local"].monthly == Decimal(250)
    assert RentalRate.objects.filter(carrier="plivo").count() == 8


def test_refuses_the_well_known_password_in_production(now: datetime, settings: LazySettings) -> None:
    settings.DEBUG = False
    with pytest.raises(Refusal, match="demo_password_known"):
        make_demo(now=now)
    assert not User.objects.exists()
    with pytest.raises(CommandError, match="--password"):
        call_command("make_demo")
    assert make_demo(password="something of my own", now=now)[0].password == "something of my own"


def test_refuses_a_weak_password(now: datetime) -> None:
    with pytest.raises(Refusal, match="demo_password_weak"):
        make_demo(password="password123", now=now)
    assert not User.objects.exists()


@pytest.mark.parametrize("slug", ["demo", "demo-labs"])
def test_refuses_to_take_over_a_real_workspace(now: datetime, slug: str) -> None:
    Workspace.objects.create(slug=slug, name="Demolition Ltd")
    with pytest.raises(Refusal, match="demo_slug_taken"):
        make_demo(now=now)
    assert not User.objects.exists()


def test_prints_the_logins(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("make_demo")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"demo@dialnexa.example  {PASSWORD}  Owner"
    assert len(lines) == 5
