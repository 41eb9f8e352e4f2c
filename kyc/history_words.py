"""The history's words for papers."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q
from django.utils.translation import gettext_noop as _

from dialnexa import history
from dialnexa.countries import country_name
from dialnexa.history import Field, Kind, Named, Topic
from kyc.models import EntityType, KycCase, KycDocument, VerificationNumber
from kyc.papers import document_name

SENTENCES = {
    ("kyccase", "start"): (_("Papers begun"), "off"),
    ("kyccase", "submit"): (_("Papers handed in for review"), "waiting"),
    ("kyccase", "verify"): (_("Papers verified"), "ok"),
    ("kyccase", "reject"): (_("Papers rejected"), "trouble"),
    ("kyccase", "request_more"): (_("More papers asked for"), "trouble"),
    ("kyccase", "describe"): (_("Entity and legal name set"), "off"),
    ("kyccase", "expire"): (_("Verification ran out"), "trouble"),
    ("kyccase", "suspend"): (_("Verification suspended"), "trouble"),
    ("kyccase", "reinstate"): (_("Verification restored"), "ok"),
    ("kycdocument", "upload"): (_("Document uploaded"), "ok"),
    ("kycdocument", "view"): (_("Document downloaded"), "off"),
    ("kycdocument", "accept"): (_("Document accepted"), "ok"),
    ("kycdocument", "reject"): (_("Document rejected"), "trouble"),
    ("kycdocument", "replace"): (_("Document replaced by a newer one"), "off"),
    ("kycdocument", "remove"): (_("Document taken away"), "off"),
    ("verificationnumber", "ask_code"): (_("Code asked for in a call to {verification_number}"), "off"),
    ("verificationnumber", "confirm"): (_("Verification number confirmed"), "ok"),
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
    "kyccase": Kind(_("KYC"), _cases, "kyc:cases"),
    "kycdocument": Kind(_("KYC document"), _documents, "kyc:cases"),
    "verificationnumber": Kind(_("Verification number"), _own_numbers, "kyc:cases"),
}
FIELDS = {
    "entity_type": Field(_("entity type"), lambda value: str(EntityType(value).label)),
    "legal_name": Field(_("legal name")),
    "verification_number": Field(_("number")),
}
TOPICS = {"kyc": Topic(_("KYC"), Q(subject_type__in=tuple(KINDS)))}


def teach() -> None:
    history.learn(KINDS, SENTENCES, FIELDS, TOPICS)
