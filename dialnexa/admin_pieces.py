"""What the admin pages share: pages that can't be written to, changes that need a reason, quick lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import BadRequest
from django.db import models
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect

from dialnexa import audit, clock
from dialnexa.access import staff_actor
from dialnexa.admin_acting import ActingAdmin
from dialnexa.admin_actions import ReasonForm
from dialnexa.admin_lists import PatientPaginator, Results
from dialnexa.admin_site import desk
from dialnexa.admin_timeline import Section, history_of
from dialnexa.models import AuditEntry

SECRET = {"password", "digest", "sealed_password", "sealed_secret", "sealed_previous_secret"}
PARTIAL = {
    *("contains", "icontains", "startswith", "istartswith", "endswith", "iendswith"),
    *("regex", "iregex", "iexact", "search", "gt", "range", "contained_by", "overlap"),
}


class PlainModelForm(forms.ModelForm):
    """Labels without colons, as everywhere in the product."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})


class SupportAdmin(ActingAdmin):
    """Nothing can be deleted here."""

    form = PlainModelForm
    shelf = "System"
    called = ""  # the list's name, where the model's own is not how we spell it
    shows_history = False  # pages with a timeline, and rows that never change, do without
    paginator = PatientPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    change_form_template = "admin/object.html"
    save_as = False

    def sections(self, item: Any, request: HttpRequest) -> Sequence[Section]:
        """What the object's page shows below its fields."""
        return ()

    def heading(self, item: Any) -> str:
        """What the object's page is called."""
        return str(item)

    def describe(self, item: Any) -> str:
        """What a search result says beside the object's name."""
        return ""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Addresses filter by equality and dates: matching parts would spell a hash out letter by letter."""
        parts = lookup.split("__")
        if SECRET & set(parts) or PARTIAL & set(parts):
            return False
        return super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # --- pages ----------------------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Results

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """None for an id that PostgreSQL could not even hold."""
        return None if "\x00" in object_id else super().get_object(request, object_id, from_field)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        item = kwargs.get("obj")
        context["called"] = desk().called(self.model)
        if item is not None:
            context |= {"heading": self.heading(item), "detail": self.describe(item)}
            context["offers"] = self.offers(request, item)
            history = [history_of(item)] if self.shows_history else []
            context["sections"] = [*self.sections(item, request), *self._extensions(item, request), *history]
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if any("\x00" in value for values in request.GET.lists() for value in values[1]):
            raise BadRequest("PostgreSQL holds no NUL, so nothing can be asked for with one.")
        title = {"title": desk().called(self.model)}
        try:
            return super().changelist_view(request, title | (extra_context or {}))
        except OverflowError as error:
            raise BadRequest("There is no such year.") from error

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        return redirect(desk().list_of(AuditEntry, urlencode({"subject_id__exact": object_id})))

    def _extensions(self, item: Any, request: HttpRequest) -> list[Section]:
        found = (extension(item, request) for extension in desk().extensions[self.model])
        return [section for section in found if section]

    # The history (audit) is the one record of what staff did; Django's own log would be a second.
    def log_addition(self, *args: Any) -> None: ...  # type: ignore[override]
    def log_change(self, *args: Any) -> None: ...  # type: ignore[override]


class ReadOnlyAdmin(SupportAdmin):
    """Looked at, never written to: what changes here changes through verbs."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReasonedModelForm(PlainModelForm):
    """A change by staff says why."""

    reason = ReasonForm.base_fields["reason"]


class DayAndTime(AdminSplitDateTime):
    """Django's two fields, each of which says what it is."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        for part, name in zip(self.widgets, ("Date", "Time"), strict=True):
            part.attrs["aria-label"] = name


class EditableAdmin(SupportAdmin):
    """The fields in ``editable`` may be changed, with a reason that goes into the history."""

    form = ReasonedModelForm
    formfield_overrides = {models.DateTimeField: {"widget": DayAndTime}}
    editable: tuple[str, ...] = ()
    add_only: tuple[str, ...] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        writable = {*self.editable, "reason", *(() if obj else self.add_only)}
        fields = flatten_fieldsets(super().get_fieldsets(request, obj))
        return tuple(name for name in fields if name not in writable)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields or ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = list(super().get_fieldsets(request, obj))
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return [*fieldsets, ("Why", {"fields": ("reason",)})] if may else fieldsets

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        names = [name for name in form.changed_data if name != "reason"]
        audit.record(
            obj,
            "changed_by_staff" if change else "added_by_staff",
            before={name: _plain(form.initial.get(name)) for name in names} if change else {},
            after={name: _plain(form.cleaned_data[name]) for name in names},
            by=staff_actor(request),
            now=clock.now(),
            reason=form.cleaned_data["reason"],
        )


def _plain(value: Any) -> Any:
    """What the history can keep as JSON."""
    if isinstance(value, str | int | bool | None):
        return value
    if isinstance(value, Model):
        return str(value.pk)
    return [str(each) for each in value] if isinstance(value, QuerySet | list | tuple) else str(value)
