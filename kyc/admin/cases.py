"""Dossiers: the queue, and the page on which staff decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, F, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from dialnexa import clock
from dialnexa.access import staff_actor
from dialnexa.admin_looks import pill
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import Watch, desk
from dialnexa.admin_timeline import LIMIT, Section, history_event, link_to, timeline
from dialnexa.audit import entries_about
from dialnexa.countries import country_name
from dialnexa.errors import Refusal
from dialnexa.models import Membership, Workspace
from kyc.admin.decisions import DECISIONS, Decision, carry_out
from kyc.admin.forms import DecisionForm, seen
from kyc.dossier import Paper, read_dossier
from kyc.models import KycCase, KycDocument
from kyc.terms import in_words, last_day

Status = KycCase.Status
DECIDE, SEE_PAPERS = "kyc.change_kyccase", "kyc.view_kycdocument"
WAITING_FIRST = Case(When(status=Status.SUBMITTED, then=F("submitted_at")), default=Value(None))


@dataclass(frozen=True, slots=True)
class Attempt:
    """A decision that was not made: its form has errors, or it was refused."""

    decision: Decision
    form: DecisionForm
    refusal: Refusal | None = None

    @property
    def status(self) -> int:
        return self.refusal.status if self.refusal else 422


@admin.register(KycCase)
class KycCaseAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    list_display = ("workspace", "country_", "waiting", "state", "entity", "legal_name", "until")
    list_filter = ("country", "entity_type")
    list_select_related = ("workspace",)
    search_fields = ("id__exact", "legal_name", "workspace__name", "workspace__slug", "workspace__id__exact")
    ordering = (WAITING_FIRST.asc(nulls_last=True), "-id")
    change_list_template = "admin/kyc/cases.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.decide)
        return [path("<str:pk>/decide/<slug:event>/", view, name="kyc_kyccase_decide"), *super().get_urls()]

    # --- the queue --------------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"chips": _chips(request), **(extra_context or {})})

    @admin.display(description="Country", ordering="country")
    def country_(self, case: KycCase) -> str:
        return f"{country_name(case.country)} ({case.country})"

    @admin.display(description="Entity", ordering="entity_type")
    def entity(self, case: KycCase) -> str:
        return case.get_entity_type_display() or "–"

    @admin.display(description="Status", ordering="status")
    def state(self, case: KycCase) -> SafeString:
        return pill(case.status, case.get_status_display())

    @admin.display(description="Verified until", ordering="verified_until")
    def until(self, case: KycCase) -> str:
        return verified_until(case)

    @admin.display(description="Waiting", ordering="submitted_at")
    def waiting(self, case: KycCase) -> SafeString | str:
        return waiting(case, now=clock.now())

    # --- the page ---------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        case = self.get_object(request, object_id)
        if case is None:
            return super().change_view(request, object_id, form_url, extra_context)
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request, case):
            raise PermissionDenied
        return self._page(request, case)

    def decide(self, request: HttpRequest, pk: str, event: str) -> HttpResponse:
        """Take one decision's form. What can't be done comes back on the case's page, as it was typed."""
        case = self.get_object(request, pk)
        decision = next((each for each in DECISIONS if each.event == event), None)
        if case is None or decision is None:
            raise Http404
        if not request.user.has_perm(DECIDE) or not self.has_view_permission(request, case):
            raise PermissionDenied
        if request.method != "POST":
            return redirect(desk().url_of(case))
        form = decision.form(case, event=event, now=clock.now(), data=request.POST)
        if not form.is_valid():
            return self._page(request, case, Attempt(decision, form))
        try:
            said = carry_out(decision, case, form.cleaned_data, by=staff_actor(request), now=form.now)
        except Refusal as refusal:
            return self._page(request, case, Attempt(decision, form, refusal))
        self.message_user(request, said)
        return redirect(desk().url_of(case))

    def _page(self, request: HttpRequest, case: KycCase, attempt: Attempt | None = None) -> HttpResponse:
        now, own = clock.now(), _is_member(request, case)
        may_decide = request.user.has_perm(DECIDE)
        page = {"title": str(case), "opts": self.opts, "called": desk().called(self.model)}
        page |= {"case": case, "dossier": read_dossier(case.workspace, case.country, now=now)}
        page |= {"workspace_url": desk().url_of(case.workspace), "waiting": waiting(case, now=now)}
        page |= {"may_decide": may_decide, "own": own, "attempt": attempt, "seen": seen(case)}
        page |= {"may_see_papers": may_decide or request.user.has_perm(SEE_PAPERS)}
        offers = _offers(case, attempt, now=now) if may_decide and not own else []
        page |= {
            "offers": offers,
            "kept": attempt is not None and attempt.form in (form for _, form in offers),
            "earlier": [Paper(each) for each in case.documents.exclude(status__in=KycDocument.CURRENT)],
            "sections": [_history(case), *self._extensions(case, request)],
        }
        context = self.admin_site.each_context(request) | page
        status = attempt.status if attempt else 200
        return TemplateResponse(request, "admin/kyc/case.html", context, status=status)


