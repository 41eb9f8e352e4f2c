"""Batch calls in the browser …"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, User, Workspace
from telephony import agents
from telephony.models import BatchCall, BatchFile
from tests.conftest import client_of
from tests.numbers.rows import make_number
from tests.telephony.batches.test_judging import MESSY
from tests.telephony.batches.test_reading import packed

pytestmark = pytest.mark.django_db
UPLOAD = "/w/acme/batches/upload/"


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
    assert "6–9, 12–13" in page(client, batch)


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
