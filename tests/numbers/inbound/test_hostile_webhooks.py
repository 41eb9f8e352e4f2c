"""A webhook that no carrier sent, or that says what it must not …"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from telephony.models import Call, CarrierWebhook
from tests.matrix.snapshot import snapshot
from tests.numbers.inbound.asking import FORM, NONCE, Asking

pytestmark = pytest.mark.django_db
KINDS = ["answer", "status"]
CARRIERS = ["plivo", "twilio", "signalwire"]


def fields(call: Asking, kind: str) -> dict[str, str]:
    return call.question() if kind == "answer" else call.news(61)


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("kind", KINDS)
def test_is_refused_when_forged(call: Asking, carrier: str, kind: str) -> None:
    before = snapshot()
    forger = call.with_(carrier=carrier, secret="a guess")  # noqa: S106
    assert forger.post(kind, fields(forger, kind)).status_code == 403
    unsigned = forger.client.post(f"/carrier/{carrier}/inbound/{kind}/", fields(forger, kind))
    assert unsigned.status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize("kind", KINDS)
def test_is_refused_when_changed_on_the_way(call: Asking, kind: str) -> None:
    before = snapshot()
    said = fields(call, kind)
    signed = call.signature(f"{call.base}/carrier/plivo/inbound/{kind}/", said)
    assert call.post(kind, said | {"To": "14155550199"}, **signed).status_code == 403
    assert call.post(kind, said | {"Duration": "9999"}, **signed).status_code == 403
    assert snapshot() == before


def test_is_refused_when_signed_for_another_address(call: Asking) -> None:
    before = snapshot()
    asked = call.signature(f"{call.base}/carrier/plivo/inbound/answer/", call.news(61))
    assert call.post("status", call.news(61), **asked).status_code == 403
    elsewhere = call.with_(base="https://elsewhere.example.com")
    assert elsewhere.post("status", call.news(61)).status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize("kind", KINDS)
def test_is_refused_when_another_carrier_signed_it(call: Asking, kind: str) -> None:
    before = snapshot()
    said = fields(call, kind)
    twilio = call.with_(carrier="twilio").signature(f"{call.base}/carrier/plivo/inbound/{kind}/", said)
    assert call.post(kind, said, **twilio, **{"X-Plivo-Signature-V3": ""}).status_code == 403
    assert snapshot() == before


def test_changes_nothing_when_replayed(call: Asking) -> None:
    call.ask()
    call.tell()
    before = snapshot()
    for _ in range(2):
        assert call.ask().status_code == 200
        assert call.tell().status_code == 204
    assert snapshot() == before


def test_changes_nothing_when_replayed_under_a_new_nonce(call: Asking) -> None:
    call.ask()
    call.tell()
    before = snapshot()
    nonce = {"X-Plivo-Signature-V3-Nonce": NONCE[::-1]}
    assert call.post("status", call.news(61), **nonce).status_code == 403
    assert snapshot() == before


def test_charges_nobody_else_when_a_number_has_gone_to_another_workspace(
    call: Asking, number: PhoneNumber, charlie_workspace: Workspace
) -> None:
    call.ask()
    with_charlie = PhoneNumber.objects.filter(pk=number.pk)
    with_charlie.update(workspace=charlie_workspace)
    call.tell()
    assert Call.objects.get().workspace.slug == "acme"
    assert {row.workspace_id for row in CarrierWebhook.objects.all()} == {Call.objects.get().workspace_id}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "said",
    [
        {"CallUUID": "\x00"},
        {"CallUUID": "../../etc"},
        {"CallUUID": ""},
        {"CallStatus": "exploded"},
        {"Direction": "outbound"},
        {"Direction": "sideways"},
        {"From": "\x00\x01"},
        {"To": ""},
        {"To": "x" * 300},
        {"Duration": "-1"},
        {"Duration": "1e9"},
        {"Event": "Nonsense"},
    ],
)
def test_is_refused_or_harmless_when_it_makes_no_sense(call: Asking, kind: str, said: dict[str, str]) -> None:
    before = snapshot()
    status = call.post(kind, fields(call, kind) | said).status_code
    assert status in (200, 204, 400)
    if status == 400:
        assert snapshot() == before
    assert not Call.objects.exclude(to_text=call.to).exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"a=%ff%fe", b"=" * 900, b"{}", b""])
def test_is_refused_when_it_is_garbage(carriers: None, kind: str, body: bytes) -> None:
    before = snapshot()
    answer: Any = Client().post(f"/carrier/plivo/inbound/{kind}/", body, content_type=FORM)
    assert answer.status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize("kind", KINDS)
def test_is_refused_when_it_is_larger_than_any(call: Asking, kind: str) -> None:
    before = snapshot()
    assert call.post(kind, fields(call, kind) | {"Filler": "x" * 65_536}).status_code == 413
    assert snapshot() == before


@pytest.mark.parametrize("path", ["/carrier/acme/inbound/answer/", "/carrier/sip_trunk/inbound/status/"])
def test_finds_nothing_for_a_carrier_we_do_not_have(carriers: None, path: str) -> None:
    assert Client().post(path, {}).status_code == 404


def test_can_only_be_posted(carriers: None) -> None:
    assert Client().get("/carrier/plivo/inbound/answer/").status_code == 405


def test_keeps_long_bodies_short(call: Asking) -> None:
    call.ask(Filler="x" * 30_000)
    assert len(CarrierWebhook.objects.get().body) == 20_000


@pytest.mark.parametrize("kind", KINDS)
def test_moves_no_call_that_we_placed_though_it_names_it(call: Asking, kind: str) -> None:
    call.ask()
    CarrierWebhook.objects.all().delete()
    Call.objects.update(id="call_of_ours", direction="outbound")
    assert call.post(kind, fields(call, kind)).status_code in (200, 204)
    assert (Call.objects.get().pk, Call.objects.get().status) == ("call_of_ours", "received")
    assert CarrierWebhook.objects.get().call is None


def test_counts_when_it_comes_days_late(call: Asking) -> None:
    """News of a call that ended long ago, from a carrier that caught up: charged once, as any."""
    call.ask()
    Call.objects.update(created_at=Call.objects.get().created_at - timedelta(days=2))
    assert call.tell().status_code == 204
    assert Call.objects.get().status == "completed"
