"""The history's words for papers."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from dialnexa import history
from dialnexa.countries import country_name
from dialnexa.history import Field, Kind, Named, Topic
from kyc.models import EntityType, KycCase, KycDocument, VerificationNumber
from kyc.papers import document_name

SENTENCES = {
    ("kyccase", "start"): ("Papers begun", "off"),
    ("kyccase", "submit"): ("Papers handed in for review", "waiting"),
    ("kyccase", "verify"): ("Papers verified", "ok"),
    ("kyccase", "reject"): ("Papers rejected", "trouble"),
    ("kyccase", "request_more"): ("More papers asked for", "trouble"),
    ("kyccase", "describe"): ("Entity and legal name set", "off"),
    ("kyccase", "expire"): ("Verification ran out", "trouble"),
    ("kyccase", "suspend"): ("Verification suspended", "trouble"),
    ("kyccase", "reinstate"): ("Verification restored", "ok"),
    ("kycdocument", "upload"): ("Document uploaded", "ok"),
    ("kycdocument", "view"): ("Document downloaded", "off"),
    ("kycdocument", "accept"): ("Document accepted", "ok"),
    ("kycdocument", "reject"): ("Document rejected", "trouble"),
    ("kycdocument", "replace"): ("Document replaced by a newer one", "off"),
    ("kycdocument", "remove"): ("Document taken away", "off"),
    ("verificationnumber", "ask_code"): ("Code asked for in a call to {verification_number}", "off"),
    ("verificationnumber", "confirm"): ("Verification number confirmed", "ok"),
}


def _cases(ids: Collection[str]) -> dict[str, Named]:
    rows = KycCase.objects.filter(pk__in=ids).values_list("pk", "country")
    return {pk: Named(country_name(iso)) for pk, iso in rows}


def _documents(ids: Collection[str]) -> dict[str, Named]:
    rows = KycDocument.objects.filter(pk__in=ids).values_list("pk", "kind")
    return {pk: Named(document_name(kind)) for pk, kind in rows}


def _own_numbers(ids: Collection[str]) -> dict[str, Named]:
    return {row.pk: Named(str(row)) for row in VerificationNumber.objects.filter(pk__in=ids)}


KINDS = {
    "kyccase": Kind("KYC", _cases, "kyc:cases"),
    "kycdocument": Kind("KYC document", _documents, "kyc:cases"),
    "verificationnumber": Kind("Verification number", _own_numbers, "kyc:cases"),
}
FIELDS = {
    "entity_type": Field("entity type", lambda value: EntityType(value).label),
    "legal_name": Field("legal name"),
    "verification_number": Field("number"),
}
TOPICS = {"kyc": Topic("KYC", Q(subject_type__in=tuple(KINDS)))}


def teach() -> None:
    history.learn(KINDS, SENTENCES, FIELDS, TOPICS)
