"""A webhook about a call that we placed …"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.test import Client

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.calls.callbacks import callback_url
from phone_numbers.calls.placing import place_call
from phone_numbers.models import PhoneNumber
from telephony.carriers.sandbox import signing
from telephony.models import AgentVersion, Call, CarrierWebhook
from tests.conftest import accounts_at
from tests.numbers.calls.conftest import LONDON
from tests.numbers.inbound.asking import FORM, NONCE, UUID
from tests.numbers.inbound.conftest import forced

pytestmark = pytest.mark.django_db
TOO_LONG = f"sip:{'u' * 128}@{'h' * 60}.{'h' * 60}.example.com"


@pytest.fixture
def call(workspace: Workspace, number: PhoneNumber, settings: LazySettings, now: datetime) -> Call:
    """Dialled at Plivo, which has not said anything yet."""
    settings.CARRIERS = accounts_at("http://127.0.0.1:9")
    return dialled(workspace, number, now)


def dialled(workspace: Workspace, number: PhoneNumber, now: datetime) -> Call:
    call = place_call(workspace, number, LONDON, by=SYSTEM, now=now)
    call.transition("initiate", by=SYSTEM, now=now, initiated_at=now)
    return call


def hear(call: Call, kind: str, name: str, **said: str) -> Any:
    """Plivo speaks of the call, under a name of its own."""
    url = callback_url(kind, "plivo", call.pk)
    told = {"From": call.from_text[1:], "To": call.to_text[1:], "Direction": "outbound", "RequestUUID": name}
    told |= {"CallStatus": "in-progress", "Event": "StartApp"} | said
    signed = signing.plivo_v3(url, told, NONCE, "sandbox-token")
    headers = {"X-Plivo-Signature-V3": signed, "X-Plivo-Signature-V3-Nonce": NONCE}
    path = url[url.index("/carrier/") :]
    return Client().post(path, urlencode(told), content_type=FORM, headers=headers)


def test_ends_a_call_whose_agent_the_carrier_can_not_be_sent_to(call: Call) -> None:
    with forced():
        AgentVersion.objects.update(runtime_url=TOO_LONG)
    answer = hear(call, "answer", UUID.format(1))
    assert (answer.status_code, b"<Hangup" in answer.content) == (200, True)
    assert Call.objects.get().status == "received"


@pytest.mark.parametrize("kind", ["answer", "status"])
def test_moves_no_call_under_the_name_of_another(
    call: Call, workspace: Workspace, number: PhoneNumber, now: datetime, kind: str
) -> None:
    other = dialled(workspace, number, now)
    hear(other, "answer", UUID.format(1))
    answer = hear(call, kind, UUID.format(1))
    assert answer.status_code in (200, 204)
    assert Call.objects.get(pk=call.pk).status == "initiated"
    assert CarrierWebhook.objects.get(call=call).problem
