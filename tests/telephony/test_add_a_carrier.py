"""A carrier …"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dialnexa import local
from telephony.carrier_accounts import ACCOUNTS
from telephony.carriers import variable
from telephony.carriers.sandbox.dialects import DIALECTS, carrier_of
from telephony.carriers.voice import Voice
from telephony.catalogue import MARKETS
from telephony.models import CarrierSlug

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "add-a-carrier.md").read_text()
SELLERS = [slug for slug in CarrierSlug.values if slug != CarrierSlug.SIP_TRUNK]
VOICE = [name for name in vars(Voice) if not name.startswith("_")]


@pytest.mark.parametrize("slug", SELLERS)
def test_is_known_wherever_carriers_are_listed(slug: str) -> None:
    account = variable(slug, ACCOUNTS[CarrierSlug(slug)])
    demo = local.sandbox_accounts("http://127.0.0.1:1")
    assert slug in MARKETS
    assert account in local.ACCOUNTS
    assert f'env.str("{account}", "")' in (ROOT / "dialnexa" / "settings" / "carriers.py").read_text()
    assert f"`{account}`" in (ROOT / "docs" / "configuration.md").read_text()
    assert carrier_of(demo[account]) == CarrierSlug(slug).label
    assert [dialect.label for dialect in DIALECTS if dialect.slug == slug] == [CarrierSlug(slug).label]
    for kind in ("rental", "call"):
        assert (ROOT / "telephony" / "demo" / f"{slug}_{kind}_rates_inr.csv").exists()


def test_is_listed_nowhere_without_being_known() -> None:
    for names in (MARKETS, ACCOUNTS, [dialect.slug for dialect in DIALECTS]):
        assert {*names} == {*SELLERS}


def test_is_added_in_files_that_exist() -> None:
    named = re.findall(r"`([\w/<>.-]+/[\w<>.-]+\.\w+)`", PAGE)
    assert len(named) > 20
    missing = [path for path in named if not (ROOT / path.replace("<slug>", "signalwire")).exists()]
    assert missing == []


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("dialnexa/local.py", ["ACCOUNTS", "sandbox_accounts"]),
        ("telephony/catalogue.py", ["MARKETS", "EVERYWHERE"]),
        ("telephony/carriers/sandbox/dialect.py", ["class Dialect"]),
        ("telephony/carriers/voice.py", ["class Voice", *VOICE]),
        ("tests/telephony/carriers/test_signatures.py", ["SCHEMES"]),
        ("tests/telephony/carriers/test_answers.py", ["RENDER"]),
        ("tests/conftest.py", ["ACCOUNTS", "OTHER_RENTS", "accounts_at", "every_carrier"]),
        ("tests/chaos/shop.py", ["CARRIERS", "RATES"]),
    ],
)
def test_is_added_under_names_that_exist(path: str, names: list[str]) -> None:
    text = (ROOT / path).read_text()
    assert [name for name in names if name not in text] == []
    assert all(name.removeprefix("class ") in PAGE for name in names)
