"""The history's words for papers."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from dialnexa import history
from dialnexa.countries import country_name
from dialnexa.history import Kind, Named, Topic
from kyc.models import KycCase, KycDocument

SENTENCES = {
    ("kyccase", "start"): ("Papers begun", "off"),
    ("kyccase", "submit"): ("Papers handed in for review", "waiting"),
    ("kyccase", "verify"): ("Papers verified", "ok"),
    ("kyccase", "reject"): ("Papers rejected", "trouble"),
    ("kyccase", "expire"): ("Verification ran out", "trouble"),
    ("kyccase", "suspend"): ("Verification suspended", "trouble"),
    ("kyccase", "reinstate"): ("Verification restored", "ok"),
    ("kycdocument", "accept"): ("Document accepted", "ok"),
    ("kycdocument", "reject"): ("Document rejected", "trouble"),
    ("kycdocument", "replace"): ("Document replaced by a newer one", "off"),
    ("kycdocument", "remove"): ("Document taken away", "off"),
}


def _cases(ids: Collection[str]) -> dict[str, Named]:
    rows = KycCase.objects.filter(pk__in=ids).values_list("pk", "country")
    return {pk: Named(country_name(iso)) for pk, iso in rows}


def _documents(ids: Collection[str]) -> dict[str, Named]:
    return {document.pk: Named(str(document)) for document in KycDocument.objects.filter(pk__in=ids)}


KINDS = {
    "kyccase": Kind("KYC", _cases, "kyc:cases"),
    "kycdocument": Kind("KYC document", _documents, "kyc:cases"),
}
TOPICS = {"kyc": Topic("KYC", Q(subject_type__in=tuple(KINDS)))}


def teach() -> None:
    history.learn(KINDS, SENTENCES, {}, TOPICS)
