"""Identity dossiers, and the staff who decide them."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dialnexa import clock
from dialnexa.access import staff_actor
from dialnexa.actors import Actor
from dialnexa.admin_actions import ReasonForm, StaffAction
from dialnexa.admin_looks import pill
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import Watch, desk
from dialnexa.admin_timeline import Section, link_to
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from kyc import reviews
from kyc.documents import open_document
from kyc.models import KycCase, KycDocument, VerificationNumber
from kyc.requirements import papers_for
from kyc.views import as_attachment


class VerifyForm(ReasonForm):
    until = forms.DateField(
        required=False,
        label="Until",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="The last day it holds, in the workspace's time zone. Empty: without end.",
    )
    field_order = ("until", "reason")


def _verify(case: KycCase, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    until = _end_of(data["until"], case.workspace) if data["until"] else None
    if until and until <= now:
        raise Refusal("until_in_the_past", "The last day must not be over already.")
    reviews.verify(case, by=by, now=now, reason=data["reason"], until=until)
    return f"verified until {data['until']:%d %B %Y}." if until else "verified."


def _end_of(day: Any, workspace: Workspace) -> datetime:
    """The first moment after that day, where the workspace is."""
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(workspace.time_zone))


def _reject(case: KycCase, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    reviews.reject(case, by=by, now=now, reason=data["reason"])
    return "rejected. The customer reads the reason and may submit again."


def _suspend(case: KycCase, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    reviews.suspend(case, by=by, now=now, reason=data["reason"])
    return "suspended."


def _reinstate(case: KycCase, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    reviews.reinstate(case, by=by, now=now, reason=data["reason"])
    return "verified again."


def _where_it_stands(case: KycCase) -> str:
    return f"{case.get_status_display()} now."


def _action(
    event: str, label: str, explains: str, run: Any, form: type[forms.Form] = ReasonForm
) -> StaffAction:
    """An action for one event of the case, offered in the states from which it may happen."""
    return StaffAction(
        name=event,
        label=label,
        explains=explains,
        run=run,
        permission="kyc.change_kyccase",
        form=form,
        states=KycCase.TRANSITIONS[event][0],
        says=_where_it_stands,
    )


VERIFY = "The workspace may rent numbers of this country from now on."
REJECT = "The customer reads the reason. Name the document and what is wrong with it."
SUSPEND = "The workspace can rent no more numbers of this country. The customer reads the reason."
REINSTATE = "The suspension ends, and the workspace may rent numbers of this country again."


@admin.register(KycCase)
class KycCaseAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    fields = ("id", "workspace", "country", "state", "asked_for", "reason", "verified_until", "created_at")
    list_display = ("id", "workspace", "country", "state", "verified_until", "created_at")
    list_filter = ("status", "country")
    list_select_related = ("workspace",)
    search_fields = ("id__exact", "workspace__name", "workspace__slug", "workspace__id__exact")
    ordering = ("-id",)
    staff_actions = (
        _action("verify", "Verify", VERIFY, _verify, VerifyForm),
        _action("reject", "Reject", REJECT, _reject),
        _action("suspend", "Suspend", SUSPEND, _suspend),
        _action("reinstate", "Reinstate", REINSTATE, _reinstate),
    )

    @admin.display(description="Status", ordering="status")
    def state(self, case: KycCase) -> SafeString:
        return pill(case.status, case.get_status_display())

    @admin.display(description="Asked for")
    def asked_for(self, case: KycCase) -> str:
        return papers_for(case.country, "local") or "Nothing for local numbers"


@admin.register(KycDocument)
class KycDocumentAdmin(ReadOnlyAdmin):
    """What was handed in. The file is sealed; who takes it is noted in the workspace's history."""

    shelf = "Customers"
    fields = ("id", "case", "kind", "state", "reason", "file", "media_type", "size", "pages", "sha256")
    list_display = ("id", "case", "kind", "state", "file_name", "uploaded_at")
    list_filter = ("status",)
    list_select_related = ("case__workspace",)
    search_fields = ("id__exact", "case__id__exact", "workspace__slug")
    ordering = ("-id",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.give_file)
        return [path("<str:pk>/file/", view, name="kyc_kycdocument_file"), *super().get_urls()]

    def give_file(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The file, as an attachment, to staff who may decide on cases."""
        if not request.user.has_perm("kyc.change_kyccase"):
            raise PermissionDenied
        document = get_object_or_404(KycDocument.objects.filter(status__in=KycDocument.CURRENT), pk=pk)
        return as_attachment(document, open_document(document, by=staff_actor(request), now=clock.now()))

    @admin.display(description="File")
    def file(self, document: KycDocument) -> SafeString | str:
        if document.status not in KycDocument.CURRENT:
            return f"{document.file_name} (not kept)"
        url = reverse("admin:kyc_kycdocument_file", args=[document.pk])
        return format_html('<a href="{}">{}</a>', url, document.file_name)

    @admin.display(description="Status", ordering="status")
    def state(self, document: KycDocument) -> SafeString:
        return pill(document.status, document.get_status_display())


@admin.register(VerificationNumber)
class VerificationNumberAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    fields = ("workspace", "e164", "confirmed_at", "changed_at", "calls_made", "calls_since")
    list_display = ("workspace", "e164", "confirmed_at")
    list_select_related = ("workspace",)
    search_fields = ("workspace__slug", "e164")
    ordering = ("workspace",)


def cases_of(workspace: Workspace, request: HttpRequest) -> Section:
    """The workspace's dossiers, for its page."""
    cases = workspace.kyc_cases.order_by("country")
    rows = [
        (
            link_to(case, case.country),
            pill(case.status, case.get_status_display()),
            case.verified_until or "–",
        )
        for case in cases
    ]
    return Section("KYC", head=("Country", "Status", "Verified until"), rows=rows)


def documents_of(case: KycCase, request: HttpRequest) -> Section:
    """What was handed in with a case, for its page."""
    rows = [
        (
            link_to(document, document.kind),
            pill(document.status, document.get_status_display()),
            document.file_name,
            document.uploaded_at,
        )
        for document in case.documents.filter(status__in=KycDocument.CURRENT)
    ]
    return Section("Documents", head=("Kind", "Status", "File", "Uploaded"), rows=rows)


def waiting_cases(now: datetime) -> Any:
    return KycCase.objects.filter(status=KycCase.Status.SUBMITTED)


desk().extend(Workspace, cases_of)
desk().extend(KycCase, documents_of)
desk().watch(Watch("KYC to review", "Papers handed in", waiting_cases, query="status__exact=submitted"))
