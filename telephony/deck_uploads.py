"""Call decks that staff upload: kept while somebody reads what they would do, then imported or let go.

What is imported is exactly what was shown. ``fingerprint`` is of the file, of what it would do and of the
version of all rates: when any rate, prefix or network group has changed since, it is another one.
"""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import User
from telephony.call_decks import import_call_rates
from telephony.decks import Deck, Report
from telephony.models import DeckUpload, RateVersion

LARGEST = 64_000_000  # bytes: half a million lines are about a quarter of it
KEPT = timedelta(days=1)
NAME = 120  # characters


def keep_deck(data: bytes, *, name: str, asked: dict[str, Any], by: User, now: datetime) -> DeckUpload:
    """Keep a deck (CSV) for ``show_deck`` and ``import_deck``; those of yesterday go.

    ``asked``: carrier (slug), currency, valid_from (aware) and reason.
    """
    DeckUpload.objects.filter(created_at__lt=now - KEPT).delete()
    return DeckUpload.objects.create(
        carrier=asked["carrier"],
        currency=asked["currency"],
        valid_from=asked["valid_from"],
        reason=asked["reason"],
        name="".join(filter(str.isprintable, name))[-NAME:],
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        compressed=zlib.compress(data),
        made_by=by,
        created_at=now,
    )


def kept_deck(upload_id: str, *, by: User, now: datetime) -> DeckUpload:
    """What this person has uploaded. Raises Refusal ``deck_gone`` (410)."""
    uploads = DeckUpload.objects.filter(pk=upload_id, made_by=by, created_at__gte=now - KEPT)
    if (upload := uploads.first()) is None:
        raise Refusal("deck_gone", "This deck is no longer kept. Upload it again.", status=410)
    return upload


def show_deck(upload: DeckUpload, *, now: datetime) -> tuple[Report, str]:
    """What importing it would do, and the fingerprint of that. Writes nothing."""
    version = _versions().first()  # before anything else is read: what changes meanwhile shows at the import
    report = _run(upload, now, dry_run=True)
    return report, fingerprint(report, upload, version)


def import_deck(upload: DeckUpload, shown: str, *, by: Actor, now: datetime) -> Report | None:
    """Import what was shown and let the upload go. None, and nothing written, when that would differ now."""
    with transaction.atomic():
        version = _versions().select_for_update().first()  # who changes a rate moves it, and waits
        report = _run(upload, now, dry_run=False)
        if report.bad or fingerprint(report, upload, version) != shown:
            transaction.set_rollback(True)
            return None
        _record(upload, report, by, now)
        upload.delete()
    return report


def fingerprint(report: Report, upload: DeckUpload, version: RateVersion | None) -> str:
    """Equal only for the same deck with the same effect on the same rates."""
    counts = [report.added, report.changed, report.unchanged, report.kept, report.bad_count]
    findings = [str(finding) for finding in report.findings]
    deck = [upload.sha256, upload.carrier, upload.currency, upload.valid_from.timestamp()]
    return hashlib.sha256(json.dumps([*counts, *findings, *deck, str(version)]).encode()).hexdigest()


def _run(upload: DeckUpload, now: datetime, *, dry_run: bool) -> Report:
    deck = Deck(upload.carrier, upload.currency, upload.valid_from, now)
    return import_call_rates(io.BytesIO(zlib.decompress(upload.compressed)), deck, dry_run=dry_run)


def _versions() -> QuerySet[RateVersion]:
    return RateVersion.objects.filter(pk=1)


def _record(upload: DeckUpload, report: Report, by: Actor, now: datetime) -> None:
    after = {
        "carrier": upload.carrier,
        "currency": upload.currency,
        "from": upload.valid_from.isoformat(),
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "file": upload.name,
        "sha256": upload.sha256,
    }
    version, _ = RateVersion.objects.get_or_create(pk=1, defaults={"version": "0" * 32})
    audit.record(version, "call_rates_imported", after=after, by=by, now=now, reason=upload.reason)
