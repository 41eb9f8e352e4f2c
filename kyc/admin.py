"""Identity dossiers, and the staff who decide them."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from dialnexa.actors import Actor
from dialnexa.admin_actions import ReasonForm, StaffAction
from dialnexa.admin_looks import pill
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import Watch, desk
from dialnexa.admin_timeline import Section, link_to
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from kyc import reviews
from kyc.models import KycCase
from kyc.requirements import papers_for


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

    # HIST


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


def waiting_cases(now: datetime) -> Any:
    return KycCase.objects.filter(status=KycCase.Status.SUBMITTED)


desk().extend(Workspace, cases_of)
desk().watch(Watch("KYC to review", "Papers handed in", waiting_cases, query="status__exact=submitted"))
