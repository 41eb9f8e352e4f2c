"""Agents and their versions."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.body import Moment, Text, read
from dialnexa.api.idempotency import idempotent
from dialnexa.api.keys import api_actor, workspace_of
from dialnexa.api.pages import PageQuery, page_of, paged
from dialnexa.api.views import ApiView
from dialnexa.ids import ID_PATTERN
from dialnexa.models import Workspace
from telephony.agents import TITLE_LIMIT, create_agent, edit_draft, open_version, publish
from telephony.endpoints import clean_endpoint
from telephony.models import Agent, AgentVersion

RUNS_AT = "Where the version runs: wss://… (a media stream) or sip:…"
TITLED = f"At most {TITLE_LIMIT} characters"


@extend_schema_serializer(component_name="AgentVersion")
class VersionShape(serializers.ModelSerializer):
    """One version. Once published it never changes."""

    status = serializers.ChoiceField(AgentVersion.Status.choices)
    created_at = Moment()
    published_at = Moment(allow_null=True)

    class Meta:
        model = AgentVersion
        fields = ("id", "number", "status", "runtime_url", "created_at", "published_at")


@extend_schema_serializer(component_name="Agent")
class AgentShape(serializers.ModelSerializer):
    """One agent with all its versions, the newest first."""

    published_version = serializers.SerializerMethodField()
    created_at = Moment()
    versions = VersionShape(many=True)

    class Meta:
        model = Agent
        fields = ("id", "title", "published_version", "created_at", "versions")

    def get_published_version(self, agent: Agent) -> int | None:
        """The latest one that is published: what a number gets when it names no version."""
        published = (
            version.number
            for version in agent.versions.all()
            if version.status == AgentVersion.Status.PUBLISHED
        )
        return max(published, default=None)


class NewAgent(serializers.Serializer):
    title = Text(allow_blank=True, help_text=TITLED)
    runtime_url = Text(allow_blank=True, help_text=RUNS_AT)


class AgentChanges(serializers.Serializer):
    title = Text(required=False, allow_blank=True, help_text=TITLED)
    runtime_url = Text(
        required=False, allow_blank=True, help_text=f"{RUNS_AT}. Opens a draft if none is open"
    )


class NewVersion(serializers.Serializer):
    runtime_url = Text(
        required=False, allow_blank=True, help_text=f"{RUNS_AT}; the last version's unless said"
    )


class Publication(serializers.Serializer):
    runtime_url = Text(
        required=False, allow_blank=True, help_text="Publish only if the draft still runs there"
    )


class Agents(ApiView):
    tag = "Agents"
    scopes = {"GET": "agents:read", "POST": "agents:write"}

    @extend_schema(operation_id="list_agents", parameters=[PageQuery], responses=paged(AgentShape))
    def get(self, request: Request) -> Response:
        """The workspace's agents, the newest first."""
        rows = agents_of(workspace_of(request)).order_by("-created_at", "-id")
        return Response(page_of(rows, AgentShape, **read(PageQuery, request.query_params)))

    @extend_schema(operation_id="create_agent", request=NewAgent, responses={201: AgentShape})
    @idempotent
    def post(self, request: Request) -> Response:
        """Create an agent. Its version 1 is a draft: publish it before numbers can use it."""
        asked = read(NewAgent, request.data)
        agent = create_agent(workspace_of(request), **asked, by=api_actor(request), now=clock.now())
        return _shown(agent, status=201)


class OneAgent(ApiView):
    tag = "Agents"
    scopes = {"GET": "agents:read", "PATCH": "agents:write"}

    @extend_schema(operation_id="get_agent", responses=AgentShape)
    def get(self, request: Request, agent_id: str) -> Response:
        """One agent."""
        return _shown(get_agent(workspace_of(request), agent_id))

    @extend_schema(operation_id="update_agent", request=AgentChanges, responses=AgentShape)
    def patch(self, request: Request, agent_id: str) -> Response:
        """Change the title, or where the draft runs. What is left out stays."""
        agent = get_agent(workspace_of(request), agent_id)
        edit_draft(agent, **read(AgentChanges, request.data), by=api_actor(request), now=clock.now())
        return _shown(agent)


class Versions(ApiView):
    tag = "Agents"
    scopes = {"POST": "agents:write"}

    @extend_schema(operation_id="create_agent_version", request=NewVersion, responses={201: AgentShape})
    @idempotent
    def post(self, request: Request, agent_id: str) -> Response:
        """Open a new draft. 409 while there is one."""
        agent = get_agent(workspace_of(request), agent_id)
        open_version(agent, **read(NewVersion, request.data), by=api_actor(request), now=clock.now())
        return _shown(agent, status=201)


class VersionPublication(ApiView):
    tag = "Agents"
    scopes = {"POST": "agents:write"}

    @extend_schema(operation_id="publish_agent_version", request=Publication, responses=AgentShape)
    @idempotent
    def post(self, request: Request, agent_id: str, version_number: int) -> Response:
        """Publish a draft, for good. Numbers go on using the versions they have."""
        agent = get_agent(workspace_of(request), agent_id)
        version = get_object_or_404(agent.versions.select_related("agent"), number=version_number)
        shown = read(Publication, request.data).get("runtime_url")
        expected = None if shown is None else clean_endpoint(shown)
        publish(version, expected_url=expected, by=api_actor(request), now=clock.now())
        return _shown(agent)


def agents_of(workspace: Workspace) -> QuerySet[Agent]:
    """With their versions, the newest first: one query more for all of them."""
    versions = AgentVersion.objects.order_by("-number")
    return Agent.objects.filter(workspace=workspace).prefetch_related(Prefetch("versions", versions))


def get_agent(workspace: Workspace, agent_id: str) -> Agent:
    """Without its versions yet. Raises Http404, for foreign and for unknown ones alike."""
    if not ID_PATTERN.match(agent_id):
        raise Http404
    agents = Agent.objects.select_related("workspace").filter(workspace=workspace)
    return get_object_or_404(agents, pk=agent_id)


def _shown(agent: Agent, status: int = 200) -> Response:
    """The agent as it is in the database now."""
    fresh = agents_of(agent.workspace).get(pk=agent.pk)
    return Response(AgentShape(fresh).data, status=status)
