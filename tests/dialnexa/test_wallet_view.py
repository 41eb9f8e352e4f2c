"""The wallet page …"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace

pytestmark = pytest.mark.django_db
URL = "/w/acme/wallet/"


def text(client: Client, url: str = URL) -> str:
    page = client.get(url).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.index("<main") :]))


def test_shows_balance_and_what_is_reserved(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    wallet.hold(workspace, Decimal("92"), subject="ord_a", memo="Purchase", by=SYSTEM, now=now)
    page = text(alice_client)
    assert "Balance ₹9,908.00" in page
    assert "Reserved for open orders ₹92.00" in page


def test_shows_a_reservation_as_one_line_with_what_became_of_it(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    for n, subject in enumerate(("ord_a", "ord_b", "ord_c")):
        moment = now + timedelta(seconds=n)
        wallet.hold(workspace, Decimal(92), subject=subject, memo=f"Buy {subject}", by=SYSTEM, now=moment)
    wallet.capture(workspace, subject="ord_b", memo="captured", by=SYSTEM, now=now)
    wallet.void(workspace, subject="ord_c", memo="voided", by=SYSTEM, now=now)
    page = text(alice_client)
    lines = re.findall(r"Buy (ord_\w).*?(Reserved|Charged|Returned)", page)
    assert lines == [("ord_c", "Returned"), ("ord_b", "Charged"), ("ord_a", "Reserved")]
    assert "captured" not in page
    assert "voided" not in page


def test_shows_credits_with_who_booked_them(alice_client: Client, workspace: Workspace) -> None:
    page = text(alice_client)
    assert "Opening credit DialNexa Credit" in page
    assert "+₹10,000.00" in page


def test_turns_pages(
    alice_client: Client, workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dialnexa.statement.PAGE_SIZE", 3)
    for n in range(6):
        moment = now + timedelta(seconds=n)
        wallet.credit(workspace, Decimal(1), reference=f"r{n}", memo=f"Credit {n}", by=SYSTEM, now=moment)
    first = alice_client.get(URL).content.decode()
    assert re.findall(r"Credit \d", first) == ["Credit 5", "Credit 4", "Credit 3"]
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = alice_client.get(older[1]).content.decode()
    assert re.findall(r"Credit \d", second) == ["Credit 2", "Credit 1", "Credit 0"]
    newer = re.search(r'rel="prev" href="([^"]+)"', second)
    assert newer
    assert re.findall(r"Credit \d", alice_client.get(newer[1]).content.decode())[0] == "Credit 5"


@pytest.mark.parametrize("query", ["after=x", "before=%00", "after=txn_00000000000000000000000000", "after="])
def test_takes_nonsense_in_the_address_for_nothing(alice_client: Client, query: str) -> None:
    assert "Opening credit" in text(alice_client, f"{URL}?{query}")


def test_shows_nothing_of_other_workspaces(
    alice_client: Client, workspace: Workspace, charlie_workspace: Workspace, now: datetime
) -> None:
    entry = wallet.credit(charlie_workspace, Decimal(5), reference="c", memo="Secret", by=SYSTEM, now=now)
    assert "Secret" not in text(alice_client)
    assert "Secret" not in text(alice_client, f"{URL}?before={entry.pk}")


def test_says_to_all_but_the_owner_that_it_is_the_owners(
    bob_client: Client, charlie_client: Client, workspace: Workspace
) -> None:
    response = bob_client.get(URL)
    assert response.status_code == 403
    assert "Only the owner can do this." in response.content.decode()
    assert charlie_client.get(URL).status_code == 404


def test_shows_the_wallet_card_to_those_who_may_spend(alice_client: Client, bob_client: Client) -> None:
    assert 'id="wallet-card"' in alice_client.get("/w/acme/numbers/").content.decode()
    page = bob_client.get("/w/acme/numbers/").content.decode()
    assert 'id="wallet-card"' not in page
    assert "/wallet/" not in page
