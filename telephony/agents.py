"""Agents and their versions: a draft that is edited until it is published, and then stays as it is."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from telephony.endpoints import clean_endpoint
from telephony.models import Agent, AgentVersion

TITLE_LIMIT = 120
DRAFT, PUBLISHED = AgentVersion.Status.DRAFT, AgentVersion.Status.PUBLISHED


def create_agent(workspace: Workspace, title: str, runtime_url: str, *, by: Actor, now: datetime) -> Agent:
    """A new agent whose version 1 is a draft that runs at ``runtime_url`` (``wss://…``, ``sip:…``).

    Raises Refusal: ``title_missing``, ``title_too_long``, ``title_invalid``, ``endpoint_…``.
    """
    title, runtime_url = _clean_title(title), clean_endpoint(runtime_url)
    with transaction.atomic():
        agent = Agent.objects.create(workspace=workspace, title=title, created_at=now)
        audit.record(agent, "create", after={"title": title}, by=by, now=now)
        _open_draft(agent, 1, runtime_url, by, now)
    return agent


def edit_draft(
    agent: Agent, *, title: str | None = None, runtime_url: str | None = None, by: Actor, now: datetime
) -> AgentVersion:
    """Change the agent's title, its draft's endpoint, or both; None leaves it as it is.

    A new endpoint opens a draft with the next number when the last version is published. Returns the newest
    version. Raises Refusal as ``create_agent`` does; nothing is changed then.
    """
    title = None if title is None else _clean_title(title)
    runtime_url = None if runtime_url is None else clean_endpoint(runtime_url)
    with transaction.atomic():
        locked = Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
        if title is not None and title != locked.title:
            _rename(locked, title, by, now)
        version = newest_version(locked)
        if runtime_url is not None and runtime_url != version.runtime_url:
            version = _redraft(locked, version, runtime_url, by, now)
    agent.title = locked.title
    return version


def open_version(agent: Agent, runtime_url: str | None = None, *, by: Actor, now: datetime) -> AgentVersion:
    """A new draft, numbered after the last published version; it runs where that one does unless told.

    Raises Refusal 409 ``draft_open`` while the last version is a draft, and ``endpoint_…``.
    """
    runtime_url = None if runtime_url is None else clean_endpoint(runtime_url)
    with transaction.atomic():
        locked = Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
        last = newest_version(locked)
        if last.status == DRAFT:
            sentence = _("%(version)s is still a draft. Change it, or publish it first.") % {"version": last}
            raise Refusal("draft_open", sentence, status=409)
        return _open_draft(locked, last.number + 1, runtime_url or last.runtime_url, by, now)


def publish(
    version: AgentVersion, *, expected_url: str | None = None, by: Actor, now: datetime
) -> AgentVersion:
    """Publish a draft, for good. Numbers go on using the versions they have.

    ``expected_url`` is the endpoint the person was shown. Raises Refusal 409 ``version_published`` and
    ``draft_changed`` (somebody edited it meanwhile), and ``endpoint_…`` for one that is not allowed any more.
    """
    with transaction.atomic():
        Agent.objects.select_for_update(no_key=True).get(pk=version.agent_id)
        version.refresh_from_db()
        if version.status == PUBLISHED:
            sentence = _("%(version)s is published already.") % {"version": version}
            raise Refusal("version_published", sentence, status=409)
        if expected_url not in (None, version.runtime_url):
            sentence = _("%(version)s was edited meanwhile: it now runs at %(url)s. Look again.")
            sentence %= {"version": version, "url": version.runtime_url}
            raise Refusal("draft_changed", sentence, status=409)
        clean_endpoint(version.runtime_url)
        version.status, version.published_at = PUBLISHED, now
        version.save(update_fields=["status", "published_at"])
        after = {"status": PUBLISHED, **_facts(version)}
        audit.record(version, "publish", before={"status": DRAFT}, after=after, by=by, now=now)
    return version


def newest_version(agent: Agent) -> AgentVersion:
    """The draft, or the version published last."""
    return agent.versions.select_related("agent").order_by("-number")[:1].get()


def published_versions(workspace: Workspace) -> QuerySet[AgentVersion]:
    """What a number may be routed to: by agent, the newest version first."""
    versions = AgentVersion.objects.filter(workspace=workspace, status=PUBLISHED)
    return versions.select_related("agent").order_by("agent__title", "agent", "-number")


def _rename(agent: Agent, title: str, by: Actor, now: datetime) -> None:
    before, agent.title = agent.title, title
    agent.save(update_fields=["title"])
    audit.record(agent, "rename", before={"title": before}, after={"title": title}, by=by, now=now)


def _redraft(agent: Agent, last: AgentVersion, runtime_url: str, by: Actor, now: datetime) -> AgentVersion:
    if last.status == PUBLISHED:
        return _open_draft(agent, last.number + 1, runtime_url, by, now)
    before, last.runtime_url = last.runtime_url, runtime_url
    last.save(update_fields=["runtime_url"])
    audit.record(
        last,
        "edit",
        before={"runtime_url": before},
        after={"version": last.number, "runtime_url": runtime_url},
        by=by,
        now=now,
    )
    return last


def _open_draft(agent: Agent, number: int, runtime_url: str, by: Actor, now: datetime) -> AgentVersion:
    version = AgentVersion.objects.create(
        agent=agent, workspace=agent.workspace, number=number, runtime_url=runtime_url, created_at=now
    )
    audit.record(version, "create", after=_facts(version), by=by, now=now)
    return version


def _facts(version: AgentVersion) -> dict[str, str | int]:
    return {"agent": version.agent_id, "version": version.number, "runtime_url": version.runtime_url}


def _clean_title(title: str) -> str:
    title = title.strip()
    if not title:
        raise Refusal("title_missing", _("Give the agent a name."), field="title")
    if len(title) > TITLE_LIMIT:
        sentence = _("A name may have at most %(most)s characters; this one has %(count)s.")
        sentence %= {"most": TITLE_LIMIT, "count": f"{len(title):,}"}
        raise Refusal("title_too_long", sentence, field="title")
    if not title.isprintable():
        sentence = _("A name can't hold line breaks or control characters.")
        raise Refusal("title_invalid", sentence, field="title")
    return title
