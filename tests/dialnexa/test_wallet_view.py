"""The wallet page …"""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

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
    assert "Reserved for open orders and calls ₹92.00" in page


def order_lines(workspace: Workspace, now: datetime) -> None:
    """Three purchases, a second apart: one waits, one was charged and refunded, one was returned."""
    for n, subject in enumerate(("ord_a", "ord_b", "ord_c"), 1):
        moment = now + timedelta(seconds=n)
        wallet.hold(workspace, Decimal(92), subject=subject, memo=f"Buy {subject}", by=SYSTEM, now=moment)
    later = now + timedelta(seconds=10)
    wallet.capture(workspace, subject="ord_b", memo="captured", by=SYSTEM, now=later)
    wallet.void(workspace, subject="ord_c", memo="Not bought", by=SYSTEM, now=later + timedelta(seconds=1))
    wallet.refund(workspace, subject="ord_b", memo="Refused", by=SYSTEM, now=later + timedelta(seconds=2))


def test_shows_what_became_of_each_reservation(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    order_lines(workspace, now)
    page = text(alice_client)
    lines = re.findall(r"Buy (ord_\w).*?(Reserved|Charged|Returned)", page)
    assert lines == [("ord_c", "Returned"), ("ord_b", "Charged"), ("ord_a", "Reserved")]
    assert "captured" not in page


def balances(client: Client, url: str = URL) -> list[tuple[str, str]]:
    """(amount, balance) of each line, newest first."""
    page = client.get(url).content.decode()
    cells = re.findall(r'data-title="(?:Amount|Balance)"[^>]*>([^<]*)<', page)
    return list(zip(cells[::2], cells[1::2], strict=True))


def test_says_what_was_left_after_each_line(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    order_lines(workspace, now)
    assert balances(alice_client) == [
        ("+₹92.00", "₹9,908.00"),
        ("+₹92.00", "₹9,816.00"),
        ("−₹92.00", "₹9,724.00"),
        ("−₹92.00", "₹9,816.00"),
        ("−₹92.00", "₹9,908.00"),
        ("+₹10,000.00", "₹10,000.00"),
    ]
    assert wallet.balance(workspace) == Decimal(9908)


def call_lines(workspace: Workspace, now: datetime) -> None:
    """Three calls for which ₹5 were reserved: one cost ₹2, one goes on, one cost nothing."""
    for n, subject in enumerate(("call_a", "call_b", "call_c")):
        moment = now + timedelta(seconds=n)
        wallet.hold(workspace, Decimal(5), subject=subject, memo=f"Call {subject}", by=SYSTEM, now=moment)
    for subject, cost in (("call_a", 2), ("call_c", 0)):
        over = now + timedelta(minutes=3)
        wallet.settle(
            workspace, Decimal(cost), subject=subject, memo=f"Call {subject}: over", by=SYSTEM, now=over
        )


def test_shows_one_line_for_each_call(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    call_lines(workspace, now)
    assert balances(alice_client) == [
        ("₹0.00", "₹9,993.00"),
        ("−₹5.00", "₹9,993.00"),
        ("−₹2.00", "₹9,998.00"),
        ("+₹10,000.00", "₹10,000.00"),
    ]
    lines = re.findall(r"Call (call_\w).*?(Reserved|Charged|Not charged|Returned)", text(alice_client))
    assert lines == [("call_c", "Not charged"), ("call_b", "Reserved"), ("call_a", "Charged")]
    rows = exported(alice_client)
    assert [(row["about"], row["money_out"]) for row in rows[1:]] == [
        ("call_a", "2.00"),
        ("call_b", "5.00"),
        ("call_c", "0.00"),
    ]
    assert (rows[-1]["balance"], wallet.balance(workspace)) == ("9993.00", Decimal(9993))


def test_says_what_was_left_on_every_page(
    alice_client: Client, workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = [
        wallet.credit(workspace, Decimal(n), reference=f"r{n}", memo="Top up", by=SYSTEM, now=now)
        for n in range(1, 8)  # all of the same moment
    ]
    everything = balances(alice_client)
    assert everything[0][1] == "₹10,028.00"
    assert len(everything) == len(whole) + 1
    monkeypatch.setattr("dialnexa.statement.PAGE_SIZE", 3)
    paged, url = [], URL
    for _ in range(3):
        paged += balances(alice_client, url)
        older = re.search(r'rel="next" href="([^"]+)"', alice_client.get(url).content.decode())
        url = older[1] if older else ""
    assert paged == everything


def test_leads_from_a_line_to_its_order(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    subject = "ord_01m7yc8df552ezzhyze2sxxkgr"
    wallet.hold(workspace, Decimal(92), subject=subject, memo="Purchase of +12125550123", by=SYSTEM, now=now)
    page = alice_client.get(URL).content.decode()
    address = f'href="/w/acme/numbers/orders/{subject}/"'
    assert page.count(address) == 2
    assert f"{address}>Purchase of +1 212-555-0123</a>" in page


# --- one month ----------------------------------------------------------------------------------------


@pytest.fixture
def autumn(workspace: Workspace) -> None:
    """₹100 in September, ₹200 and −₹92 in October; 30 September 18:30 UTC is October in India."""
    for when, amount in (("2026-09-30T18:29:59", 100), ("2026-09-30T18:30:00", 200)):
        moment = datetime.fromisoformat(f"{when}+00:00")
        wallet.credit(workspace, Decimal(amount), reference=when, memo=when, by=SYSTEM, now=moment)
    moment = datetime.fromisoformat("2026-10-31T18:29:59+00:00")
    wallet.hold(workspace, Decimal(92), subject="ord_x", memo="The last second", by=SYSTEM, now=moment)


def test_shows_one_month_of_the_workspaces_zone(alice_client: Client, autumn: None) -> None:
    page = text(alice_client, f"{URL}?month=2026-10")
    assert "Transactions in October 2026" in page
    assert "At the beginning ₹100.00 In ₹200.00 Out ₹92.00 At the end ₹208.00" in page
    lines = balances(alice_client, f"{URL}?month=2026-10")
    assert lines == [("−₹92.00", "₹208.00"), ("+₹200.00", "₹300.00")]
    assert "1 Oct 2026, 00:00" in page
    assert "Opening credit" not in page


def test_offers_every_month_since_the_first_line(
    alice_client: Client, autumn: None, workspace: Workspace, now: datetime
) -> None:
    options = re.findall(r'<option value="(\d{4}-\d\d)"', alice_client.get(URL).content.decode())
    assert options[-2:] == ["2026-10", "2026-09"]
    assert options[0] == f"{now.astimezone(ZoneInfo(workspace.time_zone)):%Y-%m}"


def test_stays_in_the_month_when_it_turns_pages(
    alice_client: Client, autumn: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dialnexa.statement.PAGE_SIZE", 1)
    first = alice_client.get(f"{URL}?month=2026-10").content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    assert balances(alice_client, older[1].replace("&amp;", "&")) == [("+₹200.00", "₹300.00")]


def test_says_so_when_nothing_moved(alice_client: Client, autumn: None) -> None:
    assert "No money moved in August 2026." in text(alice_client, f"{URL}?month=2026-08")


@pytest.mark.parametrize("month", ["2026-13", "26-10", "2026-1", "x", "%00", "9999-12", "２０２６-10"])
def test_takes_a_month_that_does_not_exist_for_none(
    alice_client: Client, workspace: Workspace, month: str
) -> None:
    assert "Opening credit" in text(alice_client, f"{URL}?month={month}")
    assert alice_client.get(f"{URL}export.csv?month={month}").status_code == 200


# --- as CSV -------------------------------------------------------------------------------------------


def exported(client: Client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"{URL}export.csv{query}")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    whole = b"".join(answer).decode()
    assert whole.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(whole[1:])))


def test_exports_every_line_oldest_first(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    order_lines(workspace, now)
    rows = exported(alice_client)
    kept = [(row["state"], row["money_in"], row["money_out"], row["balance"], row["about"]) for row in rows]
    assert kept == [
        ("Credit", "10000.00", "", "10000.00", ""),
        ("Reserved", "", "92.00", "9908.00", "ord_a"),
        ("Charged", "", "92.00", "9816.00", "ord_b"),
        ("Returned", "", "92.00", "9724.00", "ord_c"),
        ("Returned", "92.00", "", "9816.00", "ord_c"),
        ("Refunded", "92.00", "", "9908.00", "ord_b"),
    ]
    assert {row["currency"] for row in rows} == {"INR"}


def test_exports_one_month_with_the_balance_before_it(alice_client: Client, autumn: None) -> None:
    rows = exported(alice_client, "?month=2026-10")
    assert [(row["date"], row["balance"]) for row in rows] == [
        ("2026-10-01 00:00:00", "300.00"),
        ("2026-10-31 23:59:59", "208.00"),
    ]
    answer = alice_client.get(f"{URL}export.csv?month=2026-10")
    assert answer["Content-Disposition"] == 'attachment; filename="wallet-acme-2026-10.csv"'


def test_exports_nothing_a_spreadsheet_would_run(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    memo = "=HYPERLINK(A1)"
    wallet.credit(workspace, Decimal("0.0045"), reference="f", memo=memo, by=SYSTEM, now=now)
    rows = exported(alice_client)
    assert rows[-1]["what"] == "'=HYPERLINK(A1)"
    assert rows[-1]["money_in"] == "0.0045"
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_exports_to_the_owner_alone(bob_client: Client, charlie_client: Client, workspace: Workspace) -> None:
    assert bob_client.get(f"{URL}export.csv").status_code == 403
    assert charlie_client.get(f"{URL}export.csv").status_code == 404


def test_shows_no_other_money_than_the_wallets(
    alice_client: Client, workspace: Workspace, charlie_workspace: Workspace, now: datetime
) -> None:
    wallet.credit(charlie_workspace, Decimal(5), reference="c", memo="Secret", by=SYSTEM, now=now)
    assert [row["balance"] for row in exported(alice_client)] == ["10000.00"]


# --- what it always said ------------------------------------------------------------------------------


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
