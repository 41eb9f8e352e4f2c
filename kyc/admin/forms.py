"""What staff fill in to decide on a case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from dialnexa.admin_actions import ReasonForm
from kyc.dossier import Paper
from kyc.models import KycCase, KycDocument
from kyc.papers import papers
from kyc.reviews import REASON_LIMIT
from kyc.terms import end_of, last_day

LONGEST = 10  # years


def seen(case: KycCase) -> str:
    """What a reviewer has looked at: papers change only between two submissions."""
    return f"{case.status} {case.submitted_at.isoformat() if case.submitted_at else ''}".strip()


class DecisionForm(ReasonForm):
    """``seen`` is not shown as a field: the page always sends what it shows (see ``seen``)."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    note = "Kept in the history for good. The customer does not read it."

    def __init__(self, case: KycCase, *, event: str, now: datetime, data: Any = None) -> None:
        super().__init__(data, auto_id=f"{event}-%s")
        self.case = case
        self.now = now
        self.fields["reason"].help_text = self.note
        self.prepare()

    def prepare(self) -> None:
        """For the fields that depend on the case."""

    @property
    def plain(self) -> Sequence[BoundField]:
        """The fields one below the other, the reason last."""
        return [self[name] for name in self.fields if name not in ("seen", "reason")] + [self["reason"]]


class ToldForm(DecisionForm):
    note = "The customer reads it, and it is kept in the history for good."


class VerifyForm(DecisionForm):
    until = forms.DateField(
        label="Until",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="The last day it holds, in the workspace’s time zone.",
        error_messages={"required": "Choose the last day it holds."},
    )

    def prepare(self) -> None:
        self.today = last_day(self.now, self.case.workspace)
        self.fields["until"].initial = _years_later(self.today, 1)
        self.fields["until"].widget.attrs["min"] = self.today.isoformat()

    def clean_until(self) -> datetime:
        day: date = self.cleaned_data["until"]
        if day < self.today:
            raise forms.ValidationError("The last day must not be over already.")
        if day > _years_later(self.today, LONGEST):
            raise forms.ValidationError(f"No verification holds longer than {LONGEST} years.")
        return end_of(day, self.case.workspace)


def _years_later(day: date, years: int) -> date:
    """The same day of a later year; the first of March for a leap day."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28) + timedelta(days=1)


class RejectForm(ToldForm):
    """``rejected`` says what is wrong with which document, by its id."""

    def prepare(self) -> None:
        self.held = list(self.case.documents.filter(status__in=KycDocument.TRANSITIONS["reject"][0]))
        for document in self.held:
            self.fields[f"wrong-{document.pk}"] = forms.BooleanField(required=False)
            self.fields[f"why-{document.pk}"] = forms.CharField(
                required=False,
                max_length=REASON_LIMIT,
                widget=forms.TextInput(attrs={"placeholder": "What is wrong with it", "autocomplete": "off"}),
            )

    @property
    def rows(self) -> list[tuple[Paper, BoundField, BoundField]]:
        return [(Paper(each), self[f"wrong-{each.pk}"], self[f"why-{each.pk}"]) for each in self.held]

    @property
    def plain(self) -> Sequence[BoundField]:
        return [self["reason"]]

    def clean(self) -> dict[str, Any]:
        self.cleaned_data["rejected"] = {
            document.pk: self.cleaned_data[f"why-{document.pk}"]
            for document in self.held
            if self._wrong(document)
        }
        if self.held and not self.cleaned_data["rejected"]:
            self.add_error(None, "Tick the documents that are wrong, and say of each what is wrong with it.")
        return self.cleaned_data

    def _wrong(self, document: KycDocument) -> bool:
        """Whether it is ticked, with a reason that came through its own check."""
        ticked, why = (self.cleaned_data.get(f"{part}-{document.pk}") for part in ("wrong", "why"))
        if ticked and not why and f"why-{document.pk}" not in self.errors:
            self.add_error(f"why-{document.pk}", "Say what is wrong with it.")
        if why and not ticked:
            self.add_error(f"wrong-{document.pk}", "Tick the document, or empty its reason.")
        return bool(ticked and why)


class MoreForm(ToldForm):
    kinds = forms.MultipleChoiceField(
        label="Documents",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick the documents to ask for."},
    )
    field_order = ("kinds", "reason")

    def prepare(self) -> None:
        held = set(self.case.documents.filter(status__in=KycDocument.CURRENT).values_list("kind", flat=True))
        names = papers().documents.items()
        self.fields["kinds"].choices = [(kind, name) for kind, name in names if kind not in held]  # type: ignore[attr-defined]
