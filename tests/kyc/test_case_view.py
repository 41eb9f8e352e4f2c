"""The page of one country's dossier …"""

from __future__ import annotations

from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, User, Workspace
from kyc import documents, reviews
from kyc.models import KycCase, KycDocument, KycFile
from tests.conftest import client_of
from tests.kyc.papers import jpeg, make_document, pdf
from tests.kyc.test_inspecting import BAD

URL = "/w/acme/kyc/GB/"


@pytest.fixture
def case(workspace: Workspace, now: datetime) -> KycCase:
    """Alice, a person in the United Kingdom: needs an identity and an address."""
    case = reviews.open_case(workspace, "GB")
    documents.describe(case, "individual", "Alice Adams", by=SYSTEM, now=now)
    return case


def send(client: Client, content: bytes | None, name: str = "a.pdf", **fields: str) -> tuple[int, str]:
    """Status and page after an upload."""
    file = {} if content is None else {"file": SimpleUploadedFile(name, content)}
    response = client.post(
        f"{URL}upload/", {"kind": "passport", "need": "need-1", **fields, **file}, follow=True
    )
    return response.status_code, response.content.decode()


def stored() -> tuple[int, int]:
    return KycDocument.objects.count(), KycFile.objects.count()


def test_asks_first_who_somebody_is(alice_client: Client) -> None:
    text = alice_client.get(URL).content.decode()
    assert "Entity type" in text
    assert "upload/" not in text
    assert not KycCase.objects.filter(country="GB").exists()


def test_shows_what_that_entity_needs(alice_client: Client) -> None:
    fields = {"entity_type": "llp", "legal_name": "Adams LLP"}
    text = alice_client.post(f"{URL}describe/", fields, follow=True).content.decode()
    assert "Certificate of incorporation or Business registration" in text
    assert 'value="Adams LLP"' in text


def test_comes_back_with_what_was_typed(alice_client: Client) -> None:
    response = alice_client.post(f"{URL}describe/", {"entity_type": "", "legal_name": "Adams LLP"})
    text = response.content.decode()
    assert response.status_code == 422
    assert "Choose who you are." in text
    assert 'value="Adams LLP"' in text


@pytest.mark.parametrize(
    "action, fields",
    [("describe", {"entity_type": "individual", "legal_name": "A\u202eb"}), ("submit", {})],
)
def test_leaves_reviewers_nothing_of_what_was_refused(
    alice_client: Client, workspace: Workspace, action: str, fields: dict[str, str]
) -> None:
    assert alice_client.post(f"{URL}{action}/", fields).status_code == 422
    assert send(alice_client, pdf())[0] == 422
    assert not KycCase.objects.filter(country="GB").exists()


def test_takes_a_document(alice: User, alice_client: Client, case: KycCase) -> None:
    status, text = send(alice_client, jpeg(), "my passport.jpg")
    assert status == 200
    assert "my passport.jpg is uploaded." in text
    document = KycDocument.objects.get()
    assert (document.kind, document.media_type, document.uploaded_by) == ("passport", "image/jpeg", alice)
    assert AuditEntry.objects.get(event="upload").channel == "browser"


@pytest.mark.parametrize("bad", [name for name in BAD if name != "nothing"])
def test_refuses_bad_files_and_keeps_nothing(alice_client: Client, case: KycCase, bad: str) -> None:
    from kyc.inspecting import REFUSALS

    name, content, code = BAD[bad]
    status, text = send(alice_client, content, name)
    assert status == (413 if code == "file_too_large" else 422)
    assert REFUSALS[code].replace("'", "&#x27;") in text
    assert stored() == (0, 0)


def test_refuses_an_empty_file_and_none(alice_client: Client, case: KycCase) -> None:
    assert "This file is empty" in send(alice_client, b"")[1]
    assert "Choose a file first" in send(alice_client, None)[1]
    assert stored() == (0, 0)


def test_takes_one_file_at_a_time(alice_client: Client, case: KycCase) -> None:
    files = [SimpleUploadedFile("a.pdf", pdf()), SimpleUploadedFile("b.pdf", pdf())]
    response = alice_client.post(f"{URL}upload/", {"kind": "passport", "file": files})
    assert response.status_code == 422
    assert "one file at a time" in response.content.decode()
    assert stored() == (0, 0)


def test_does_not_read_what_is_far_too_large(alice_client: Client, case: KycCase) -> None:
    response = alice_client.generic(
        "POST", f"{URL}upload/", b"--x", "multipart/form-data; boundary=x", CONTENT_LENGTH="60000000"
    )
    assert response.status_code == 413


