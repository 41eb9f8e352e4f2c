"""Pages of a batch that dials …"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import User
from phone_numbers.batch_dialling.running import advance_batch
from telephony.batches import turns
from telephony.models import BatchCall, BatchRow, Call
from tests.conftest import client_of
from tests.numbers.batches.conftest import EDGES, GOOD, Dialler

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(bob: User) -> Client:
    return client_of(bob)


def form(dialler: Dialler, **changes: str) -> dict[str, str]:
    return {
        "from_number": dialler.number.pk,
        "agent_version": dialler.version.pk,
        "at_once": "3",
        "attempts": "2",
        "retry_minutes": "15",
        "time_zone": "Asia/Kolkata",
        "hours_begin": "00:00",
        "hours_end": "23:59",
        **changes,
    }


def post(client: Client, batch: BatchCall, what: str, **fields: str) -> Any:
    return client.post(f"/w/acme/batches/{batch.pk}/{what}/", fields)


def page(client: Client, batch: BatchCall, query: str = "", **headers: str) -> str:
    response = client.get(f"/w/acme/batches/{batch.pk}/{query}", headers=headers)
    assert response.status_code == 200
    return str(response.content.decode())


def test_offer_to_start_a_list_and_start_it(client: Client, dialler: Dialler, bob: User) -> None:
    batch = dialler.upload()
    assert "Start calling" in page(client, batch)
    response = post(client, batch, "start", **form(dialler, starts_at="2099-03-31T09:00"))
    assert response["Location"] == f"/w/acme/batches/{batch.pk}/"
    batch.refresh_from_db()
    assert (batch.status, batch.at_once, batch.attempts, batch.started_by) == ("scheduled", 3, 2, bob)
    assert batch.starts_at is not None
    assert batch.starts_at.isoformat() == "2099-03-31T03:30:00+00:00"
    assert "31 Mar, 09:00 IST" in page(client, batch)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"from_number": ""}, "Choose the number to call from, and the agent."),
        ({"from_number": "phn_other"}, "Choose one of the active numbers."),
        ({"at_once": "99"}, "Between 1 and 10 calls can run at once."),
        ({"attempts": "x"}, "Write a whole number."),
        ({"hours_end": ""}, "Calling hours need a beginning and an end."),
        ({"time_zone": "Mars", "starts_at": "2099-03-31T09:00"}, "There is no time zone"),
        ({"ends_at": "never"}, "Write the moment like"),
        ({"ends_at": "2001-01-01T10:00"}, "The end has to be later"),
    ],
)
def test_say_what_is_wrong_with_a_plan_and_keep_what_was_typed(
    client: Client, dialler: Dialler, changes: dict[str, str], said: str
) -> None:
    batch = dialler.upload()
    response = post(client, batch, "start", **form(dialler, retry_minutes="77", **changes))
    assert response.status_code == 422
    assert said in response.content.decode()
    assert 'value="77"' in response.content.decode()
    assert not BatchRow.objects.exists()


def test_show_how_it_stands_and_what_is_in_the_air(client: Client, dialler: Dialler) -> None:
    batch = dialler.start(dialler.upload([*GOOD, *EDGES]), at_once=3)
    placed = advance_batch(batch.pk, tell=dialler.clock)
    shown = page(client, batch)
    assert "Running" in shown
    assert [f"{pk}-air" in shown for pk in placed] == [True] * 3
    assert 'hx-trigger="every 2s"' in shown
    fragment = page(client, batch, **HTMX)
    assert "<html" not in fragment
    assert "Running, 0 % of the rows are over" in fragment
    assert "announcer" not in page(client, batch, "?had=Running,+0+%25+of+the+rows+are+over", **HTMX)
    assert page(client, batch, "?state=calling").count('scope="row"') == 3
    assert page(client, batch, "?state=nonsense&after=x").count('scope="row"') == 23
    assert page(client, batch, "?after=20").count('scope="row"') == 4


def test_pause_resume_and_cancel(client: Client, dialler: Dialler) -> None:
    batch = dialler.start()
    advance_batch(batch.pk, tell=dialler.clock)
    assert post(client, batch, "pause").status_code == 302
    paused = page(client, batch)
    assert "Resume" in paused
    assert "Calls in progress go on to their end." in paused
    assert post(client, batch, "pause").status_code == 422
    post(client, batch, "resume")
    assert BatchCall.objects.get().status == "waiting"
    post(client, batch, "cancel", reason="Wrong list.")
    assert BatchCall.objects.get().status == "cancelled"
    shown = page(client, batch)
    assert "Wrong list." in shown
    assert "Cancel this batch" not in shown
    assert "The batch was cancelled before it was called." in shown
    assert "<dt>Cancelled</dt>" in shown
    assert "Not reached" not in shown.split('id="rows"')[1].split("<tbody>")[1]
    assert "has been started already" in post(client, batch, "start", **form(dialler)).content.decode()


def test_lead_to_where_the_reason_of_a_pause_is_mended(client: Client, dialler: Dialler) -> None:
    batch = dialler.start()
    rest = wallet.balance(dialler.workspace)
    wallet.hold(dialler.workspace, rest, subject="other", memo="", by=SYSTEM, now=dialler.clock())
    advance_batch(batch.pk, tell=dialler.clock)
    assert 'href="/w/acme/wallet/">Open the wallet' in page(client, batch)


def test_say_why_a_batch_rests_and_when_it_goes_on(client: Client, dialler: Dialler) -> None:
    dialler.clock.now = datetime(2099, 3, 30, 20, tzinfo=UTC)
    batch = dialler.start(hours_begin=time(9), hours_end=time(12), time_zone="America/New_York")
    dialler.clock.now = datetime(2099, 3, 30, 22, tzinfo=UTC)
    advance_batch(batch.pk, tell=dialler.clock)
    shown = page(client, batch)
    assert "Now is outside its calling hours. It goes on by itself on" in shown
    assert "31 Mar, 18:30 IST" in shown


def test_say_when_who_was_not_reached_is_called_again(client: Client, dialler: Dialler) -> None:
    batch = dialler.start()
    advance_batch(batch.pk, tell=dialler.clock)
    later = dialler.clock() + timedelta(minutes=30)
    assert "The next call is at" not in page(client, batch)
    BatchRow.objects.filter(batch=batch).update(state="waiting", next_try_at=later)
    BatchCall.objects.update(next_run_at=later)
    assert "The next call is at" in page(client, batch)


def test_say_that_other_lists_are_being_read(
    client: Client, dialler: Dialler, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = dialler.upload()
    monkeypatch.setattr(turns, "PATIENCE", 0.01)
    with turns.turn(dialler.workspace.pk):
        busy = client.get(f"/w/acme/batches/{batch.pk}/corrected.csv")
        assert (busy.status_code, busy["Retry-After"]) == (503, "5")
        assert "Other lists are being read right now." in busy.content.decode()
        response = post(client, batch, "start", **form(dialler))
    assert (response.status_code, BatchCall.objects.get().status) == (422, "draft")
    assert "Other lists are being read right now." in response.content.decode()
    assert client.get(f"/w/acme/batches/{batch.pk}/corrected.csv").status_code == 200


def test_give_every_row_with_its_outcome_as_a_file(client: Client, dialler: Dialler) -> None:
    batch = dialler.start(dialler.upload(GOOD[:2]))
    call = advance_batch(batch.pk, tell=dialler.clock)[0]
    Call.objects.filter(pk=call).update(duration=61, charged="2.50")
    BatchRow.objects.filter(row=2).update(state="done")
    response = client.get(f"/w/acme/batches/{batch.pk}/results.csv")
    lines = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines[0].endswith("row,phone_number,outcome,reason,tries,seconds,cost,currency,call_id,name")
    assert lines[1] == f"2,+14155551000,done,,1,61,2.500000,INR,{call},Guest 2"
    assert lines[2].startswith("3,+14155551001,calling,,1,,,INR,call_")
