"""kyc.documents …"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import pytest
from django.db import connection

from dialnexa.actors import Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, Workspace
from dialnexa.sealing import SealBroken
from kyc import documents, reviews
from kyc.inspecting import Inspected
from kyc.models import KycCase, KycDocument, KycFile
from kyc.requirements import missing

pytestmark = pytest.mark.django_db
CUSTOMER = Actor(Channel.BROWSER, "Alice")
STAFF = Actor(Channel.STAFF, "Sam")
SECRET = b"Aadhaar 1234 5678 9012 of Asha Rao"


def file(content: bytes = SECRET, name: str = "scan.pdf") -> Inspected:
    return Inspected(name, "application/pdf", 2, content)


@pytest.fixture
def case(now: datetime) -> KycCase:
    """A private limited company in India: needs its incorporation and GST."""
    workspace = Workspace.objects.create(slug="shop", name="Shop")
    case = reviews.open_case(workspace, "IN")
    documents.describe(case, "private_limited", " Shop  Private Limited ", by=CUSTOMER, now=now)
    return case


def add(case: KycCase, kind: str, now: datetime, content: bytes = SECRET) -> KycDocument:
    return documents.add_document(case, kind, file(content), by=CUSTOMER, now=now)


def complete(case: KycCase, now: datetime) -> tuple[KycDocument, KycDocument]:
    return add(case, "incorporation", now), add(case, "gst", now)


def submit(case: KycCase, now: datetime) -> None:
    reviews.submit(case, by=CUSTOMER, now=now)


def counted() -> tuple[int, int]:
    return KycDocument.objects.count(), KycFile.objects.count()


def test_says_who_the_dossier_is_about(case: KycCase) -> None:
    row = KycCase.objects.get()
    assert (row.status, row.entity_type) == ("draft", "private_limited")
    assert row.legal_name == "Shop Private Limited"
    assert AuditEntry.objects.get(event="describe").after["legal_name"] == "Shop Private Limited"


@pytest.mark.parametrize(
    "entity_type, name, code",
    [
        ("", "Shop", "entity_type_unknown"),
        ("alien", "Shop", "entity_type_unknown"),
        ("llp", "  ", "legal_name_wrong"),
        ("llp", "x" * 201, "legal_name_wrong"),
        ("llp", "a\x00b", "legal_name_wrong"),
    ],
)
def test_refuses_who_cannot_be(case: KycCase, now: datetime, entity_type: str, name: str, code: str) -> None:
    with pytest.raises(Refusal, match=code):
        documents.describe(case, entity_type, name, by=CUSTOMER, now=now)
    assert KycCase.objects.get().legal_name == "Shop Private Limited"


def test_keeps_a_document_sealed(case: KycCase, now: datetime) -> None:
    document = add(case, "gst", now)
    assert (document.size, document.pages, document.status) == (len(SECRET), 2, "uploaded")
    assert document.sha256 == hashlib.sha256(SECRET).hexdigest()
    assert documents.open_document(document, by=CUSTOMER, now=now) == SECRET
    assert holds(SECRET) == []


def holds(content: bytes) -> list[str]:
    """The tables in which any row, written as text, has these bytes."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" t WHERE strpos(t::text, %s) > 0 OR strpos(t::text, %s) > 0',
                [content.decode(), content.hex()],
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def test_would_find_bytes_that_are_not_sealed(case: KycCase, now: datetime) -> None:
    document = add(case, "gst", now)
    KycFile.objects.filter(document=document).update(sealed=SECRET)
    assert holds(SECRET) == ["kyc_kycfile"]


def test_opens_no_file_that_belongs_to_another_document(case: KycCase, now: datetime) -> None:
    mine, other = complete(case, now)
    KycFile.objects.filter(document=mine).update(sealed=KycFile.objects.get(document=other).sealed)
    with pytest.raises(SealBroken):
        documents.open_document(mine, by=CUSTOMER, now=now)
    assert not AuditEntry.objects.filter(event="view").exists()


def test_opens_no_file_moved_to_another_workspace(case: KycCase, now: datetime) -> None:
    document = add(case, "gst", now)
    other = Workspace.objects.create(slug="other", name="Other")
    KycFile.objects.filter(document=document).update(workspace=other)
    with pytest.raises(SealBroken):
        documents.open_document(document, by=CUSTOMER, now=now)


def test_writes_down_each_look(case: KycCase, now: datetime) -> None:
    document = add(case, "gst", now)
    for actor in (CUSTOMER, STAFF):
        documents.open_document(document, by=actor, now=now)
    views = AuditEntry.objects.filter(subject_id=document.pk, event="view").order_by("id")
    assert [(view.actor_name, view.at) for view in views] == [("Alice", now), ("Sam", now)]


def test_replaces_the_document_of_its_kind(case: KycCase, now: datetime) -> None:
    first = add(case, "gst", now)
    second = add(case, "gst", now, b"newer")
    first.refresh_from_db()
    assert (first.status, second.status) == ("replaced", "uploaded")
    assert counted() == (2, 2)


def test_refuses_what_nothing_asks_for(case: KycCase, now: datetime) -> None:
    for kind in ("passport", "", "x" * 50):
        with pytest.raises(Refusal, match="document_not_asked"):
            add(case, kind, now)
    assert counted() == (0, 0)


