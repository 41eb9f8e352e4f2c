"""Limits, stops and prefixes as support sees them: each is added with a reason, and ended with one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from dialnexa import clock
from dialnexa.access import staff_actor
from dialnexa.actors import Actor
from dialnexa.admin_actions import StaffAction
from dialnexa.admin_looks import dot
from dialnexa.admin_pieces import EditableAdmin, ReadOnlyAdmin, ReasonedModelForm
from dialnexa.admin_site import Watch, desk
from dialnexa.errors import Refusal
from telephony.call_stops import allow_calls, stop_calls
from telephony.limits.allowances import Allowance
from telephony.limits.overrides import end_override, refuse_override, set_limit
from telephony.limits.requests import decline, grant
from telephony.limits.table import LIMITS
from telephony.models import (
    CalledCountry,
    CallStop,
    DeniedPrefix,
    LimitOverride,
    LimitRequest,
    OpenedPrefix,
)
from telephony.prefixes import close_prefix, deny_prefix, end_denial, open_prefix, read_prefix

NAMES = [(limit.name, limit.label) for limit in LIMITS.values()]


@admin.display(description="Limit", ordering="limit")
def in_words(row: LimitOverride | LimitRequest) -> str:
    return LIMITS[row.limit].label


@admin.display(description="Value", ordering="value")
def how_much(row: LimitOverride | LimitRequest) -> str:
    return Allowance(LIMITS[row.limit], None, row.workspace.currency, "").amount(row.value)


class VerbAdmin(EditableAdmin):
    """What is added is added by a verb, which writes its own history; nothing is changed afterwards."""

    shelf = "Customers"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.pk = self.add(form.cleaned_data, by=staff_actor(request), now=clock.now()).pk

    def add(self, data: dict[str, Any], *, by: Actor, now: datetime) -> Any:
        raise NotImplementedError


def _ending(verb: Any, name: str, label: str, explains: str, permission: str) -> StaffAction:
    def run(row: Any, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
        verb(row, reason=data["reason"], by=by, now=now)
        return "ended."

    return StaffAction(name, label, explains, run, permission, fits=lambda row: row.ended_at is None)


class OverrideForm(ReasonedModelForm):
    limit = forms.ChoiceField(choices=NAMES)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if {"workspace", "limit", "value"} <= data.keys():
            key, until = data.get("api_key"), data.get("until")
            try:
                refuse_override(
                    data["workspace"], LIMITS[data["limit"]], data["value"], until, key, clock.now()
                )
            except Refusal as refusal:
                raise forms.ValidationError(refusal.sentence) from refusal
        return data


@admin.register(LimitOverride)
class LimitOverrideAdmin(VerbAdmin):
    form = OverrideForm
    fields = ("workspace", "api_key", "limit", "value", "until")
    add_only = fields
    raw_id_fields = ("workspace", "api_key")
    list_display = (in_words, how_much, "workspace", "api_key", "state", "until", "reason")
    list_filter = ("limit", "is_alarm")
    list_select_related = ("workspace", "api_key")
    search_fields = ("workspace__slug__exact", "workspace__name", "id__exact")
    ordering = ("-id",)
    staff_actions = (
        _ending(
            end_override,
            "end-limit",
            "End it",
            "The default holds again at once; what slowed calls down no longer does.",
            "telephony.add_limitoverride",
        ),
    )

    @admin.display(description="State")
    def state(self, row: LimitOverride) -> SafeString:
        return dot("off", "ended") if row.ended_at else dot("ok", "alarm" if row.is_alarm else "stands")

    def add(self, data: dict[str, Any], *, by: Actor, now: datetime) -> LimitOverride:
        key, until = data["api_key"], data["until"]
        given = {"reason": data["reason"], "until": until, "key": key, "by": by, "now": now}
        return set_limit(data["workspace"], LIMITS[data["limit"]], data["value"], **given)


def _grant(request: LimitRequest, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    grant(request, reason=data["reason"], by=by, now=now)
    return "granted."


def _decline(request: LimitRequest, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    decline(request, reason=data["reason"], by=by, now=now)
    return "declined. The customer reads the reason."


def _is_open(request: LimitRequest) -> bool:
    return request.answered_at is None


@admin.register(LimitRequest)
class LimitRequestAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    list_display = ("workspace", in_words, how_much, "why", "created_at", "answered_at", "answer")
    list_filter = ("limit", ("answered_at", admin.EmptyFieldListFilter))
    list_select_related = ("workspace",)
    search_fields = ("workspace__slug__exact", "workspace__name", "id__exact")
    ordering = ("-id",)
    staff_actions = (
        StaffAction(
            "grant-limit",
            "Grant",
            "The workspace has what it asked for at once, for good; the customer reads the reason.",
            _grant,
            "telephony.add_limitoverride",
            fits=_is_open,
            says=lambda request: f"{request}: {request.why}",
            single=True,
        ),
        StaffAction(
            "decline-limit",
            "Decline",
            "The limit stays as it is; the customer reads the reason.",
            _decline,
            "telephony.add_limitoverride",
            fits=_is_open,
            says=lambda request: f"{request}: {request.why}",
            single=True,
        ),
    )


def _lift(stop: CallStop, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    allow_calls(stop.workspace, reason=data["reason"], by=by, now=now)
    return "lifted. Calls go out again; batches that were paused have to be resumed."


@admin.register(CallStop)
class CallStopAdmin(VerbAdmin):
    """Added without a workspace it stops everybody's calls."""

    fields = ("workspace",)
    add_only = fields
    raw_id_fields = ("workspace",)
    list_display = ("__str__", "reason", "thrown_by", "thrown_at", "lifted_at")
    list_filter = (("lifted_at", admin.EmptyFieldListFilter),)
    list_select_related = ("workspace",)
    search_fields = ("workspace__slug__exact", "id__exact")
    ordering = ("-id",)
    staff_actions = (
        StaffAction(
            "lift-stop",
            "Let calls go out again",
            "Calls are placed and dialled again at once.",
            _lift,
            "telephony.add_callstop",
            fits=lambda stop: stop.lifted_at is None,
            single=True,
        ),
    )

    def add(self, data: dict[str, Any], *, by: Actor, now: datetime) -> CallStop:
        return stop_calls(data["workspace"], reason=data["reason"], by=by, now=now)


