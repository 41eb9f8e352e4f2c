"""``/v1/agents…``"""

from django.urls import path

from phone_numbers.api import agents

urlpatterns = [
    path("agents", agents.Agents.as_view(), name="api-agents"),
    path("agents/<str:agent_id>", agents.OneAgent.as_view(), name="api-agent"),
    path("agents/<str:agent_id>/versions", agents.Versions.as_view(), name="api-agent-versions"),
    path(
        "agents/<str:agent_id>/versions/<int:version_number>/publish",
        agents.VersionPublication.as_view(),
        name="api-agent-publish",
    ),
]
