"""What a carrier says is applied in the scope of the workspace it is about, and of no other …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.conf import LazySettings

from dialnexa.actors import SYSTEM
from dialnexa.isolation.scope import current_scope
from dialnexa.models import Workspace
from phone_numbers.calls import progress, webhooks
from phone_numbers.calls.placing import place_call
from phone_numbers.models import PhoneNumber
from telephony.models import Call
from tests.conftest import accounts_at
from tests.isolation.wall import requests_as_web
from tests.numbers.calls.conftest import LONDON
from tests.numbers.calls.conftest import number as number
from tests.numbers.calls.conftest import version as version
from tests.numbers.calls.test_webhooks import hear
from tests.numbers.inbound.asking import UUID, Asking
from tests.numbers.inbound.conftest import rates as rates
from tests.numbers.rows import make_number

pytestmark = pytest.mark.django_db


@pytest.fixture
def seen(
    monkeypatch: pytest.MonkeyPatch, settings: LazySettings, rates: None, number: PhoneNumber
) -> list[Any]:
    """Each time something takes effect: the scope, and whose calls a query that forgets them finds."""
    settings.CARRIERS = accounts_at("http://127.0.0.1:9")
    plain: Callable[..., bool] = progress.apply_event
    found: list[Any] = []

    def apply(*arguments: Any, **options: Any) -> bool:
        found.append((current_scope(), {*Call.objects.values_list("workspace_id", flat=True)}))
        return plain(*arguments, **options)

    monkeypatch.setattr(webhooks, "apply_event", apply)
    return found


def strangers_call(workspace: Workspace) -> None:
    """At the same carrier, under the name that ours is told of by."""
    number = make_number(workspace, e164="+12125550199")
    about = {"workspace": workspace, "number": number, "direction": "inbound", "currency": "INR"}
    Call.objects.create(**about, carrier="plivo", carrier_call_id=UUID.format(7))


def test_when_a_call_came_in(
    seen: list[Any], workspace: Workspace, charlie_workspace: Workspace, number: PhoneNumber
) -> None:
    strangers_call(charlie_workspace)
    with requests_as_web():
        call = Asking("plivo", number.e164)
        assert call.ask().status_code == 200
        assert call.tell(61).status_code == 204
    assert seen == [(workspace.pk, {workspace.pk})]
    assert Call.objects.get(carrier_call_id=call.id).status == "completed"


def test_when_we_placed_it(
    seen: list[Any], workspace: Workspace, charlie_workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    strangers_call(charlie_workspace)
    call = place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    call.transition("initiate", by=SYSTEM, now=now, initiated_at=now)
    with requests_as_web():
        assert hear(call, "answer", UUID.format(1)).status_code == 200
    assert seen == [(workspace.pk, {workspace.pk})]
    assert Call.objects.get(pk=call.pk).status == "received"


def test_though_the_name_it_gives_is_another_workspaces_call(
    seen: list[Any], workspace: Workspace, charlie_workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    """It is told apart, as where there is no wall."""
    strangers_call(charlie_workspace)
    call = place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    call.transition("initiate", by=SYSTEM, now=now, initiated_at=now)
    with requests_as_web():
        assert hear(call, "status", UUID.format(7)).status_code == 204
    assert Call.objects.get(pk=call.pk).status == "initiated"
