"""The KYC page …"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, User, Workspace
from kyc import reviews
from kyc.models import KycCase
from kyc.page import Card, read_cards
from tests.conftest import client_of
from tests.kyc.papers import make_document

URL = "/w/acme/kyc/"


def submit(client: Client, country: str = "GB") -> str:
    """The page after submitting, with everything there that is needed."""
    case = KycCase.objects.filter(country=country).first() or KycCase(
        workspace=Workspace.objects.get(slug="acme"), country=country
    )
    case.entity_type, case.legal_name = "individual", "Alice Adams"
    case.save()
    for kind in {"passport", "lease"} - set(case.documents.values_list("kind", flat=True)):
        make_document(case, kind)
    return client.post(f"{URL}{country}/submit/", follow=True).content.decode()


def card(workspace: Workspace, country: str, now: datetime) -> Card:
    return next(card for card in read_cards(workspace, now=now) if card.country == country)


@pytest.fixture
def british(workspace: Workspace, now: datetime) -> KycCase:
    case = reviews.open_case(workspace, "GB")
    reviews.submit(case, by=SYSTEM, now=now, without_papers=True)
    return case


def test_lists_every_country_that_asks_for_papers(alice_client: Client) -> None:
    text = alice_client.get(URL).content.decode()
    for words in ("India", "Verified", "United Kingdom", "Not started", "Proof of identity and an address"):
        assert words in text
    assert "Toll-free numbers" in text
    assert "Kazakhstan" not in text


def test_shows_one_country_for_a_link(alice_client: Client) -> None:
    text = alice_client.get(f"{URL}?country=gb").content.decode()
    assert 'id="GB"' in text
    assert 'id="DE"' not in text


def test_says_when_a_country_asks_for_nothing(alice_client: Client) -> None:
    text = alice_client.get(f"{URL}?country=KZ").content.decode()
    assert "Numbers in Kazakhstan can be rented without any." in text


@pytest.mark.parametrize("query", ["country=QQ", "country=%00", "country=" + "x" * 10_000])
def test_takes_nonsense_for_not_asked(alice_client: Client, query: str) -> None:
    assert 'id="GB"' in alice_client.get(f"{URL}?{query}").content.decode()


def test_submits_for_review(alice: User, alice_client: Client, workspace: Workspace) -> None:
    text = submit(alice_client)
    assert "The papers for United Kingdom are in review." in text
    case = KycCase.objects.get(workspace=workspace, country="GB")
    assert case.status == "submitted"
    entry = AuditEntry.objects.get(subject_id=case.pk, event="submit")
    assert (entry.actor, entry.channel) == (alice, "browser")


def test_explains_a_rejection_and_takes_papers_again(
    alice_client: Client, british: KycCase, now: datetime
) -> None:
    reviews.reject(british, by=SYSTEM, now=now, reason="The utility bill is older than three months.")
    text = alice_client.get(URL).content.decode()
    assert "The utility bill is older than three months." in text
    assert "Submit again" in text
    assert 'href="/w/acme/kyc/GB/"' in text
    submit(alice_client)
    assert KycCase.objects.get(pk=british.pk).status == "submitted"


def test_escapes_what_staff_wrote(alice_client: Client, british: KycCase, now: datetime) -> None:
    reviews.reject(british, by=SYSTEM, now=now, reason="<script>alert(1)</script>")
    assert "<script>alert" not in alice_client.get(URL).content.decode()


def test_has_nothing_to_submit_while_papers_are_in_review(alice_client: Client, british: KycCase) -> None:
    assert f"{URL}GB/submit/" not in alice_client.get(f"{URL}GB/").content.decode()
    assert "being reviewed already" in submit(alice_client)
    assert AuditEntry.objects.filter(subject_id=british.pk, event="submit").count() == 1


def test_says_what_has_run_out(alice_client: Client, british: KycCase, now: datetime) -> None:
    before, until = now - timedelta(days=2), now - timedelta(days=1)
    reviews.verify(british, by=SYSTEM, now=before, reason="In order", until=until)
    text = alice_client.get(f"{URL}?country=GB").content.decode()
    assert "Expired" in text
    assert "Submit again" in text


def test_puts_the_home_country_before_others_that_were_begun(workspace: Workspace, now: datetime) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(country="US")
    workspace.refresh_from_db()
    KycCase.objects.update_or_create(workspace=workspace, country="FR", defaults={"status": "draft"})
    countries = [card.country for card in read_cards(workspace, now=now)]
    assert (countries[0], countries.index("FR") < countries.index("AU")) == ("US", True)


def test_puts_trouble_first(workspace: Workspace, british: KycCase, now: datetime) -> None:
    reviews.reject(british, by=SYSTEM, now=now, reason="Cut off")
    assert [card.country for card in read_cards(workspace, now=now)][:2] == ["GB", "IN"]


@pytest.mark.parametrize(
    "status, tone, may_submit",
    [
        ("not_started", "off", True),
        ("draft", "off", True),
        ("submitted", "waiting", False),
        ("verified", "ok", False),
        ("rejected", "trouble", True),
        ("expired", "trouble", True),
        ("suspended", "trouble", False),
    ],
)
def test_knows_what_to_do_in_every_state(
    alice_client: Client, workspace: Workspace, now: datetime, status: str, tone: str, may_submit: bool
) -> None:
    KycCase.objects.create(workspace=workspace, country="GB", status=status, reason="Because")
    seen = card(workspace, "GB", now)
    assert (seen.tone, seen.may_submit) == (tone, may_submit)
    text = alice_client.get(f"{URL}?country=GB").content.decode()
    assert ("Look at the papers" in text) is not may_submit
    assert (f"{URL}GB/submit/" in alice_client.get(f"{URL}GB/").content.decode()) is may_submit


@pytest.mark.parametrize("role", ["member", "viewer"])
def test_lets_members_and_viewers_only_look(workspace: Workspace, charlie: User, role: str) -> None:
    workspace.memberships.create(user=charlie, role=role)
    client = client_of(charlie)
    assert "submit/" not in client.get(f"{URL}GB/").content.decode()
    assert client.post(f"{URL}GB/submit/").status_code == 403
    assert not KycCase.objects.filter(country="GB").exists()


def test_is_404_for_strangers(charlie_client: Client, workspace: Workspace) -> None:
    assert charlie_client.get(URL).status_code == 404
    assert charlie_client.post(f"{URL}GB/submit/").status_code == 404
    assert not KycCase.objects.filter(country="GB").exists()


def test_sends_the_anonymous_to_sign_in(client: Client, workspace: Workspace) -> None:
    assert client.get(URL).status_code == 302


def test_refuses_a_post_without_its_token(alice: User, workspace: Workspace) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(f"{URL}GB/submit/").status_code == 403
    assert not KycCase.objects.filter(country="GB").exists()


@pytest.mark.parametrize("country", ["KZ", "XX", "gb", "GB%00", "x" * 10_000])
def test_is_404_for_countries_without_rules(alice_client: Client, country: str) -> None:
    assert alice_client.post(f"{URL}{country}/submit/").status_code == 404
