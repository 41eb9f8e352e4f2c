"""A number that an agent answers, and carriers that ask about calls to it, signed as they sign."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from telephony.carriers.sandbox import signing
from telephony.models import Call, CallRate, NetworkGroup
from tests.conftest import ACCOUNTS, LONG_AGO, accounts_at
from tests.numbers.calls.conftest import number as number
from tests.numbers.calls.conftest import version as version

CALLER = "+919820012345"
NOWHERE = "http://127.0.0.1:9"
FORM = "application/x-www-form-urlencoded"
NONCE = "12345678901234567890"
UUID = "8d1b2c3d-0000-4000-8000-{:012d}"


@dataclass(frozen=True)
class Asking:
    """One call at a carrier. ``ask`` and ``tell`` send us its webhooks; ``said`` is added, or replaces."""

    carrier: str
    to: str
    serial: int = 1
    base: str = "http://localhost:8000"
    secret: str = "sandbox-token"  # noqa: S105
    client: Client = field(default_factory=Client)

    @property
    def id(self) -> str:
        return f"CA{self.serial:032x}" if self.carrier == "twilio" else UUID.format(self.serial)

    def ask(self, **said: str) -> Any:
        return self.post("answer", self.question() | said)

    def tell(self, seconds: int = 61, **said: str) -> Any:
        return self.post("status", self.news(seconds) | said)

    def question(self) -> dict[str, str]:
        if self.carrier == "plivo":
            parties = {"From": CALLER[1:], "To": self.to[1:], "CallUUID": self.id}
            return {**parties, "Direction": "inbound", "CallStatus": "ringing", "Event": "StartApp"}
        parties = {"From": CALLER, "To": self.to, "CallSid": self.id}
        account = {"AccountSid": ACCOUNTS[self.carrier]}
        return {**parties, **account, "Direction": "inbound", "CallStatus": "ringing"}

    def news(self, seconds: int) -> dict[str, str]:
        said = self.question() | {"CallStatus": "completed"}
        if self.carrier == "plivo":
            billed = -(-seconds // 60) * 60
            return {**said, "Event": "Hangup", "Duration": str(seconds), "BillDuration": str(billed)}
        return {**said, "CallDuration": str(seconds), "SequenceNumber": "0"}

    def post(self, kind: str, fields: dict[str, str], **headers: str) -> HttpResponse:
        path = f"/carrier/{self.carrier}/inbound/{kind}/"
        signed = self.signature(f"{self.base}{path}", fields) | headers
        return self.client.post(path, urlencode(fields), content_type=FORM, headers=signed)  # type: ignore[return-value]

    def signature(self, url: str, fields: dict[str, str]) -> dict[str, str]:
        if self.carrier == "plivo":
            signed = signing.plivo_v3(url, fields, NONCE, self.secret)
            return {"X-Plivo-Signature-V3": signed, "X-Plivo-Signature-V3-Nonce": NONCE}
        header = {"twilio": "X-Twilio-Signature", "signalwire": "X-SignalWire-Signature"}[self.carrier]
        return {header: signing.twilio(url, fields, self.secret)}

    def with_(self, **changes: Any) -> Asking:
        return replace(self, **changes)


@contextmanager
def forced() -> Iterator[None]:
    """Rows may become what no transition makes of them."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def carriers(settings: LazySettings) -> None:
    """All three, nobody of whom can be asked anything."""
    settings.CARRIERS = accounts_at(NOWHERE)


@pytest.fixture
def call(carriers: None, number: PhoneNumber) -> Asking:
    """Somebody calls the number at Plivo."""
    return Asking("plivo", number.e164)


@pytest.fixture
def the_call(call: Asking) -> Callable[[], Call]:
    """The one row there is of it."""
    return lambda: Call.objects.get(carrier_call_id=call.id)


@pytest.fixture
def rates(workspace: Workspace, now: datetime) -> None:
    """A minute of an inbound call to the US costs half a rupee."""
    for group in NetworkGroup.objects.filter(country="US"):
        CallRate.objects.create(
            network_group=group,
            direction="inbound",
            currency="INR",
            per_minute=Decimal("0.50"),
            valid_from=LONG_AGO,
        )
