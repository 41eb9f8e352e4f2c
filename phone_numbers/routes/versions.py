"""Which published version a program means when it names an agent."""

from __future__ import annotations

from django.utils.translation import gettext as _

from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from telephony.agents import published_versions
from telephony.models import Agent, AgentVersion


def named_version(
    workspace: Workspace, agent_id: str, version: int | None = None, *, field: str = "agent_id"
) -> AgentVersion:
    """The agent's version with this number, by default the one published last.

    Raises Refusal 400: ``agent_not_found`` (a foreign one, too), ``agent_not_published``,
    ``version_not_found``, ``version_not_published``; ``field`` is the one that named it.
    """
    agent = Agent.objects.filter(workspace=workspace, pk=agent_id).first()
    if agent is None:
        sentence = _("There is no such agent in this workspace.")
        raise Refusal("agent_not_found", f"{field}: {sentence}", field=field)
    if version is not None:
        return _numbered(agent, version, field)
    latest = published_versions(workspace).filter(agent=agent).order_by("-number").first()
    if latest is None:
        sentence = _("%(agent)s has no published version. Publish one first.") % {"agent": agent.title}
        raise Refusal("agent_not_published", f"{field}: {sentence}", field=field)
    return latest


def _numbered(agent: Agent, version: int, field: str) -> AgentVersion:
    found = agent.versions.select_related("agent").filter(number=version).first()
    if found is None:
        sentence = _("%(agent)s has no version %(number)s.") % {"agent": agent.title, "number": version}
        raise Refusal("version_not_found", f"{field}: {sentence}", field=field)
    if found.status != AgentVersion.Status.PUBLISHED:
        sentence = _("%(version)s is a draft. Publish it first; numbers use published versions only.")
        sentence %= {"version": found}
        raise Refusal("version_not_published", f"{field}: {sentence}", field=field)
    return found