def test_refuses_an_upload_without_its_token(alice: User, case: KycCase) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert send(client, pdf())[0] == 403
    assert stored() == (0, 0)
    page = client.get(URL)
    token = page.content.decode().partition('name="csrfmiddlewaretoken" value="')[2][:64]
    assert send(client, pdf(), csrfmiddlewaretoken=token)[0] == 200
    assert stored() == (1, 1)


def test_refuses_a_kind_that_is_not_needed(alice_client: Client, case: KycCase) -> None:
    status, text = send(alice_client, pdf(), kind="gst", need="elsewhere")
    assert status == 422
    assert "Choose one of the documents that are needed." in text
    assert stored() == (0, 0)


def test_hands_a_document_out_as_a_file(alice: User, alice_client: Client, case: KycCase) -> None:
    document = make_document(case, "passport", b"%PDF- the bytes")
    response = alice_client.get(f"/w/acme/kyc/documents/{document.pk}/")
    assert response.content == b"%PDF- the bytes"
    assert response["Content-Disposition"] == "attachment; filename*=UTF-8''passport.pdf"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox")
    assert "no-store" in response["Cache-Control"]
    entry = AuditEntry.objects.get(subject_id=document.pk, event="view")
    assert (entry.actor, entry.channel) == (alice, "browser")


def test_has_no_file_of_a_document_that_was_removed(alice_client: Client, case: KycCase) -> None:
    document = make_document(case, "passport")
    text = alice_client.post(f"/w/acme/kyc/documents/{document.pk}/remove/", follow=True).content.decode()
    assert "passport.pdf is removed." in text
    assert alice_client.get(f"/w/acme/kyc/documents/{document.pk}/").status_code == 404


def test_says_what_is_missing_beside_submit(alice_client: Client, case: KycCase) -> None:
    make_document(case, "passport")
    response = alice_client.post(f"{URL}submit/")
    assert response.status_code == 422
    assert "proof of address (Utility bill" in response.content.decode()


def test_tells_how_it_went(alice_client: Client, case: KycCase, now: datetime) -> None:
    passport = make_document(case, "passport")
    make_document(case, "lease")
    assert (
        "Our team is reading your papers" in alice_client.post(f"{URL}submit/", follow=True).content.decode()
    )
    case.refresh_from_db()
    reviews.reject(case, documents={passport.pk: "It has run out."}, by=SYSTEM, now=now, reason="One is old.")
    text = alice_client.get(URL).content.decode()
    for words in ("It has run out.", "One is old.", "Submit again", "Papers rejected", "Papers handed in"):
        assert words in text
    assert text.count('type="file"') == 2


def test_keeps_staff_notes_to_themselves(alice_client: Client, case: KycCase, now: datetime) -> None:
    reviews.submit(case, by=SYSTEM, now=now, without_papers=True)
    reviews.verify(case, by=SYSTEM, now=now, reason="Checked with the registrar")
    text = alice_client.get(URL).content.decode()
    assert "Papers verified" in text
    assert "registrar" not in text


@pytest.mark.parametrize("role", ["member", "viewer"])
def test_shows_members_and_viewers_no_files(
    workspace: Workspace, case: KycCase, charlie: User, role: str
) -> None:
    workspace.memberships.create(user=charlie, role=role)
    document, client = make_document(case, "passport"), client_of(charlie)
    text = client.get(URL).content.decode()
    assert "Passport" in text
    assert "passport.pdf" not in text
    assert "Alice Adams" not in text
    assert "upload/" not in text
    assert client.get(f"/w/acme/kyc/documents/{document.pk}/").status_code == 403
    assert send(client, pdf())[0] == 403
    assert not AuditEntry.objects.filter(event="view").exists()


def test_is_404_for_strangers(case: KycCase, charlie_client: Client) -> None:
    document = make_document(case, "passport")
    for address in (URL, f"/w/acme/kyc/documents/{document.pk}/"):
        assert charlie_client.get(address).status_code == 404
    assert charlie_client.get(f"/w/chocolate/kyc/documents/{document.pk}/").status_code == 404
    assert send(charlie_client, pdf())[0] == 404
    assert stored() == (1, 1)


@pytest.mark.parametrize("country", ["KZ", "QQ", "gb", "%00", "x" * 500])
def test_is_404_where_nothing_is_to_prove(alice_client: Client, country: str) -> None:
    assert alice_client.get(f"/w/acme/kyc/{country}/").status_code == 404
