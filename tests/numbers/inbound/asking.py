"""What carriers send about a call that comes in, signed as they sign."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client

from telephony.carriers.sandbox import signing
from tests.conftest import ACCOUNTS

CALLER = "+919820012345"
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
