"""Writing many rows from plain values …"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from dialnexa import audit, wallet
from dialnexa.actors import SYSTEM
from dialnexa.bulk import insert_rows
from dialnexa.models import AuditEntry, LedgerEntry, Workspace

pytestmark = pytest.mark.django_db
AMOUNTS = [Decimal("0.000001"), Decimal("9999999999.999999"), Decimal("1E+3")]


@pytest.fixture
def shop(now: datetime) -> Workspace:
    shop = Workspace.objects.create(slug="shop", name="Shop")
    wallet.open_accounts(shop)
    wallet.credit(shop, Decimal(10**12), reference="opening", memo="m", by=SYSTEM, now=now)
    return shop


def entries(shop: Workspace) -> list[dict[str, object]]:
    purse, held = wallet.account("wallet", "INR", shop).pk, wallet.account("held", "INR", shop).pk
    sides = {"debit_id": purse, "credit_id": held}
    memo = "दुकान, \"x\" {1,2} \\N \t 'y' %s"
    return [
        {"id": f"txn_{n}", "reference": f"r{n}", "amount": amount, "memo": memo, **sides}
        for n, amount in enumerate(AMOUNTS)
    ]


def test_keeps_money_and_moments_to_the_last_digit_and_text_as_it_is(shop: Workspace, now: datetime) -> None:
    at = now + timedelta(microseconds=1)
    same = {"kind": "hold", "currency": "INR", "workspace_id": shop.pk, "subject_id": "", "actor_name": "t"}
    insert_rows(LedgerEntry, entries(shop), **same, created_at=at)
    made = LedgerEntry.objects.filter(kind="hold").order_by("reference")
    assert [row.amount for row in made] == AMOUNTS
    assert {(row.memo, row.created_at, row.api_key_id) for row in made} == {
        (str(entries(shop)[0]["memo"]), at, None)
    }
    assert wallet.held(shop) == sum(AMOUNTS)


def test_is_bound_by_the_rules_of_the_table(shop: Workspace, now: datetime) -> None:
    same = {"kind": "hold", "currency": "INR", "workspace_id": shop.pk, "subject_id": "", "actor_name": "t"}
    twice = [*entries(shop), {**entries(shop)[0], "id": "txn_again"}]
    with pytest.raises(IntegrityError, match="reference"), transaction.atomic():
        insert_rows(LedgerEntry, twice, **same, created_at=now)
    assert wallet.held(shop) == 0


def test_writes_nothing_for_no_rows() -> None:
    insert_rows(LedgerEntry, [], kind="hold")
    assert not LedgerEntry.objects.exists()


def test_records_what_record_would(shop: Workspace, now: datetime) -> None:
    after = {"amount": "92.00", "nested": {"of": [1, None, "ü"]}}
    audit.record(shop, "renew", after=after, by=SYSTEM, now=now)
    subjects = ["b", "a", "c"]
    changes = [audit.Change(subject, shop.pk, after) for subject in subjects]
    audit.record_same(Workspace, "renew", changes, by=SYSTEM, now=now)
    rows = AuditEntry.objects.filter(event="renew").order_by("id")
    assert [row.subject_id for row in rows] == [shop.pk, *subjects]
    facts = [(row.workspace_id, row.subject_type, row.before, row.after, row.at, row.channel) for row in rows]
    doers = {(row.actor_id, row.actor_name, row.api_key_id, row.request_id, row.reason) for row in rows}
    assert all(fact == facts[0] for fact in facts)
    assert len(doers) == 1
