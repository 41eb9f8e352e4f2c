"""Which published version a program means when it names an agent."""

from __future__ import annotations

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
        raise Refusal("agent_not_found", f"{field}: There is no such agent in this workspace.", field=field)
    if version is not None:
        return _numbered(agent, version, field)
    latest = published_versions(workspace).filter(agent=agent).order_by("-number").first()
    if latest is None:
        sentence = f"{field}: {agent.title} has no published version. Publish one first."
        raise Refusal("agent_not_published", sentence, field=field)
    return latest


def _numbered(agent: Agent, version: int, field: str) -> AgentVersion:
    found = agent.versions.select_related("agent").filter(number=version).first()
    if found is None:
        raise Refusal("version_not_found", f"{field}: {agent.title} has no version {version}.", field=field)
    if found.status != AgentVersion.Status.PUBLISHED:
        sentence = f"{field}: {found} is a draft. Publish it first; numbers use published versions only."
        raise Refusal("version_not_published", sentence, field=field)
    return found
