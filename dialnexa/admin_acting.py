"""How the admin's pages offer what staff may do, and ask why before it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from dialnexa import clock
from dialnexa.access import staff_actor
from dialnexa.admin_actions import AT_ONCE, StaffAction, perform
from dialnexa.admin_site import desk


class ActingAdmin(admin.ModelAdmin):
    """``staff_actions`` are offered on the list and on the object's page, where they fit."""

    staff_actions: tuple[StaffAction, ...] = ()

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_do"
        view = self.admin_site.admin_view(self.do_view)
        return [path("do/<slug:name>/", view, name=name), *super().get_urls()]

    # --- what is offered ------------------------------------------------------------------------------

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """For the list: what staff may do, without what can't happen in the state it is filtered by."""
        status = request.GET.get("status__exact", "")
        return {
            action.name: (_chooser(action), action.name, action.label)
            for action in self._allowed(request)
            if not (status and action.states) or status in action.states
        }

    def get_action_choices(
        self, request: HttpRequest, default_choices: Any = (("", "Choose an action"),)
    ) -> list[tuple[str, str]]:
        return super().get_action_choices(request, list(default_choices))

    def offers(self, request: HttpRequest, item: Any) -> list[dict[str, Any]]:
        """For the object's page: what staff may do to it as it is."""
        return [
            {"label": action.label, "url": f"{self.do_url(action)}?{urlencode({'id': item.pk})}"}
            for action in self._allowed(request)
            if action.is_for(item)
        ]

    def _allowed(self, request: HttpRequest) -> Iterable[StaffAction]:
        return (action for action in self.staff_actions if request.user.has_perm(action.permission))

    def do_url(self, action: StaffAction) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_do", args=(action.name,))

    # --- asking, and doing ----------------------------------------------------------------------------

    def do_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """The page between: what will change, and why. Posted, it calls the verb once per object.

        An action that echoes asks once more, in the words of what it will do; only that answer does it.
        """
        action = self._action(request, name)
        chosen = self._chosen(request, 1 if action.single else AT_ONCE)
        form = action.form(request.POST if request.method == "POST" else None)
        form.item = chosen[0]  # type: ignore[attr-defined]
        echo = action.echo(chosen[0], form.cleaned_data) if form.is_valid() else ""
        asked = "edit" not in request.POST
        if form.is_valid() and asked and request.POST.get("confirmed", "") == echo:
            return self._done(request, action, chosen, form.cleaned_data)
        context = self._asking(request, action, chosen) | {"form": form, "echo": echo if asked else ""}
        return TemplateResponse(request, "admin/action.html", context)

    def _asking(self, request: HttpRequest, action: StaffAction, chosen: Sequence[Any]) -> dict[str, Any]:
        rows = [{"item": item, "url": desk().url_of(item), "says": action.says(item)} for item in chosen]
        page = {"title": action.label, "opts": self.opts, "called": desk().called(self.model)}
        page |= {"action": action, "rows": rows}
        return self.admin_site.each_context(request) | page

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
    """The list's action: it only leads to the page that asks for the reason, with the rows it fits."""

    def choose(desk_: ActingAdmin, request: HttpRequest, rows: QuerySet) -> HttpResponse | None:
        chosen = list(rows[: AT_ONCE + 1])
        limit = 1 if action.single else AT_ONCE
        if len(chosen) > limit:
            desk_.message_user(request, f"Choose at most {limit} at once for this.", messages.WARNING)
            return None
        fitting = [item for item in chosen if action.is_for(item)]
        if len(fitting) < len(chosen):
            left_out = ", ".join(str(item) for item in chosen if item not in fitting)
            desk_.message_user(request, f"“{action.label}” is not possible for {left_out}.", messages.WARNING)
        query = urlencode([("id", item.pk) for item in fitting])
        return HttpResponseRedirect(f"{desk_.do_url(action)}?{query}") if fitting else None

    return choose