def _offers(case: KycCase, attempt: Attempt | None, *, now: datetime) -> list[tuple[Decision, DecisionForm]]:
    """What may be decided in the present state, each with its form: as it was sent, or new."""
    return [
        (each, attempt.form)
        if attempt and each == attempt.decision
        else (each, each.form(case, event=each.event, now=now))
        for each in DECISIONS
        if each.is_for(case)
    ]


def _chips(request: HttpRequest) -> list[dict[str, Any]]:
    """The states there are, each with how many cases are in it; the address with only that filter."""
    chosen = request.GET.get("status__exact", "")
    counts = dict(KycCase.objects.order_by().values_list("status").annotate(Count("pk")))
    states = [
        {
            "label": label,
            "count": counts.get(value, 0),
            "query": f"?status__exact={value}",
            "chosen": value == chosen,
        }
        for value, label in Status.choices
        if counts.get(value) or value in (chosen, Status.SUBMITTED)
    ]
    states.sort(key=lambda chip: chip["label"] != Status.SUBMITTED.label)
    return [*states, {"label": "All", "count": sum(counts.values()), "query": "?", "chosen": not chosen}]


def _is_member(request: HttpRequest, case: KycCase) -> bool:
    return Membership.objects.filter(workspace=case.workspace_id, user=request.user.pk).exists()


def _history(case: KycCase) -> Section:
    """What happened to the case and to its documents."""
    entries = list(entries_about([case.pk, *case.documents.values_list("pk", flat=True)]).reverse()[:LIMIT])
    for entry in entries:
        entry.after.pop("sha256", None)  # never saved: it is shown without
    return timeline(map(history_event, reversed(entries)))


def waiting(case: KycCase, *, now: datetime) -> SafeString | str:
    """For how long a case has been in review."""
    if case.status != Status.SUBMITTED or case.submitted_at is None:
        return "–"
    since = case.submitted_at.astimezone(UTC)
    shown = '<time datetime="{}" title="{} UTC">{}</time>'
    return format_html(shown, since.isoformat(), f"{since:%Y-%m-%d %H:%M}", timesince(since, now))


def verified_until(case: KycCase) -> str:
    """The last day of a verification, as the customer reads it."""
    until = case.verified_until
    return in_words(last_day(until, case.workspace)) if until else "–"


def cases_of(workspace: Workspace, request: HttpRequest) -> Section:
    """The workspace's dossiers, for its page."""
    rows = [
        (
            link_to(case, case.country),
            pill(case.status, case.get_status_display()),
            verified_until(case),
        )
        for case in workspace.kyc_cases.order_by("country")
    ]
    return Section("KYC", head=("Country", "Status", "Verified until"), rows=rows)


def waiting_cases(now: datetime) -> QuerySet[KycCase]:
    return KycCase.objects.filter(status=Status.SUBMITTED)


desk().extend(Workspace, cases_of)
desk().watch(Watch("KYC to review", "Papers handed in", waiting_cases, query="status__exact=submitted"))
