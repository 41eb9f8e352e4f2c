"""The two choices of the routing form: who answers a number and who calls from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.routing import DIRECTIONS
from telephony.agents import published_versions
from telephony.models import AgentVersion

WORDS = {
    "inbound": (_("Inbound"), _("Answers when somebody calls this number.")),
    "outbound": (_("Outbound"), _("Speaks when this number calls somebody.")),
}
BULK_WORDS = {
    "inbound": (_("Inbound"), _("Answers when somebody calls one of them.")),
    "outbound": (_("Outbound"), _("Speaks when one of them calls somebody.")),
}
KEEP = "keep"  # the choice that leaves a direction as it is


@dataclass(frozen=True, slots=True)
class RouteSelect:
    """``was`` is the version's id when the page was made (empty: nobody), ``chosen`` what is selected."""

    name: str
    label: str
    hint: str
    groups: list[tuple[str, list[AgentVersion]]]
    was: str
    chosen: str


def route_selects(number: PhoneNumber, asked: Mapping[str, str] | None = None) -> list[RouteSelect]:
    """Inbound and outbound, each with the workspace's published versions by agent. One query."""
    groups = _groups(number.workspace)
    selects = []
    for name in DIRECTIONS:
        was = getattr(number, f"{name}_version_id") or ""
        label, hint = map(str, WORDS[name])
        selects.append(RouteSelect(name, label, hint, groups, was, (asked or {}).get(name, was)))
    return selects


def bulk_selects(workspace: Workspace, asked: Mapping[str, str]) -> list[RouteSelect]:
    """The same for many numbers: what each has may differ, so ``KEEP`` leaves it. One query."""
    groups = _groups(workspace)
    selects = []
    for name in DIRECTIONS:
        label, hint = map(str, BULK_WORDS[name])
        selects.append(RouteSelect(name, label, hint, groups, KEEP, asked.get(name, KEEP)))
    return selects


def _groups(workspace: Workspace) -> list[tuple[str, list[AgentVersion]]]:
    groups: dict[str, list[AgentVersion]] = {}
    for version in published_versions(workspace):
        groups.setdefault(version.agent_id, []).append(version)
    return [(versions[0].agent.title, versions) for versions in groups.values()]
