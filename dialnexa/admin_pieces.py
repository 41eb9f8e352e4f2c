"""What the admin pages share: pages that can't be written to, changes that need a reason, quick lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst

from dialnexa import audit, clock
from dialnexa.access import staff_actor
from dialnexa.admin_actions import AT_ONCE, ReasonForm, StaffAction, perform
from dialnexa.admin_lists import PatientPaginator, Results
from dialnexa.admin_site import desk
from dialnexa.admin_timeline import Section, history_of
from dialnexa.models import AuditEntry

SECRET = {"password", "digest"}
PARTIAL = {
    *("contains", "icontains", "startswith", "istartswith", "endswith", "iendswith"),
    *("regex", "iregex", "iexact", "search", "gt", "range", "contained_by", "overlap"),
}


class PlainModelForm(forms.ModelForm):
    """Labels without colons, as everywhere in the product."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})


class SupportAdmin(admin.ModelAdmin):
    """Nothing can be deleted here. ``staff_actions`` are offered on the list and on the object's page."""

    form = PlainModelForm
    shelf = "System"
    shows_history = False  # pages with a timeline, and rows that never change, do without
    staff_actions: tuple[StaffAction, ...] = ()
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

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_do"
        view = self.admin_site.admin_view(self.do_view)
        return [path("do/<slug:name>/", view, name=name), *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Results

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """None for an id that PostgreSQL could not even hold."""
        return None if "\x00" in object_id else super().get_object(request, object_id, from_field)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        item = kwargs.get("obj")
        if item is not None:
            context |= {"heading": self.heading(item), "detail": self.describe(item)}
            context["offers"] = self._offers(request, item)
            history = [history_of(item)] if self.shows_history else []
            context["sections"] = [*self.sections(item, request), *self._extensions(item, request), *history]
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if any("\x00" in value for values in request.GET.lists() for value in values[1]):
            raise BadRequest("PostgreSQL holds no NUL, so nothing can be asked for with one.")
        title = {"title": capfirst(str(self.opts.verbose_name_plural))}
        try:
            return super().changelist_view(request, title | (extra_context or {}))
        except OverflowError as error:
            raise BadRequest("There is no such year.") from error

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        return redirect(desk().list_of(AuditEntry, urlencode({"subject_id__exact": object_id})))

    def _extensions(self, item: Any, request: HttpRequest) -> list[Section]:
        return [extension(item, request) for extension in desk().extensions[self.model]]

    # The history (audit) is the one record of what staff did; Django's own log would be a second.
    def log_addition(self, *args: Any) -> None: ...  # type: ignore[override]
    def log_change(self, *args: Any) -> None: ...  # type: ignore[override]

    # --- actions --------------------------------------------------------------------------------------

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        allowed = [action for action in self.staff_actions if request.user.has_perm(action.permission)]
        return {action.name: (_chooser(action), action.name, action.label) for action in allowed}

    def _offers(self, request: HttpRequest, item: Any) -> list[dict[str, Any]]:
        return [
            {"label": action.label, "url": f"{self._do_url(action)}?{urlencode({'id': item.pk})}"}
            for action in self.staff_actions
            if request.user.has_perm(action.permission) and action.fits(item)
        ]

    def _do_url(self, action: StaffAction) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_do", args=(action.name,))

    def do_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """The page between: what will change, and why. Posted, it calls the verb once per object."""
        action = self._action(request, name)
        chosen = self._chosen(request, 1 if action.single else AT_ONCE)
        form = action.form(request.POST if request.method == "POST" else None)
        if form.is_valid():
            return self._done(request, action, chosen, form.cleaned_data)
        context = self.admin_site.each_context(request) | {
            "title": action.label,
            "opts": self.opts,
            "action": action,
            "form": form,
            "rows": [
                {"item": item, "url": desk().url_of(item), "says": action.says(item)} for item in chosen
            ],
        }
        return TemplateResponse(request, "admin/action.html", context)

    def _chosen(self, request: HttpRequest, limit: int) -> list[Any]:
        sent = request.POST if request.method == "POST" else request.GET
        chosen = [
            item
            for pk in dict.fromkeys(sent.getlist("id")[: limit + 1])
            if (item := self.get_object(request, pk))
        ]
        if not 1 <= len(chosen) <= limit:
            raise Http404(f"Choose between 1 and {limit} for this.")
        return chosen

    def _action(self, request: HttpRequest, name: str) -> StaffAction:
        action = next((action for action in self.staff_actions if action.name == name), None)
        if action is None:
            raise Http404
        if not request.user.has_perm(action.permission) or not self.has_view_permission(request):
            raise PermissionDenied
        return action

    def _done(
        self, request: HttpRequest, action: StaffAction, chosen: list[Any], data: dict[str, Any]
    ) -> HttpResponse:
        by, now = staff_actor(request), clock.now()
        for item in chosen:
            level, sentence = perform(action, item, data, by=by, now=now)
            self.message_user(request, f"{item}: {sentence}", level)
        return redirect(desk().url_of(chosen[0]) if len(chosen) == 1 else desk().list_of(self.model))


def _chooser(action: StaffAction) -> Callable[..., HttpResponse | None]:
    """The list's action: it only leads to the page that asks for the reason."""

    def choose(desk_: SupportAdmin, request: HttpRequest, rows: QuerySet) -> HttpResponse | None:
        ids = list(rows.values_list("pk", flat=True)[: AT_ONCE + 1])
        limit = 1 if action.single else AT_ONCE
        if len(ids) > limit:
            desk_.message_user(request, f"Choose at most {limit} at once for this.", messages.WARNING)
            return None
        query = urlencode([("id", pk) for pk in ids])
        return HttpResponseRedirect(f"{desk_._do_url(action)}?{query}")

    return choose


class ReadOnlyAdmin(SupportAdmin):
    """Looked at, never written to: what changes here changes through verbs."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReasonedModelForm(PlainModelForm):
    """A change by staff says why."""

    reason = ReasonForm.base_fields["reason"]


class EditableAdmin(SupportAdmin):
    """The fields in ``editable`` may be changed, with a reason that goes into the history."""

    form = ReasonedModelForm
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