class PrefixForm(ReasonedModelForm):
    def clean_digits(self) -> str:
        try:
            return read_prefix(self.cleaned_data["digits"])
        except Refusal as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal


class DenialForm(PrefixForm):
    def clean_digits(self) -> str:
        digits = super().clean_digits()
        if DeniedPrefix.objects.filter(digits=digits, ended_at=None).exists():
            raise forms.ValidationError(f"+{digits} is on the list already.")
        return digits


@admin.register(DeniedPrefix)
class DeniedPrefixAdmin(VerbAdmin):
    shelf = "Catalogue"
    shows_history = True
    form = DenialForm
    fields = ("digits",)
    add_only = fields
    list_display = ("__str__", "reason", "created_at", "ended_at")
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    search_fields = ("digits__startswith", "reason")
    ordering = ("digits",)
    staff_actions = (
        _ending(
            end_denial,
            "end-denial",
            "Take off the list",
            "Whoever has its country enabled can call it at once.",
            "telephony.add_deniedprefix",
        ),
    )

    def add(self, data: dict[str, Any], *, by: Actor, now: datetime) -> DeniedPrefix:
        return deny_prefix(data["digits"], reason=data["reason"], by=by, now=now)


class OpenedForm(PrefixForm):
    def clean_until(self) -> datetime:
        until: datetime = self.cleaned_data["until"]
        if until <= clock.now():
            raise forms.ValidationError("The end has to be in the future.")
        return until


@admin.register(OpenedPrefix)
class OpenedPrefixAdmin(VerbAdmin):
    form = OpenedForm
    fields = ("workspace", "digits", "until")
    add_only = fields
    raw_id_fields = ("workspace",)
    list_display = ("__str__", "until", "reason", "opened_by", "ended_at")
    list_select_related = ("workspace", "opened_by")
    search_fields = ("digits__startswith", "workspace__slug__exact", "id__exact")
    ordering = ("-id",)
    staff_actions = (
        _ending(
            close_prefix,
            "close-prefix",
            "Close it",
            "The workspace can't call it any more.",
            "telephony.add_openedprefix",
        ),
    )

    def add(self, data: dict[str, Any], *, by: Actor, now: datetime) -> OpenedPrefix:
        given = {"until": data["until"], "reason": data["reason"], "by": by, "now": now}
        return open_prefix(data["workspace"], data["digits"], **given)


@admin.register(CalledCountry)
class CalledCountryAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    list_display = ("country", "workspace", "first_at", "calls")
    list_select_related = ("workspace",)
    search_fields = ("country__exact", "workspace__slug__exact")
    ordering = ("-first_at",)


def _asked(now: datetime) -> QuerySet:
    return LimitRequest.objects.filter(answered_at=None)


def _alarms(now: datetime) -> QuerySet:
    return LimitOverride.objects.filter(is_alarm=True, ended_at=None)


def _stops(now: datetime) -> QuerySet:
    return CallStop.objects.filter(lifted_at=None)


def _new(now: datetime) -> QuerySet:
    from telephony.called_countries import NEW

    return CalledCountry.objects.filter(Q(calls__gt=0), first_at__gt=now - NEW)


desk().watch(Watch("Limits asked for", "Customers want more", _asked, "answered_at__isempty=1"))
desk().watch(Watch("Calls slowed down", "Their shape looks like fraud", _alarms, "is_alarm__exact=1"))
desk().watch(Watch("Calls stopped", "By a customer or by staff", _stops, "lifted_at__isempty=1"))
desk().watch(Watch("Countries called first", "Within a day", _new, "o=-3"))
