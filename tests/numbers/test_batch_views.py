"""Batch calls in the browser …"""

from __future__ import annotations

import re
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client

from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, User, Workspace
from phone_numbers.management.commands import sweep as sweeper
from phone_numbers.templatetags.batches import time_span
from phone_numbers.views import batches as views
from telephony import agents
from telephony.batches.background import read_batch
from telephony.models import BatchCall, BatchFile
from tests.conftest import Program, client_of
from tests.numbers.rows import make_number
from tests.telephony.batches.test_judging import MESSY
from tests.telephony.batches.test_reading import packed

pytestmark = pytest.mark.django_db
UPLOAD = "/w/acme/batches/upload/"
LIST = b"phone\n+919876543210\n"


def upload(client: Client, data: bytes, name: str = "list.csv", **fields: str) -> Any:
    return client.post(UPLOAD, {"file": SimpleUploadedFile(name, data), **fields})


@pytest.fixture
def client(bob: User) -> Client:
    """A member: lists are everyday work."""
    return client_of(bob)


@pytest.fixture
def batch(client: Client) -> BatchCall:
    upload(client, MESSY.read_bytes(), "messy.csv")
    return BatchCall.objects.get()


def page(client: Client, batch: BatchCall) -> str:
    return str(client.get(f"/w/acme/batches/{batch.pk}/").content.decode())


def test_keep_an_uploaded_list_as_a_draft_with_its_report(client: Client, bob: User) -> None:
    response = upload(client, MESSY.read_bytes(), "messy.csv", title="Winter")
    batch = BatchCall.objects.get()
    assert response["Location"] == f"/w/acme/batches/{batch.pk}/"
    assert (batch.title, batch.status, batch.rows, batch.made_by) == ("Winter", "draft", 28, bob)
    assert (batch.file.name, batch.file.size) == ("messy.csv", len(MESSY.read_bytes()))
    assert AuditEntry.objects.filter(subject_id=batch.pk, event="upload").exists()
    assert "6–9, 15, 18, 28–29" in page(client, batch)


@pytest.mark.parametrize(
    "data, said",
    [
        (b"%PDF-1.7 /JavaScript", "This is a PDF"),
        (b"phone\n1\nPK\x03\x04", "two kinds of file in one"),
        (",".join(["phone", *(f"v{n}" for n in range(29))]).encode("utf-16"), "30 columns"),
        (packed(**{"xl/media/x.bin": b"0" * 30_000_000}), "unpacks to far more"),
        (b"phone\n", "no rows below"),
    ],
    ids=["pdf", "polyglot", "30 columns in UTF-16", "zip bomb", "no rows"],
)
def test_refuse_what_is_no_list_with_the_reason_and_keep_nothing(
    client: Client, data: bytes, said: str
) -> None:
    response = upload(client, data)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not BatchCall.objects.exists()
    assert not BatchFile.objects.exists()


def test_refuse_a_file_that_is_too_large_and_a_form_without_one(client: Client, settings: Any) -> None:
    settings.BATCH_MOST_BYTES = 100
    assert "too large" in upload(client, b"phone\n" + b"1" * 200).content.decode()
    assert "Choose a CSV file" in client.post(UPLOAD, {"title": "x"}).content.decode()
    assert not BatchCall.objects.exists()


def test_keep_one_draft_of_a_form_that_is_sent_twice(client: Client) -> None:
    """A double click; with another list the same form makes another draft."""
    form = client.get(UPLOAD).content.decode()
    key = re.findall(r'name="key" value="(\w+)"', form)[0]
    places = [upload(client, LIST, title=title, key=key)["Location"] for title in ("A", "A", "B")]
    upload(client, LIST + b"+919876543211\n", title="A", key=key)
    assert (places[0] == places[1], len(set(places))) == (True, 2)
    assert BatchCall.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_keep_one_draft_of_a_form_that_is_sent_twice_at_once(bob: User) -> None:
    def send(_: int) -> str:
        try:
            return str(upload(client_of(bob), LIST, title="A", key="idk_1")["Location"])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(send, range(4)))) == 1
    assert BatchCall.objects.count() == 1


@pytest.fixture
def long(client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch) -> BatchCall:
    """A list that a worker is to read; rung for once."""
    settings.BATCH_READ_AT_ONCE = 3
    rung: list[str] = []
    monkeypatch.setattr(views, "ring_on_commit", lambda task, batch_id: rung.append(batch_id))
    upload(client, MESSY.read_bytes(), "long.csv")
    batch = BatchCall.objects.get()
    assert rung == [batch.pk]
    return batch


