"""Agents: ``/w/<slug>/agents/…``. The pages live here because they show the numbers that use each version."""

from django.urls import path

from phone_numbers.views import agents

app_name = "agents"
urlpatterns = [
    path("", agents.list_agents, name="list"),
    path("create/", agents.create, name="create"),
    path("<str:agent_id>/", agents.show_agent, name="agent"),
    path("<str:agent_id>/edit/", agents.edit, name="edit"),
    path("<str:agent_id>/publish/", agents.publish_draft, name="publish"),
]
