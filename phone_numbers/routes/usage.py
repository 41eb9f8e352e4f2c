"""Which numbers use which agent version, in which direction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, QuerySet

from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from telephony.models import Agent, AgentVersion

DIRECTIONS = ("inbound", "outbound")
SHOWN = 5  # numbers named beside a version; the table has the rest


@dataclass(slots=True)
class AgentRow:
    """One agent of the list. ``published`` is the last one that is; counts are of live numbers."""

    agent: Agent
    published: AgentVersion | None = None
    draft: AgentVersion | None = None
    inbound: int = 0
    outbound: int = 0


@dataclass(slots=True)
class VersionRow:
    """One version of an agent: the first numbers that use it and how many do, by direction."""

    version: AgentVersion
    counts: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, list[PhoneNumber]] = field(default_factory=dict)

    @property
    def uses(self) -> list[tuple[str, list[PhoneNumber], int]]:
        """(direction, some of its numbers, how many more)."""
        some = [(direction, self.numbers.get(direction, [])) for direction in DIRECTIONS]
        return [
            (direction, numbers, self.counts[direction] - len(numbers))
            for direction, numbers in some
            if numbers
        ]


def agent_rows(workspace: Workspace) -> list[AgentRow]:
    """Every agent by title. Four queries, however many there are."""
    rows = {agent.pk: AgentRow(agent) for agent in Agent.objects.filter(workspace=workspace)}
    for version in AgentVersion.objects.filter(workspace=workspace).order_by("number"):
        row = rows[version.agent_id]
        if version.status == AgentVersion.Status.DRAFT:
            row.draft = version
        else:
            row.published = version
    for direction in DIRECTIONS:
        agent = f"{direction}_version__agent"
        used = live_numbers(workspace).exclude(**{agent: None}).values_list(agent).order_by()
        for agent_id, count in used.annotate(count=Count("pk")):
            setattr(rows[agent_id], direction, count)
    return rows_by_title(rows.values())


def rows_by_title(rows: Iterable[AgentRow]) -> list[AgentRow]:
    return sorted(rows, key=lambda row: (row.agent.title.casefold(), row.agent.pk))


def version_rows(agent: Agent) -> list[VersionRow]:
    """The agent's versions, the newest first. Five queries, however many numbers there are."""
    versions = agent.versions.select_related("agent").order_by("-number")
    rows = {version.pk: VersionRow(version) for version in versions}
    for direction in DIRECTIONS:
        name = f"{direction}_version_id"
        numbers = live_numbers(agent.workspace).filter(**{f"{direction}_version__agent": agent})
        for version_id, count in numbers.values_list(name).order_by().annotate(count=Count("pk")):
            rows[version_id].counts[direction] = count
            some = live_numbers(agent.workspace).filter(**{name: version_id}).order_by("e164")
            rows[version_id].numbers[direction] = list(some[:SHOWN])
    return list(rows.values())


def live_numbers(workspace: Workspace) -> QuerySet[PhoneNumber]:
    return PhoneNumber.objects.filter(workspace=workspace, status__in=PhoneNumber.LIVE)
