"""What a batch may call from, and who may call: choices for a form, and reading what was chosen."""

from __future__ import annotations

from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from telephony.models import AgentVersion


def callers(workspace: Workspace) -> list[PhoneNumber]:
    """The numbers a batch may call from."""
    return list(PhoneNumber.objects.filter(workspace=workspace, status="active").order_by("e164")[:500])


def read_caller(workspace: Workspace, pk: str) -> PhoneNumber | None:
    """Raises Refusal ``batch_choice_unknown`` for what is not an active number of the workspace."""
    if not pk:
        return None
    number = PhoneNumber.objects.filter(workspace=workspace, status="active", pk=pk).first()
    if number is None:
        raise Refusal("batch_choice_unknown", "Choose one of the active numbers.")
    return number


def read_version(workspace: Workspace, pk: str) -> AgentVersion | None:
    if not pk:
        return None
    version = AgentVersion.objects.filter(workspace=workspace, status="published", pk=pk).first()
    if version is None:
        raise Refusal("batch_choice_unknown", "Choose one of the published versions.")
    return version
