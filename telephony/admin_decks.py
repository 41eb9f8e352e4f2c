"""The support desk's page for call decks: paste one, read what it would do, then let it do exactly that."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from dialnexa import audit, clock
from dialnexa.access import staff_actor
from dialnexa.actors import Actor
from dialnexa.admin_actions import ReasonForm
from dialnexa.admin_site import Page, desk
from telephony.call_decks import import_call_rates
from telephony.catalogue import MARKETS
from telephony.decks import CURRENCY, Deck, Report
from telephony.models import CallRate, CarrierSlug, RateVersion

PERMISSION = "telephony.add_callrate"
SHOWN = 100  # lines or notes of one kind
EXAMPLE = "country,network_group,prefix,per_minute\nIN,India mobile,9198,0.65"


class DeckForm(ReasonForm):
    field_order = ("carrier", "currency", "valid_from", "text", "reason")
    carrier = forms.ChoiceField(choices=[(slug, CarrierSlug(slug).label) for slug in MARKETS])
    currency = forms.CharField(max_length=3, initial="INR", help_text="ISO 4217, for example INR.")
    valid_from = forms.DateTimeField(label="Counts from", help_text="In your time zone: 2026-01-31 18:30.")
    text = forms.CharField(
        label="Deck",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "placeholder": EXAMPLE}),
        help_text="CSV with a header. Large decks: manage.py import_call_rates.",
    )

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].upper()
        if not CURRENCY.fullmatch(currency):
            raise forms.ValidationError("Enter a currency by its ISO 4217 code, like INR.")
        return currency


def show_import(request: HttpRequest) -> HttpResponse:
    """Nothing is written before somebody has seen the dry run and confirmed what it said."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    form = DeckForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"title": "Import call rates", "form": form}
    if form.is_valid():
        now, asked = clock.now(), request.POST.get("confirmed", "")
        report, done = run_deck(form.cleaned_data, asked, by=staff_actor(request), now=now)
        if done:
            return redirect(f"{reverse('admin:import-call-rates')}?done={report.added + report.changed}")
        context |= _told(report, form.cleaned_data, moved=bool(asked))
    context["done"] = request.GET.get("done", "")[:9]
    status = 422 if form.is_bound and (form.errors or context.get("bad")) else 200
    return TemplateResponse(request, "admin/deck.html", desk().each_context(request) | context, status=status)


def run_deck(data: dict[str, Any], confirmed: str, *, by: Actor, now: datetime) -> tuple[Report, bool]:
    """A dry run; or the import, when ``confirmed`` is the ``fingerprint`` of what it does.

    Also says whether it was done. ``data`` is what DeckForm cleaned. When rates have
    changed since the dry run nothing is written.
    """
    deck = Deck(data["carrier"], data["currency"], data["valid_from"], now)
    with transaction.atomic():
        report = import_call_rates(io.BytesIO(data["text"].encode()), deck, dry_run=not confirmed)
        done = bool(confirmed) and not report.bad and confirmed == fingerprint(report, data)
        if confirmed and not done:
            transaction.set_rollback(True)
        elif done:
            _record(report, data, by, now)
    return report, done


def _record(report: Report, data: dict[str, Any], by: Actor, now: datetime) -> None:
    what = {"carrier": data["carrier"], "currency": data["currency"], "from": data["valid_from"].isoformat()}
    counts = {"added": report.added, "changed": report.changed, "unchanged": report.unchanged}
    version, _ = RateVersion.objects.get_or_create(pk=1, defaults={"version": "0" * 32})
    sha256 = hashlib.sha256(data["text"].encode()).hexdigest()
    after = {**what, **counts, "sha256": sha256}
    audit.record(version, "call_rates_imported", after=after, by=by, now=now, reason=data["reason"])


def fingerprint(report: Report, data: dict[str, Any]) -> str:
    """Equal only for the same deck with the same effect."""
    said = [report.added, report.changed, report.unchanged, report.kept, report.notes]
    deck = [str(data[name]) for name in ("carrier", "currency", "text")]
    parts = [*said, *deck, data["valid_from"].isoformat()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _told(report: Report, data: dict[str, Any], *, moved: bool) -> dict[str, Any]:
    bad = sorted(report.bad, key=lambda line: line.line)
    return {
        "report": report,
        "bad": bad[:SHOWN],
        "bad_more": max(0, len(bad) - SHOWN),
        "notes": report.notes[:SHOWN],
        "notes_more": max(0, len(report.notes) - SHOWN),
        "fingerprint": "" if bad else fingerprint(report, data),
        "moved": moved,
    }


desk().add_page(Page("Catalogue", "Import call rates", "import-call-rates", show_import, CallRate))
