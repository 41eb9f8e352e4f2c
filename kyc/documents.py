"""A dossier's contents: who it is about, and the documents that prove it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.countries import country_name
from dialnexa.errors import Refusal
from dialnexa.sealing import place, seal_bytes, unseal_bytes
from kyc.gate import standing
from kyc.inspecting import Inspected
from kyc.models import EntityType, KycCase, KycDocument, KycFile
from kyc.papers import document_name
from kyc.requirements import groups_of
from kyc.reviews import Status, expire

OPEN = (Status.DRAFT, Status.REJECTED, Status.EXPIRED)
CLOSED = {
    Status.SUBMITTED: _("The papers for %(country)s are in review. They can change once that is decided."),
    Status.VERIFIED: _("The papers for %(country)s are verified and stay as they are."),
    Status.SUSPENDED: _("The verification for %(country)s is suspended. Ask support."),
}
NAME_LIMIT = 200
MOST_UPLOADS = 50  # documents of one dossier, replaced and removed ones with them


def describe(case: KycCase, entity_type: str, legal_name: str, *, by: Actor, now: datetime) -> None:
    """Say who the dossier is about: an ``EntityType`` and the name as its papers write it.

    Raises Refusal ``entity_type_unknown``, ``legal_name_wrong`` or ``kyc_closed`` (409).
    """
    name = " ".join(legal_name.split())
    if entity_type not in EntityType.values:
        raise Refusal("entity_type_unknown", gettext("Choose who you are."), status=422, field="entity_type")
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        sentence = gettext(
            "Write the name as on the papers: at most %(most)d characters, none of them unseen."
        )
        raise Refusal("legal_name_wrong", sentence % {"most": NAME_LIMIT}, status=422, field="legal_name")
    with _changing(case, by=by, now=now):
        before = {"entity_type": case.entity_type, "legal_name": case.legal_name}
        after = {"entity_type": entity_type, "legal_name": name}
        case.entity_type, case.legal_name = entity_type, name
        case.save(update_fields=["entity_type", "legal_name"])
        audit.record(case, "describe", by=by, now=now, before=before, after=after)


def add_document(case: KycCase, kind: str, file: Inspected, *, by: Actor, now: datetime) -> KycDocument:
    """Keep an inspected file as the dossier's document of this kind; the one before it is replaced.

    Raises Refusal ``document_not_asked`` (422), ``too_many_documents`` or ``kyc_closed`` (409).
    """
    with _changing(case, by=by, now=now):
        if not any(kind in group.kinds for group in groups_of(case)):
            sentence = gettext("Choose one of the documents that are needed.")
            raise Refusal("document_not_asked", sentence, status=422)
        if case.documents.count() >= MOST_UPLOADS:
            sentence = gettext("Too many documents were sent for this country. Ask support.")
            raise Refusal("too_many_documents", sentence, status=409)
        for current in case.documents.filter(kind=kind, status__in=KycDocument.CURRENT):
            current.transition("replace", by=by, now=now)
        return _keep(case, kind, file, by=by, now=now)


def _keep(case: KycCase, kind: str, file: Inspected, *, by: Actor, now: datetime) -> KycDocument:
    document = KycDocument.objects.create(
        case=case,
        workspace=case.workspace,
        kind=kind,
        file_name=file.name,
        media_type=file.media_type,
        size=len(file.content),
        pages=file.pages,
        sha256=hashlib.sha256(file.content).hexdigest(),
        uploaded_by=by.user,
        uploaded_at=now,
    )
    kept = KycFile(document=document, workspace=case.workspace)
    kept.sealed = seal_bytes(file.content, **place(kept, "sealed"))
    kept.save(force_insert=True)
    audit.record(document, "upload", by=by, now=now, after={"kind": kind, "sha256": document.sha256})
    return document


def remove_document(document: KycDocument, *, by: Actor, now: datetime) -> None:
    """Take a document out before it is judged, and delete its bytes.

    Raises Refusal (409) ``document_stays`` when it was accepted, replaced or removed, and ``kyc_closed``.
    """
    with _changing(document.case, by=by, now=now):
        document.refresh_from_db()
        if document.status not in KycDocument.TRANSITIONS["remove"][0]:
            sentence = gettext("%(document)s: this document cannot be removed any more.")
            said = sentence % {"document": document_name(document.kind)}
            raise Refusal("document_stays", said, status=409)
        document.transition("remove", by=by, now=now)
        KycFile.objects.filter(document=document).delete()


def open_document(document: KycDocument, *, by: Actor, now: datetime) -> bytes:
    """The document's bytes for somebody who may see them, with a line in the history that they did.

    Raises SealBroken when what is stored is not this document's, and KycFile.DoesNotExist without a file.
    """
    kept = KycFile.objects.get(document=document)
    content = unseal_bytes(kept.sealed, **place(kept, "sealed"))
    audit.record(document, "view", by=by, now=now)
    return content


@contextmanager
def _changing(case: KycCase, *, by: Actor, now: datetime) -> Iterator[None]:
    """In a transaction, with the dossier locked, read anew and open for changes."""
    with transaction.atomic():
        KycCase.objects.select_for_update().get(pk=case.pk)
        case.refresh_from_db()
        if case.status == Status.VERIFIED and standing(case, now=now) == Status.EXPIRED:
            expire(case, by=by, now=now)
        if case.status == Status.NOT_STARTED:
            case.transition("start", by=by, now=now)
        if case.status not in OPEN:
            sentence = gettext(CLOSED[Status(case.status)]) % {"country": country_name(case.country)}
            raise Refusal("kyc_closed", sentence, status=409, state=case.status)
        yield
