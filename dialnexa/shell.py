"""What the frame around every page needs: sections, workspaces, the wallet card; and signing in first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_htmx.http import HttpResponseClientRedirect

from dialnexa import clock
from dialnexa.access import RIGHTS, Right, SecondStepMissing
from dialnexa.isolation.scope import everywhere
from dialnexa.mfa.leading import lead_to_second_step
from dialnexa.models import Membership
from dialnexa.notices import COUNTED_MOST, count_unread
from dialnexa.purse import Purse, read_purse

View = Callable[..., HttpResponseBase]
LAST_WORKSPACE = "workspace"  # in the session: the slug last looked at
FIXES = {
    "telephony": ("telephony:config", _("Open Telephony Config")),
    "kyc": ("kyc:cases", _("Open KYC")),
    "wallet": ("wallet", _("Open the wallet")),
    "agents": ("agents:list", _("Open Agents")),
    "api_keys": ("settings:keys", _("Open API keys")),
    "members": ("settings:members", _("Open Members")),
    "limits": ("limits:limits", _("Open Limits")),
}


@dataclass(frozen=True, slots=True)
class Section:
    """One entry of the left rail. It is current on every page below its address."""

    label: str | Promise
    icon: str
    url_name: str
    right: Right = Right.SEE


SECTIONS = (
    Section(_("Numbers"), "numbers", "numbers:list"),
    Section(_("Agents"), "agents", "agents:list"),
    Section(_("Calls"), "phone", "calls:list"),
    Section(_("Batch calls"), "file", "batches:list"),
    Section(_("Telephony Config"), "sliders", "telephony:config"),
    Section(_("KYC"), "shield", "kyc:cases"),
    Section(_("Wallet"), "wallet", "wallet", Right.OWN),
    Section(_("Settings"), "settings", "settings:home"),
)
SETTINGS = (  # the pages below the last one
    Section(_("API keys"), "key", "settings:keys", Right.MANAGE),
    Section(_("Webhooks"), "send", "settings:webhooks", Right.MANAGE),
    Section(_("Members"), "users", "settings:members"),
    Section(_("Limits"), "gauge", "limits:limits"),
    Section(_("History"), "clock", "settings:history", Right.MANAGE),
)


class Shell:
    """Everything is asked for when a template first wants it, so fragments pay for nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def membership(self) -> Membership | None:
        return getattr(self.request, "membership", None)

    @cached_property
    def memberships(self) -> list[Membership]:
        """All workspaces of the signed-in person, for the switcher."""
        mine = Membership.objects.filter(user_id=self.request.user.pk)
        with everywhere("The switcher leads to all workspaces of one person."):
            return list(mine.select_related("workspace").order_by("workspace__name"))

    @cached_property
    def sections(self) -> list[dict[str, Any]]:
        places = self._places(SECTIONS)
        places[-1]["current"] |= any(page["current"] for page in self.settings_pages)
        return places

    @cached_property
    def settings_pages(self) -> list[dict[str, Any]]:
        return self._places(SETTINGS)

    def _places(self, sections: tuple[Section, ...]) -> list[dict[str, Any]]:
        assert self.membership
        rights, slug = RIGHTS[self.membership.role], self.membership.workspace.slug
        return [
            {"label": section.label, "icon": section.icon, **self._place(section.url_name, slug)}
            for section in sections
            if section.right in rights
        ]

    def _place(self, url_name: str, slug: str) -> dict[str, Any]:
        url = reverse(url_name, args=[slug])
        return {"url": url, "current": self.request.path.startswith(url)}

    @cached_property
    def bell(self) -> Bell | None:
        """How many notices await the signed-in member."""
        return read_bell(self.membership) if self.membership else None

    @cached_property
    def purse(self) -> Purse | None:
        """Those who may buy see what there is to spend; only the owner's card leads to the book."""
        if self.membership is None or Right.MANAGE not in RIGHTS[self.membership.role]:
            return None
        return read_purse(self.membership)


@dataclass(frozen=True, slots=True)
class Bell:
    """``unread`` up to ``notices.COUNTED_MOST``; ``label`` is its accessible name."""

    unread: int
    label: str
    shown: str
    url: str
    poll_url: str


def read_bell(membership: Membership) -> Bell:
    """The bell of this member: one query."""
    unread, slug = count_unread(membership), membership.workspace.slug
    shown = str(unread) if unread < COUNTED_MOST else f"{COUNTED_MOST - 1}+"
    return Bell(
        unread=unread,
        label=_("Notices, %(n)s unread") % {"n": shown} if unread else str(_("Notices")),
        shown=shown,
        url=reverse("notices:list", args=[slug]),
        poll_url=f"{reverse('notices:bell', args=[slug])}?had={unread}",
    )


def context(request: HttpRequest) -> dict[str, Any]:
    """The context processor."""
    return {
        "shell": Shell(request),
        "product_name": settings.PRODUCT_NAME,
        "languages": settings.LANGUAGES if len(settings.LANGUAGES) > 1 else [],
        "support_email": settings.SUPPORT_EMAIL,
        "sandbox_url": settings.SANDBOX_URL,
        "demo_now": clock.now() if settings.MOVABLE_CLOCK else None,
    }


def fix_link(page: str, slug: str, country: str = "", carrier: str = "") -> dict[str, str] | None:
    """Where what a Refusal's ``fix`` names is done, as address and label; for a country (ISO) if given.

    ``carrier`` (its slug) is whose switches Telephony Config shows.
    """
    if page not in FIXES:
        return None
    url_name, label = FIXES[page]
    url = reverse(url_name, args=[slug])
    about = f"?country={country}" if country and page in ("telephony", "kyc") else ""
    whose = f"&carrier={carrier}" if about and carrier and page == "telephony" else ""
    return {"url": f"{url}{about}{whose}", "label": str(label)}


def sign_in_required(view: View) -> View:
    """Strangers are sent to the sign-in page (htmx too: the whole page goes, not the fragment).

    Remembers the workspace of the page, so that ``/`` leads back to it. No cache keeps the page, not even the
    browser's own: money and numbers are gone from the machine when the person has signed out.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        try:
            response = view(request, *args, **kwargs)
        except SecondStepMissing as missing:
            return lead_to_second_step(request, missing.sentence)
        except Http404:  # our own page also where Django would show its debugging one
            return render(request, "404.html", status=404)
        response.headers.setdefault("Cache-Control", "private, no-store")
        workspace = getattr(request, "workspace", None)
        if workspace and request.session.get(LAST_WORKSPACE) != workspace.slug:
            request.session[LAST_WORKSPACE] = workspace.slug
        return response

    return guarded


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    htmx = getattr(request, "htmx", None)
    if htmx:
        login = redirect_to_login(htmx.current_url_abs_path or "/")
        return HttpResponseClientRedirect(login.url)
    return redirect_to_login(request.get_full_path())