def test_show_how_far_a_long_list_is_read_and_then_its_report(client: Client, long: BatchCall) -> None:
    waiting = page(client, long)
    assert "Waiting for a worker" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    BatchCall.objects.update(readings=1, rows_read=12)
    assert '<strong class="figures">12</strong> of about' in page(client, long)
    assert "Being read" in client.get("/w/acme/batches/").content.decode()
    assert client.get(f"/w/acme/batches/{long.pk}/corrected.csv").status_code == 302
    read_batch(long.pk)
    answer = client.get(f"/w/acme/batches/{long.pk}/", headers={"hx-request": "true"})
    assert (answer.status_code, answer["HX-Refresh"]) == (200, "true")
    assert "6–9, 15, 18, 28–29" in page(client, long)


def test_have_a_worker_rung_for_again_by_the_sweeper(
    long: BatchCall, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[str, dict[str, str]]] = []

    def ring(task: Any, **ids: str) -> bool:
        rung.append((task.name, ids))
        return True

    monkeypatch.setattr(sweeper, "ring", ring)
    BatchCall.objects.update(reading_due_at=now)
    sweeper.sweep()
    assert ("telephony.tasks.read_batch", {"batch_id": long.pk}) in rung


def test_take_choices_about_a_long_list_once_it_is_read(client: Client, long: BatchCall) -> None:
    url = f"/w/acme/batches/{long.pk}/choices/"
    refused = client.post(url, {"country": "IN"})
    assert (refused.status_code, "still being read" in refused.content.decode()) == (422, True)
    read_batch(long.pk)
    assert client.post(url, {"country": "IN"}).status_code == 302
    assert "Waiting for a worker" in page(client, long)


def test_say_why_a_long_list_is_none(client: Client, long: BatchCall) -> None:
    BatchFile.objects.update(compressed=zlib.compress(b'phone\n"' + b"x\n" * 140_000))
    read_batch(long.pk)
    said = page(client, long)
    assert "a quote that never ends" in said
    assert "every 2s" not in said
    assert "Not a list" in client.get("/w/acme/batches/").content.decode()
    assert client.post(f"/w/acme/batches/{long.pk}/choices/", {"country": "IN"}).status_code == 422
    assert client.post(f"/w/acme/batches/{long.pk}/delete/").status_code == 302


