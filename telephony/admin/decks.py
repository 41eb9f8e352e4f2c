"""The support desk's page for call decks: give one, read what it would do, then let it do exactly that."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import get_current_timezone_name
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from dialnexa import clock
from dialnexa.access import staff_actor
from dialnexa.admin_actions import ReasonForm
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import Page, desk
from dialnexa.errors import Refusal
from dialnexa.uploads import TakeFiles
from telephony.catalogue import MARKETS
from telephony.deck_uploads import LARGEST, import_deck, keep_deck, kept_deck, show_deck
from telephony.decks import CURRENCY
from telephony.models import CallRate, CarrierSlug, DeckUpload

PERMISSION = "telephony.add_callrate"
SHOWN = 100  # bad lines
EXAMPLE = "country,network_group,prefix,per_minute\nIN,India mobile,9198,0.65"
TOO_LARGE = f"The file is larger than {LARGEST // 1_000_000} MB. Split it by country."


class DeckForm(ReasonForm):
    field_order = ("carrier", "currency", "valid_from", "file", "text", "reason")
    carrier = forms.ChoiceField(choices=[(slug, CarrierSlug(slug).label) for slug in MARKETS])
    currency = forms.CharField(max_length=3, initial="INR", help_text="ISO 4217, for example INR.")
    valid_from = forms.DateTimeField(label="Counts from")
    file = forms.FileField(
        label="Deck as a file",
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
        help_text="CSV with a header, half a million lines at most or so.",
    )
    text = forms.CharField(
        label="Or pasted",
        strip=False,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "placeholder": EXAMPLE}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = get_current_timezone_name()
        self.fields["valid_from"].help_text = f"In your time zone ({zone}), like 2026-01-31 18:30."

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].upper()
        if not CURRENCY.fullmatch(currency):
            raise forms.ValidationError("Enter a currency by its ISO 4217 code, like INR.")
        return currency

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if bool(data.get("file")) == bool((data.get("text") or "").strip()) and "file" not in self.errors:
            self.add_error("file", "Choose a file or paste a deck: one of the two.")
        return data


@csrf_exempt
def show_import(request: HttpRequest) -> HttpResponse:
    """Nothing is written before somebody has seen the dry run and confirmed what it said."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    files = TakeFiles(most=1, largest=LARGEST)
    request.upload_handlers = [files]
    return _show_import(request, files)


@csrf_protect
def _show_import(request: HttpRequest, files: TakeFiles) -> HttpResponse:
    if "confirmed" in request.POST:
        return _confirm(request)
    form = DeckForm(request.POST or None, request.FILES or None)
    if files.too_large:
        form.add_error("file", TOO_LARGE)
    if not form.is_valid():
        return _page(request, form, refused=form.is_bound)
    file = form.cleaned_data["file"]
    data, name = (file.read(), file.name) if file else (form.cleaned_data["text"].encode(), "")
    upload = keep_deck(data, name=name, asked=form.cleaned_data, by=request.user, now=clock.now())  # type: ignore[arg-type]
    return _dry_run(request, upload, form)


def _confirm(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    try:
        upload = kept_deck(request.POST.get("upload", ""), by=request.user, now=now)  # type: ignore[arg-type]
    except Refusal as refusal:
        form = DeckForm()
        return _page(request, form, refused=True, gone=refusal.sentence)
    report = import_deck(upload, request.POST["confirmed"], by=staff_actor(request), now=now)
    if report is None:
        return _dry_run(request, upload, DeckForm(), moved=True)
    return redirect(f"{reverse('admin:import-call-rates')}?done={report.added + report.changed}")


def _dry_run(
    request: HttpRequest, upload: DeckUpload, form: DeckForm, *, moved: bool = False
) -> HttpResponse:
    report, fingerprint = show_deck(upload, now=clock.now())
    if report.bad:
        upload.delete()
    bad = sorted(report.bad, key=lambda line: line.line)[:SHOWN]
    told = {
        "report": report,
        "bad": bad,
        "bad_more": report.bad_count - len(bad),
        "upload": None if bad else upload,
        "fingerprint": fingerprint,
        "moved": moved,
    }
    return _page(request, form, refused=bool(bad), **told)


def _page(request: HttpRequest, form: DeckForm, *, refused: bool, **told: Any) -> HttpResponse:
    context = desk().each_context(request) | {"title": "Import call rates", "form": form, **told}
    context["done"] = request.GET.get("done", "")[:9]
    return TemplateResponse(request, "admin/deck.html", context, status=422 if refused else 200)


@admin.register(DeckUpload)
class DeckUploadAdmin(ReadOnlyAdmin):
    """Decks between their dry run and their import."""

    shelf = "Catalogue"
    fields = (
        "id",
        "name",
        "carrier",
        "currency",
        "valid_from",
        "reason",
        "size",
        "sha256",
        "made_by",
        "created_at",
    )
    list_display = ("id", "name", "carrier", "currency", "valid_from", "size", "made_by", "created_at")
    list_select_related = ("made_by",)
    ordering = ("-id",)


desk().add_page(Page("Catalogue", "Import call rates", "import-call-rates", show_import, CallRate))
