"""The pages of agents: the list, one agent with its versions, editing and publishing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace, has_right
from dialnexa.audit import entries_about
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.ids import ID_PATTERN
from dialnexa.models import Workspace
from dialnexa.shell import sign_in_required
from phone_numbers.history import tell
from phone_numbers.routes.usage import agent_rows, version_rows
from telephony.agents import create_agent, edit_draft, newest_version, publish
from telephony.models import Agent, AgentVersion


@require_GET
@sign_in_required
def list_agents(request: Request, slug: str) -> HttpResponse:
    """Every agent, its versions, and how many numbers use it."""
    workspace = get_workspace(request, slug)
    context = {"workspace": workspace, "may_edit": has_right(request, Right.OPERATE)}
    return render(request, "agents/list.html", context | {"rows": agent_rows(workspace)})


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
def create(request: Request, slug: str) -> HttpResponse:
    """The form, in the dialog or as a page of its own, and what comes of it."""
    workspace = get_workspace(request, slug, Right.OPERATE)
    asked = {name: request.POST.get(name, "") for name in ("title", "runtime_url")}
    context: dict[str, Any] = {"workspace": workspace, "asked": asked}
    if request.method == "GET":
        return _form(request, "create", context)
    try:
        agent = create_agent(workspace, **asked, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        return _form(request, "create", context | {"refusal": refusal}, status=422)
    return _to_agent(
        request,
        agent,
        _("%(agent)s is here, with a draft. Publish it to use it on numbers.") % {"agent": agent.title},
    )


@require_GET
@sign_in_required
def show_agent(request: Request, slug: str, agent_id: str) -> HttpResponse:
    """One agent: its versions, its draft, and the numbers that use it."""
    workspace = get_workspace(request, slug)
    agent = get_agent(workspace, agent_id)
    return render(request, "agents/agent.html", _agent_context(request, workspace, agent))


@require_POST
@sign_in_required
def edit(request: Request, slug: str, agent_id: str) -> HttpResponse:
    """Change the name or the draft's endpoint, whichever was sent."""
    workspace = get_workspace(request, slug, Right.OPERATE)
    agent = get_agent(workspace, agent_id)
    asked = {name: request.POST[name] for name in ("title", "runtime_url") if name in request.POST}
    newest = newest_version(agent)
    try:
        version = edit_draft(agent, **asked, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        context = _agent_context(request, workspace, agent) | {"asked": asked, "refusal": refusal}
        return render(request, "agents/agent.html", context, status=422)
    opened = version.pk != newest.pk
    said = _("Draft v%(number)s is open.") % {"number": version.number} if opened else _("Saved.")
    return _to_agent(request, agent, said)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@sign_in_required
def publish_draft(request: Request, slug: str, agent_id: str) -> HttpResponse:
    """Ask once more, then publish exactly what was shown."""
    workspace = get_workspace(request, slug, Right.OPERATE)
    agent = get_agent(workspace, agent_id)
    draft = newest_version(agent)
    if request.method == "GET" and draft.status == AgentVersion.Status.DRAFT:
        return _form(request, "publish", {"workspace": workspace, "agent": agent, "version": draft})
    if request.method == "GET":
        return _to_agent(request, agent, _("%(version)s is published already.") % {"version": draft})
    version = get_object_or_404(agent.versions, pk=_plain(request.POST.get("version", "")))
    shown = request.POST.get("runtime_url", "")
    try:
        publish(version, expected_url=shown, by=browser_actor(request), now=clock.now())
    except Refusal as refusal:
        context = {"workspace": workspace, "agent": agent, "version": version, "refusal": refusal}
        return _form(request, "publish", context, status=422)
    said = _("%(version)s is published. Choose it on the numbers that should use it.")
    return _to_agent(request, agent, said % {"version": version})


def _agent_context(request: Request, workspace: Workspace, agent: Agent) -> dict[str, Any]:
    rows = version_rows(agent)
    return {
        "workspace": workspace,
        "agent": agent,
        "rows": rows,
        "newest": rows[0].version,
        "events": tell(entries_about([agent.pk, *(row.version.pk for row in rows)])),
        "asked": {},
        "may_edit": has_right(request, Right.OPERATE),
    }


def _form(request: Request, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    template = f"agents/_{name}.html" if request.htmx else f"agents/{name}.html"
    return render(request, template, context, status=status)


def _to_agent(request: Request, agent: Agent, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    url = reverse("agents:agent", args=[request.workspace.slug, agent.pk])
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def get_agent(workspace: Workspace, agent_id: str) -> Agent:
    """Another workspace's agent is 404, as one that does not exist."""
    return get_object_or_404(
        Agent.objects.select_related("workspace"), pk=_plain(agent_id), workspace=workspace
    )


def _plain(text: str) -> str:
    """What can't be an id names nothing (PostgreSQL takes no NUL)."""
    if not ID_PATTERN.match(text):
        raise Http404
    return text