def test_refuses_documents_without_end(case: KycCase, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_UPLOADS", 2)
    for _ in range(2):
        add(case, "gst", now)
    with pytest.raises(Refusal, match="too_many_documents"):
        add(case, "gst", now)


def test_removes_a_document_with_its_bytes(case: KycCase, now: datetime) -> None:
    document = add(case, "gst", now)
    documents.remove_document(document, by=CUSTOMER, now=now)
    assert KycDocument.objects.get().status == "removed"
    assert counted() == (1, 0)
    with pytest.raises(Refusal, match="document_stays"):
        documents.remove_document(document, by=CUSTOMER, now=now)


def test_says_what_is_missing(case: KycCase, now: datetime) -> None:
    add(case, "gst", now)
    with pytest.raises(Refusal) as refused:
        submit(case, now)
    assert (refused.value.code, refused.value.status) == ("kyc_incomplete", 422)
    assert "proof of incorporation (Certificate of incorporation)" in refused.value.sentence
    assert "GST" not in refused.value.sentence
    assert KycCase.objects.get().status == "draft"


def test_does_not_submit_for_nobody(now: datetime) -> None:
    case = reviews.open_case(Workspace.objects.create(slug="shop", name="Shop"), "IN")
    with pytest.raises(Refusal, match="legal name"):
        submit(case, now)
    assert KycCase.objects.get().status == "not_started"


def test_changes_nothing_while_in_review(case: KycCase, now: datetime) -> None:
    document, _ = complete(case, now)
    submit(case, now)
    assert KycCase.objects.get().submitted_at == now
    with pytest.raises(Refusal, match="kyc_closed"):
        add(case, "gst", now)
    with pytest.raises(Refusal, match="kyc_closed"):
        documents.remove_document(document, by=CUSTOMER, now=now)
    with pytest.raises(Refusal, match="kyc_closed"):
        documents.describe(case, "llp", "Shop", by=CUSTOMER, now=now)
    assert counted() == (2, 2)


def test_accepts_the_documents_with_the_case(case: KycCase, now: datetime) -> None:
    complete(case, now)
    submit(case, now)
    reviews.verify(case, by=STAFF, now=now, reason="In order")
    assert set(KycDocument.objects.values_list("status", flat=True)) == {"accepted"}
    with pytest.raises(Refusal, match="kyc_closed"):
        add(case, "gst", now)


def test_takes_only_the_rejected_ones_anew(case: KycCase, now: datetime) -> None:
    good, bad = complete(case, now)
    submit(case, now)
    reviews.reject(case, documents={bad.pk: "The scan is cut off."}, by=STAFF, now=now, reason="See below")
    bad.refresh_from_db()
    assert (bad.status, bad.reason) == ("rejected", "The scan is cut off.")
    assert [group.kinds for group in missing(case)] == [("gst",)]
    with pytest.raises(Refusal, match="GST"):
        submit(case, now)
    add(case, "gst", now, b"whole")
    submit(case, now)
    good.refresh_from_db()
    assert (good.status, KycCase.objects.get().status) == ("uploaded", "submitted")


def test_rejects_no_document_of_another_case(case: KycCase, now: datetime) -> None:
    complete(case, now)
    submit(case, now)
    foreign = reviews.open_case(Workspace.objects.create(slug="other", name="Other"), "IN")
    documents.describe(foreign, "private_limited", "Other", by=CUSTOMER, now=now)
    theirs = add(foreign, "gst", now)
    with pytest.raises(Refusal, match="document_not_in_case"):
        reviews.reject(case, documents={theirs.pk: "Wrong"}, by=STAFF, now=now, reason="Wrong")
    assert KycCase.objects.get(pk=case.pk).status == "submitted"
    theirs.refresh_from_db()
    assert theirs.status == "uploaded"


def test_asks_for_more(case: KycCase, now: datetime) -> None:
    complete(case, now)
    submit(case, now)
    reviews.request_more(case, kinds=["utility_bill"], by=STAFF, now=now, reason="Where are you?")
    row = KycCase.objects.get()
    assert (row.status, row.asked_for, row.reason) == ("rejected", ["utility_bill"], "Where are you?")
    with pytest.raises(Refusal, match="Utility bill"):
        submit(row, now)
    add(row, "utility_bill", now)
    submit(row, now)


@pytest.mark.parametrize("kinds", [[], ["horoscope"]])
def test_asks_for_nothing_unknown(case: KycCase, now: datetime, kinds: list[str]) -> None:
    complete(case, now)
    submit(case, now)
    with pytest.raises(Refusal, match="kinds_wrong"):
        reviews.request_more(case, kinds=kinds, by=STAFF, now=now, reason="More")


def test_opens_again_when_the_verification_has_run_out(case: KycCase, now: datetime) -> None:
    complete(case, now)
    submit(case, now)
    reviews.verify(case, by=STAFF, now=now, reason="In order", until=now + timedelta(days=1))
    later = now + timedelta(days=2)
    add(case, "gst", later, b"newer")
    assert KycCase.objects.get().status == "expired"
    assert sorted(KycDocument.objects.values_list("status", flat=True)) == [
        "accepted",
        "replaced",
        "uploaded",
    ]
