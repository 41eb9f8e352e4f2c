"""The support desk: Django's admin in the product's clothes, with one search box in front.

Apps hang their own parts on it (``find_with``, ``watch``, ``extend``), so that it knows nothing of the apps
above this one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.contrib import admin
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.apps import AdminConfig
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.text import capfirst

from dialnexa import clock
from dialnexa.ids import ID_PATTERN
from dialnexa.isolation.scope import EVERYBODY, enter

SHELVES = ("Numbers", "Money", "Customers", "Carriers", "Catalogue", "Agents", "System")
OPEN = SHELVES[:3]  # unfolded on every page
QUERY_LIMIT = 200  # characters
HITS_LIMIT = 20  # of one kind

Finder = Callable[[str], Iterable[QuerySet]]
Extension = Callable[[Any, HttpRequest], Any]


@dataclass(frozen=True, slots=True)
class Watch:
    """What needs a person: counted on the front page. ``query`` shows the same rows in the model's list."""

    title: str
    why: str
    rows: Callable[[datetime], QuerySet]
    query: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """What stands above everything else on the front page until it is mended; ``url`` shows it."""

    title: str
    says: str
    url: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of its own on a shelf, at ``path`` below the desk's address, for those who may see ``model``."""

    shelf: str
    name: str
    path: str
    view: Callable[[HttpRequest], HttpResponse]
    model: type[Model]