def test_check_the_form_for_forgery(bob: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(bob)
    assert upload(strict, b"phone\n1\n").status_code == 403
    assert not BatchCall.objects.exists()


def test_are_locked_before_the_workspace_is_verified(client: Client, workspace: Workspace) -> None:
    workspace.kyc_cases.all().delete()
    assert "Batches open once the workspace is verified" in client.get("/w/acme/batches/").content.decode()
    assert upload(client, b"phone\n+919876543210\n").status_code == 422
    assert not BatchCall.objects.exists()


def test_lead_from_each_reason_to_where_it_is_mended(client: Client, batch: BatchCall) -> None:
    said = unescape(page(client, batch))
    assert 'href="/w/acme/telephony/?country=DE&carrier=plivo">Germany in Telephony Config</a>' in said
    assert '<a href="#choices">See the repairs</a>' in said
    assert "<code>+919876543210</code> (also row 2)" in said


def test_offer_an_example_that_can_be_called(client: Client) -> None:
    form = client.get(UPLOAD).content.decode()
    found = finders.find(re.findall(r'href="/static/(examples/\w+\.csv)" download', form)[0])
    assert found
    upload(client, Path(found).read_bytes(), "example-list.csv")
    batch = BatchCall.objects.get()
    assert (batch.rows, batch.good_rows, batch.report["variables"]) == (3, 3, ["Name", "appointment"])


@pytest.mark.parametrize(
    "minutes, said",
    [
        ([0, 0], "0 min"),
        ([2, 4], "2–4 min"),
        ([40, 120], "1–2 h"),
        ([2_000, 6_000], "2–5 days"),
        ([2_860, 2_880], "2 days"),
        ([39_998, 119_994], "28–84 days"),
    ],
)
def test_say_how_long_calling_takes_in_units_for_people(minutes: list[int], said: str) -> None:
    assert time_span(minutes) == said


def test_take_repairs_with_a_chosen_country(client: Client, batch: BatchCall) -> None:
    url = f"/w/acme/batches/{batch.pk}/choices/"
    client.post(url, {"country": "IN"})
    assert 'value="trunk_zero"' in page(client, batch)
    before = batch.good_rows
    client.post(url, {"country": "IN", "repair": ["trunk_zero", "double_zero"]})
    batch.refresh_from_db()
    assert batch.good_rows == before + 2
    assert batch.rules == {"country": "IN", "repairs": ["double_zero", "trunk_zero"], "carrier": "plivo"}


@pytest.mark.parametrize("wrong", [{"country": "XX"}, {"repair": "magic"}, {"from_number": "phn_1"}])
def test_refuse_choices_that_are_none(client: Client, batch: BatchCall, wrong: dict[str, str]) -> None:
    assert client.post(f"/w/acme/batches/{batch.pk}/choices/", wrong).status_code == 422


def test_are_ready_with_a_number_and_a_published_agent(
    client: Client, batch: BatchCall, workspace: Workspace, now: datetime
) -> None:
    agent = agents.create_agent(workspace, title="A", runtime_url="wss://a.example.com/1", by=SYSTEM, now=now)
    version = agent.versions.get()
    agents.publish(version, by=SYSTEM, now=now)
    number = make_number(workspace)
    assert "Ready to start" in page(client, batch)  # there is nothing to choose between
    make_number(workspace, e164="+12125550017")
    other = agents.create_agent(workspace, title="B", runtime_url="wss://b.example.com/1", by=SYSTEM, now=now)
    agents.publish(other.versions.get(), by=SYSTEM, now=now)
    assert "Choose the number to call from and the agent" in page(client, batch)
    client.post(
        f"/w/acme/batches/{batch.pk}/choices/", {"from_number": number.pk, "agent_version": version.pk}
    )
    assert "Ready to start" in page(client, batch)


def test_download_both_files(client: Client, batch: BatchCall) -> None:
    def lines(name: str) -> int:
        response = client.get(f"/w/acme/batches/{batch.pk}/{name}.csv")
        assert "attachment" in response["Content-Disposition"]
        return b"".join(response.streaming_content).count(b"\r\n") - 1  # type: ignore[attr-defined]

    assert (lines("corrected"), lines("rejected")) == (batch.good_rows, batch.rows - batch.good_rows)


def test_forget_a_draft_with_its_file(client: Client, batch: BatchCall) -> None:
    client.post(f"/w/acme/batches/{batch.pk}/delete/")
    assert not BatchFile.objects.exists()
    assert AuditEntry.objects.filter(subject_id=batch.pk, event="delete").exists()


def test_leave_alone_what_is_no_draft_any_more(client: Client, batch: BatchCall, now: datetime) -> None:
    batch.transition("queue", by=SYSTEM, now=now)
    assert client.post(f"/w/acme/batches/{batch.pk}/delete/").status_code == 422
    assert client.post(f"/w/acme/batches/{batch.pk}/choices/", {"country": "IN"}).status_code == 422
    assert BatchFile.objects.exists()


CHOSEN = {"country": "IN", "repair": ["missing_plus", "trunk_zero"]}


@pytest.mark.parametrize("chosen", [{}, CHOSEN], ids=["as it is", "repaired"])
def test_say_what_the_command_and_the_api_say(
    client: Client, batch: BatchCall, program: Program, chosen: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    client.post(f"/w/acme/batches/{batch.pk}/choices/", chosen)
    call_command("check_batch", str(MESSY), workspace="acme", **chosen)
    printed, shown = capsys.readouterr().out, unescape(page(client, batch))
    fields = {"default_country": chosen.get("country", ""), "repairs": ",".join(chosen.get("repair", ()))}
    form = {"file": SimpleUploadedFile("messy.csv", MESSY.read_bytes()), **fields}
    answered = program.http.post("/v1/batch-calls/checks", form).json()

    lines = re.findall(r"^ +([\d,]+)  (\w+)[^:]*: (.+)\n +rows (.+)$", printed, re.M)
    told = {(int(count), code, sentence) for count, code, sentence, _ in lines}
    assert told == {(error["count"], error["code"], error["message"]) for error in answered["errors"]}
    assert (
        len(lines)
        == len(answered["errors"])
        == shown.count("<code>destination_") + shown.count("<code>country_")
    )
    for count, code, sentence, where in lines:
        noun = "row" if count == "1" else "rows"
        assert f'<strong class="figures">{count} {noun}</strong> {sentence}' in shown
        assert f'<span class="figures">{where}</span> · <code>{code}</code>' in shown
    batch.refresh_from_db()
    figures = [answered[name] for name in ("total_records", "valid_records", "repaired_records")]
    assert figures == [batch.rows, batch.good_rows, batch.report["repaired"]]
    assert f"{batch.rows} rows: {batch.good_rows} good ({batch.report['repaired']} repaired)" in printed
    low, high = (answered["estimate"][name] for name in ("lowest_cost", "highest_cost"))
    assert f"₹{low} – ₹{high}" in shown
    assert re.search(rf"Estimate: {low}0* to {high}0* INR", printed)
