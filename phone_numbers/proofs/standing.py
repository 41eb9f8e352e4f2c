"""How the books stand by the last proof, for pages and for what watches the system."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from phone_numbers.models import LedgerProof


def last_proof() -> LedgerProof | None:
    return LedgerProof.objects.order_by("-at", "-pk").first()


def ledger_proof_ok() -> bool | None:
    """Whether the books were in order when they were last proved; None: never proved."""
    proof = last_proof()
    return proof.ok if proof else None


def ledger_proof_age(now: datetime) -> timedelta | None:
    """How long ago that was."""
    proof = last_proof()
    return now - proof.at if proof else None


def standing_failure() -> QuerySet[LedgerProof]:
    """The last proof, if it failed; nothing otherwise."""
    proof = last_proof()
    return LedgerProof.objects.filter(pk=proof.pk if proof else "", ok=False)
