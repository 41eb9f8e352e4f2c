"""Every file to download …"""

from __future__ import annotations

import csv
import io
from datetime import datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from django.test import Client

from dialnexa import wallet
from dialnexa.actors import Actor, Channel
from dialnexa.cells import E164, csv_lines, safe_cell
from dialnexa.models import User, Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.naming import rename_number
from telephony.batches.drafts import upload_batch
from telephony.models import Agent, BatchCall, BatchRow, Call
from tests.conftest import client_of
from tests.matrix.routes import pages
from tests.matrix.test_headers import body

pytestmark = pytest.mark.django_db
ARMED = "=+-@%|\t\r\n\0＝＋－＠％｜−"  # what a cell must not begin with, whatever blanks it hides behind
BLANKS = ["", " ", "\xa0", "\u200b", "\ufeff", "\u202e", ";", "x;", "x\n", "x;\u200b "]
FORMULAS = ["1+1", "cmd|' /C calc'!A0", 'HYPERLINK("http://evil.example","x")']
CORPUS = ["".join(parts) for parts in product(BLANKS, ARMED[:-1], FORMULAS[:2])][:220]
ATTACK = "=HYPERLINK(1)"
EXPORTS = {
    "numbers:export": "nickname",
    "calls:export": "agent",
    "wallet_export": "memo",
    "settings:history-export": "nickname, name of the person",
    "batches:corrected": "header and cells",
    "batches:rejected": "header and cells",
    "batches:results": "header and cells",
}


def is_armed(cell: str) -> bool:
    """Whether any piece a spreadsheet may make of the cell begins a formula: judged without our code."""
    if E164.fullmatch(cell):
        return False
    for piece in cell.replace("\t", ";").replace("\r", ";").replace("\n", ";").split(";"):
        shown = piece.lstrip("".join({sign for sign in piece if sign.isspace() or not sign.isprintable()}))
        if shown[:1] and shown[0] in ARMED:
            return True
    return False


def test_disarms_the_whole_corpus_and_keeps_its_text() -> None:
    assert len(CORPUS) >= 200
    written = "".join(csv_lines(["a", ATTACK], ([text, "+14155550100"] for text in CORPUS)))
    header, *rows = csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline=""))
    assert [cell for cell, _ in rows if is_armed(cell)] == []
    assert [cell.replace("'", "") for cell, _ in rows] == [text.replace("'", "") for text in CORPUS]
    assert {number for _, number in rows} == {"+14155550100"}
    assert header == ["a", f"'{ATTACK}"]
    assert [safe_cell(cell) for cell, _ in rows] == [cell for cell, _ in rows]


@pytest.fixture
def attacked(world: dict[str, Any], workspace: Workspace, alice: User, now: datetime) -> dict[str, Any]:
    """Everything a customer can name is an attack."""
    alice.first_name, alice.last_name = ATTACK, ""
    alice.save()
    by = Actor(Channel.BROWSER, ATTACK, alice, "req_test")
    number = PhoneNumber.objects.get(pk=world["number_id"])
    rename_number(number, nickname=ATTACK, label=ATTACK, by=by, now=now)
    wallet.credit(workspace, Decimal(1), reference="attack", memo=ATTACK, by=by, now=now)
    Agent.objects.filter(pk=world["agent_id"]).update(title=ATTACK)
    Call.objects.filter(pk=world["call_id"]).update(
        agent_version=Agent.objects.get(pk=world["agent_id"]).versions.get()
    )
    return world | {"batch_id": make_batch(workspace, by, now).pk}


def make_batch(workspace: Workspace, by: Actor, now: datetime) -> BatchCall:
    """With a row that can be called, one that can't, and one that was called."""
    file = f"phone_number,{ATTACK}\n+919876543210,{ATTACK}\nnobody,{ATTACK}\n".encode()
    batch = upload_batch(workspace, file, title=ATTACK, name="list.csv", by=by, now=now)
    BatchRow.objects.create(
        batch=batch, workspace=workspace, row=2, e164="+919876543210", variables={ATTACK: ATTACK}
    )
    BatchCall.objects.filter(pk=batch.pk).update(report=batch.report | {"variables": [ATTACK]})
    return batch


def test_is_known_here(attacked: dict[str, Any], alice: User) -> None:
    client = client_of(alice)
    answers = {route.name: client.get(route.url(attacked)) for route in pages()}
    assert {name for name, given in answers.items() if "text/csv" in given.get("Content-Type", "")} == set(
        EXPORTS
    )


@pytest.mark.parametrize("name", EXPORTS)
def test_holds_what_attacks_as_text(name: str, attacked: dict[str, Any], alice_client: Client) -> None:
    [route] = [route for route in pages() if route.name == name]
    text = body(alice_client.get(route.url(attacked)))
    cells = [cell for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")) for cell in row]
    assert [cell for cell in cells if is_armed(cell)] == []
    assert any(f"'{ATTACK}" in cell for cell in cells), cells