class SupportAdminSite(AdminSite):
    site_header = "DialNexa support"
    site_title = "DialNexa support"
    index_title = "Support desk"
    enable_nav_sidebar = False  # base_site.html has its own

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.finders: list[Finder] = []
        self.watches: list[Watch] = []
        self.pages: list[Page] = []
        self.alarms: list[Callable[[HttpRequest], Alarm | None]] = []
        self.extensions: dict[type[Model], list[Extension]] = defaultdict(list)

    # --- what apps hang on it -------------------------------------------------------------------------

    def find_with(self, finder: Finder) -> None:
        """Ask ``finder`` too when somebody searches: it takes the text and gives querysets, best first."""
        self.finders.append(finder)

    def watch(self, watch: Watch) -> None:
        """Count these rows on the front page."""
        self.watches.append(watch)

    def alarm_with(self, alarm: Callable[[HttpRequest], Alarm | None]) -> None:
        """Ask ``alarm`` before the front page is shown whether something must be seen first."""
        self.alarms.append(alarm)

    def add_page(self, page: Page) -> None:
        """Put the page on its shelf."""
        self.pages.append(page)

    def extend(self, model: type[Model], extension: Extension) -> None:
        """Add a Section (or None) to the model's page; ``extension`` takes the object and the request."""
        self.extensions[model].append(extension)

    # --- where things are -----------------------------------------------------------------------------

    def model_of(self, object_id: str) -> type[Model] | None:
        """The model whose ids have this id's prefix."""
        prefix = object_id.partition("_")[0]
        return next((model for model in self._registry if _prefix(model) == prefix), None)

    def url_of(self, item: Model) -> str:
        """The object's page."""
        return reverse(f"admin:{item._meta.app_label}_{item._meta.model_name}_change", args=(item.pk,))

    def list_of(self, model: type[Model], query: str = "") -> str:
        """The model's list, filtered by ``query``."""
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        return f"{url}?{query}" if query else url

    def name_of(self, model_name: str) -> str:
        """What people call a model, from the lower-case class name that the history keeps."""
        names = {model._meta.model_name: str(model._meta.verbose_name) for model in self._registry}
        return names.get(model_name, model_name)

    def may_see(self, request: HttpRequest, model: type[Model]) -> bool:
        shown: ModelAdmin | None = self._registry.get(model)
        return shown is not None and shown.has_view_permission(request)

    # --- pages ----------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLResolver | URLPattern]:
        own = [path(f"{page.path}/", self._guarded(page), name=page.path) for page in self.pages]
        return [path("find/", self.admin_view(self.find), name="find"), *own, *super().get_urls()]

    def _guarded(self, page: Page) -> Callable[..., HttpResponse]:
        @wraps(page.view)  # with its marks: one that takes files checks for forgery itself
        def view(request: HttpRequest) -> HttpResponse:
            if not self.may_see(request, page.model):
                raise PermissionDenied
            return page.view(request)

        return self.admin_view(view)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        shown = {"shelves": self._shelves(request), "one_step_only": not settings.STAFF_MFA}
        return super().each_context(request) | shown

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        watched = [self._counted(watch) for watch in self.watches]
        visible = [row for row in watched if self.may_see(request, row["model"])]
        alarms = [found for alarm in self.alarms if (found := alarm(request))]
        return super().index(request, {"alarms": alarms, "watches": visible, **(extra_context or {})})

    def find(self, request: HttpRequest) -> HttpResponse:
        """Land on the one thing that ``q`` names, or list what it may mean."""
        q = request.GET.get("q", "").replace("\x00", "").strip()[:QUERY_LIMIT]
        groups = self._hits(request, q) if q else []
        if len(groups) == 1 and len(groups[0]["hits"]) == 1:
            return redirect(groups[0]["hits"][0]["url"])
        context = self.each_context(request) | {"title": "Find", "q": q, "groups": groups}
        return TemplateResponse(request, "admin/find.html", context)

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff, who took the second step in this session."""
        from dialnexa.mfa import staff

        return super().has_permission(request) and staff.may_enter(request)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """From elsewhere than ``ADMIN_NETWORKS`` there is no support desk, whoever asks."""
        from dialnexa.mfa import staff

        @wraps(view)
        def everywhere(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            enter(EVERYBODY)
            return view(request, *args, **kwargs)

        guarded = super().admin_view(everywhere, cacheable)

        @wraps(guarded)
        def near(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            staff.refuse_from_afar(request)
            return guarded(request, *args, **kwargs)

        return near

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Staff sign in where everybody does, so its limits on guessing hold here too."""
        from dialnexa.mfa import staff

        staff.refuse_from_afar(request)
        if super().has_permission(request):
            return staff.lead_in(request)
        if request.user.is_authenticated:
            raise PermissionDenied("Your account has no access to the support desk.")
        from django.contrib.auth.views import redirect_to_login

        return redirect_to_login(request.GET.get("next") or reverse("admin:index"), reverse("account_login"))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        from django.contrib.auth.views import LogoutView

        return LogoutView.as_view(next_page=reverse("account_login"))(request)

    def _shelves(self, request: HttpRequest) -> list[dict[str, Any]]:
        rows: dict[str, list[dict[str, Any]]] = {shelf: [] for shelf in SHELVES}
        for model, shown in self._registry.items():
            if self.may_see(request, model):
                shelf = getattr(shown, "shelf", SHELVES[-1])
                rows[shelf].append(self._shelf_row(request, model))
        for page in self.pages:
            if self.may_see(request, page.model):
                url = reverse(f"admin:{page.path}")
                rows[page.shelf].append({"name": page.name, "url": url, "current": request.path == url})
        return [
            {"name": shelf, "rows": found, "open": shelf in OPEN or any(row["current"] for row in found)}
            for shelf, found in rows.items()
            if found
        ]

    def _shelf_row(self, request: HttpRequest, model: type[Model]) -> dict[str, Any]:
        name, url = self.called(model), self.list_of(model)
        return {"name": name, "url": url, "current": request.path.startswith(url)}

    def called(self, model: type[Model]) -> str:
        """What its list is called: the admin's ``called`` for what the model spells otherwise than we do."""
        plural = str(model._meta.verbose_name_plural)
        return getattr(self._registry[model], "called", "") or capfirst(plural)

    def _counted(self, watch: Watch) -> dict[str, Any]:
        rows = watch.rows(clock.now())
        return {
            "title": watch.title,
            "why": watch.why,
            "model": rows.model,
            "count": rows.count(),
            "url": self.list_of(rows.model, watch.query),
        }

    def _hits(self, request: HttpRequest, q: str) -> list[dict[str, Any]]:
        querysets = list(self._by_id(q)) or [rows for finder in self.finders for rows in finder(q)]
        visible = [rows for rows in querysets if self.may_see(request, rows.model)]
        groups = [_group(self, rows) for rows in visible]
        return [group for group in groups if group["hits"]]

    def _by_id(self, q: str) -> Iterable[QuerySet]:
        model = self.model_of(q.lower()) if ID_PATTERN.match(q.lower()) else None
        if model and (rows := model._default_manager.filter(pk=q.lower())).exists():
            yield rows


def desk() -> SupportAdminSite:
    """The one site, as what it is."""
    return cast(SupportAdminSite, admin.site)


def _group(site: SupportAdminSite, rows: QuerySet) -> dict[str, Any]:
    found = list(rows[: HITS_LIMIT + 1])
    describe = getattr(site._registry[rows.model], "describe", lambda item: "")
    hits = [{"item": x, "url": site.url_of(x), "detail": describe(x)} for x in found[:HITS_LIMIT]]
    return {
        "name": site.called(rows.model),
        "hits": hits,
        "more": site.list_of(rows.model) if len(found) > HITS_LIMIT else "",
    }


def _prefix(model: type[Model]) -> str:
    """What ``id_maker`` was given for this model's key; empty for other keys."""
    arguments = getattr(model._meta.pk.default, "args", ("",))
    return str(arguments[0])


class SupportAdminConfig(AdminConfig):
    default_site = "dialnexa.admin_site.SupportAdminSite"
