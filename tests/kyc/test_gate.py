"""kyc.gate …"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import translation

from dialnexa.models import Workspace
from kyc.gate import may_rent, standing
from kyc.models import KycCase

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Workspace:
    return Workspace.objects.create(slug="shop", name="Shop")


def case(shop: Workspace, status: str, **fields: object) -> KycCase:
    return KycCase.objects.create(workspace=shop, country="GB", status=status, **fields)


@pytest.mark.parametrize("country, kind", [("US", "local"), ("CA", "local"), ("KZ", "mobile")])
def test_lets_everybody_rent_where_no_papers_are_asked_for(
    shop: Workspace, now: datetime, country: str, kind: str
) -> None:
    verdict = may_rent(shop, country, kind, now=now)
    assert (verdict.allowed, verdict.papers, verdict.case) == (True, "", None)


@pytest.mark.parametrize("country, kind", [("IN", "local"), ("GB", "mobile"), ("US", "toll_free")])
def test_asks_for_papers(shop: Workspace, now: datetime, country: str, kind: str) -> None:
    verdict = may_rent(shop, country, kind, now=now)
    assert not verdict.allowed
    assert verdict.papers
    assert "Needed: " in verdict.sentence


def test_lets_a_verified_workspace_rent(shop: Workspace, now: datetime) -> None:
    verified = case(shop, "verified")
    verdict = may_rent(shop, "GB", "local", now=now)
    assert (verdict.allowed, verdict.case) == (True, verified)
    assert verdict.sentence == "Shop is verified for United Kingdom."


def test_verifies_for_one_country_only(shop: Workspace, now: datetime) -> None:
    case(shop, "verified")
    assert not may_rent(shop, "IN", "local", now=now).allowed


def test_verifies_one_workspace_only(shop: Workspace, now: datetime) -> None:
    case(shop, "verified")
    other = Workspace.objects.create(slug="other", name="Other")
    assert not may_rent(other, "GB", "local", now=now).allowed


@pytest.mark.parametrize(
    "status, words",
    [
        (
            "not_started",
            "Shop is not verified for United Kingdom yet. Needed: proof of identity and",
        ),
        ("draft", "Shop has begun its papers for United Kingdom but not submitted them."),
        ("submitted", "Shop has submitted its papers for United Kingdom; they are being reviewed."),
        ("rejected", "Shop was not verified for United Kingdom: the scan is cut off. Correct it and submit"),
        ("expired", "Shop was verified for United Kingdom, but that has expired."),
        ("suspended", "Shop is suspended for United Kingdom: the scan is cut off. Ask support."),
    ],
)
def test_says_why_not_in_every_state(shop: Workspace, now: datetime, status: str, words: str) -> None:
    case(shop, status, reason="the scan is cut off.")
    verdict = may_rent(shop, "GB", "local", now=now)
    assert not verdict.allowed
    assert verdict.sentence.startswith(words)


@pytest.mark.parametrize("seconds, allowed", [(1, True), (0, False), (-1, False)])
def test_ends_with_the_verification(shop: Workspace, now: datetime, seconds: int, allowed: bool) -> None:
    dated = case(shop, "verified", verified_until=now + timedelta(seconds=seconds))
    assert may_rent(shop, "GB", "local", now=now).allowed is allowed
    assert standing(dated, now=now) == ("verified" if allowed else "expired")


def test_says_why_not_in_hindi(shop: Workspace, now: datetime) -> None:
    case(shop, "draft")
    with translation.override("hi"):
        said = may_rent(shop, "GB", "local", now=now).sentence
    assert said.startswith("Shop ने यूनाइटेड किंगडम के काग़ज़ात शुरू किए हैं")
    assert "पहचान और पते का प्रमाण" in said
