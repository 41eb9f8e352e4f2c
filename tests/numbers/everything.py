"""At least one row of every model the admin shows, and the addresses of its pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.urls import reverse

from dialnexa.actors import SYSTEM
from dialnexa.api_keys import create_api_key
from dialnexa.models import (
    ApprovalRequest,
    AuditLink,
    Heartbeat,
    IdempotencyRecord,
    Invitation,
    Notice,
    NoticeCopy,
    Workspace,
)
from dialnexa.webhooks.endpoints import create_endpoint, send_test
from kyc.models import KycDocument, VerificationCall, VerificationNumber
from phone_numbers.models import (
    BulkRouting,
    CarrierListing,
    CarrierSweep,
    Drift,
    LedgerProof,
    NumberOrder,
    ReassignableNumber,
    Rental,
    RentalPrice,
    SipTrunk,
    StrayNumber,
)
from telephony.models import (
    Agent,
    AgentVersion,
    BatchCall,
    BatchRow,
    Call,
    CalledCountry,
    CallStop,
    CarrierWebhook,
    DeckUpload,
    DeniedPrefix,
    LimitOverride,
    LimitRequest,
    NetworkGroup,
    OpenedPrefix,
    RateVersion,
    SipRate,
    SipSwitch,
)
from tests.numbers.rows import make_number

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
ADDED = {
    *("auth.Group", "telephony.CallRate", "telephony.RentalRate", "telephony.SipRate"),
    *("telephony.CallStop", "telephony.DeniedPrefix", "telephony.LimitOverride", "telephony.OpenedPrefix"),
}


def make_everything(order: NumberOrder, workspace: Workspace, now: datetime) -> dict[str, Model]:
    """Label → row; ``order`` is one of ``workspace``."""
    key = create_api_key(workspace, "CRM", ["numbers:read"], by=SYSTEM, now=now)[0]
    IdempotencyRecord.objects.create(api_key=key, route="/v1/agents", key="k-1", locked_until=now)
    Invitation.objects.create(workspace=workspace, email="new@example.com", renewed_at=now, expires_at=now)
    BulkRouting.objects.create(
        workspace=workspace, changes=[{"number": order.number_id, "inbound": [None, "x"]}]
    )
    agent = Agent.objects.create(workspace=workspace, title="Reception")
    AgentVersion.objects.create(
        agent=agent, workspace=agent.workspace, number=1, runtime_url="wss://agent.example/media"
    )
    NetworkGroup.objects.earliest("pk").prefixes.create(digits="9122")
    StrayNumber.objects.create(
        carrier="plivo",
        e164="+442071838750",
        carrier_number_id="1",
        order=order,
        evidence="Listed",
        found_at=now,
    )
    sweep = CarrierSweep.objects.create(carrier="plivo", started_at=now, finished_at=now, complete=True)
    CarrierListing.objects.create(sweep=sweep, e164="+442071838751", carrier_number_id="2")
    seen = {"first_sweep": sweep, "last_sweep": sweep, "first_seen_at": now, "last_seen_at": now}
    Drift.objects.create(kind="orphan", carrier="plivo", e164="+442071838751", evidence=["Listed."], **seen)
    Heartbeat.objects.create(name="sweeper", at=now)
    bad = {"code": "sum", "title": "All is zero.", "count": 1, "took_ms": 1, "found": [["INR", "It is not."]]}
    LedgerProof.objects.create(at=now, ok=False, took_ms=1, entries=1, checks=[bad])
    rental = Rental.objects.earliest("pk")
    RentalPrice.objects.create(rental=rental, monthly_price=99, starts_at=now, reason="Dearer at the carrier")
    pool = Workspace.objects.create(slug="numbers-without-an-owner", name="Pool", is_pool=True)
    ReassignableNumber.objects.create(
        number=make_number(pool), came_from=make_number(workspace), available_at=now, assignable_at=now
    )
    SipRate.objects.create(currency="INR", per_minute=Decimal("0.35"), valid_from=now)
    SipTrunk.objects.create(
        number=order.number, workspace=workspace, host="sip.carrier.example", username="acme"
    )
    notice = Notice.objects.create(workspace=workspace, reference="r", right="see", title="T", body="B")
    NoticeCopy.objects.create(notice=notice, user=workspace.members.earliest("pk"))
    endpoint, _ = create_endpoint(workspace, "https://hooks.example.com/in", ["*"], by=SYSTEM, now=now)
    send_test(endpoint, by=SYSTEM, now=now)
    endpoint.deliveries.get().attempts.create(at=now, took_ms=12, sentence="Delivered.")
    KycDocument.objects.create(
        case=workspace.kyc_cases.earliest("pk"), workspace=workspace, kind="pan", file_name="pan.pdf", size=1
    )
    VerificationNumber.objects.create(workspace=workspace, e164="+919820012345")
    VerificationCall.objects.create(workspace=workspace, e164="+919820012345", asked_at=now)
    batch = BatchCall.objects.create(workspace=workspace, title="Reminders")
    BatchRow.objects.create(batch=batch, workspace=workspace, row=2, e164="+919820012345")
    call = Call.objects.create(
        workspace=workspace,
        direction="outbound",
        number=order.number,
        from_text=order.e164,
        to_text="+919820012345",
        carrier="plivo",
        currency="INR",
    )
    CarrierWebhook.objects.create(carrier="plivo", key="k", kind="status", call=call, body="a=b")
    SipSwitch.objects.create(workspace=workspace)
    LimitOverride.objects.create(workspace=workspace, limit="concurrent_calls", value=20, reason="A campaign")
    LimitRequest.objects.create(workspace=workspace, limit="daily_spend", value=99_000, why="A campaign")
    CallStop.objects.create(workspace=workspace, reason="Stolen key", thrown_by="Alice")
    CalledCountry.objects.create(workspace=workspace, country="GB")
    DeniedPrefix.objects.get_or_create(digits="870", ended_at=None, defaults={"reason": "Ships"})
    opened = {"until": now + timedelta(days=9), "reason": "Inmarsat ships"}
    OpenedPrefix.objects.create(workspace=workspace, digits="870", **opened)
    maker = workspace.members.earliest("pk")
    DeckUpload.objects.create(carrier="plivo", currency="INR", valid_from=now, size=1, made_by=maker)
    RateVersion.objects.get_or_create(id=1, defaults={"version": uuid4()})
    Group.objects.create(name="Support")
    ApprovalRequest.objects.create(
        customer=workspace, amount=1, currency="INR", reference="r", reason="x", requested_by=maker
    )
    AuditLink.objects.create(entry_id=1, chain=workspace.pk, n=1, digest="0" * 64)
    Authenticator.objects.create(user=maker, type="totp", data={"secret": "sealed"})
    UserSession.objects.create(user=maker, ip="203.0.113.9", session_key="k", user_agent="Firefox/140")
    EmailAddress.objects.create(user=workspace.members.earliest("pk"), email="alice@example.com")
    return {model._meta.label: model._default_manager.all()[0] for model in MODELS}


def desk_pages(everything: dict[str, Model]) -> list[str]:
    """The address of every list, add and object page, and of every action's page."""
    return [page for model in MODELS for page in _pages(model, everything[model._meta.label])]


def _pages(model: type[Model], item: Model) -> Iterator[str]:
    yield url(model, "changelist")
    yield url(model, "change", item.pk)
    if model._meta.label in ADDED:
        yield url(model, "add")
    for action in getattr(admin.site._registry[model], "staff_actions", ()):
        yield f"{url(model, 'do', action.name)}?id={item.pk}"


def url(model: type[Model], name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)
