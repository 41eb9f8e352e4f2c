"""Every page of the admin …"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from dialnexa.actors import SYSTEM
from dialnexa.api_keys import create_api_key
from dialnexa.models import (
    ApprovalRequest,
    Heartbeat,
    IdempotencyRecord,
    Invitation,
    Notice,
    NoticeCopy,
    User,
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
OURS = [
    model
    for label in ("dialnexa", "kyc", "telephony", "numbers")
    for model in apps.get_app_config(label).get_models()
]
BYTES = {"kyc.KycFile", "telephony.BatchFile"}  # contents of files: on no page
ADDED = {
    *("auth.Group", "telephony.CallRate", "telephony.RentalRate", "telephony.SipRate"),
    *("telephony.CallStop", "telephony.DeniedPrefix", "telephony.LimitOverride", "telephony.OpenedPrefix"),
}
CHANGED = {"auth.Group", "dialnexa.User", "dialnexa.Workspace", "telephony.Country"}
BOOKS = (
    "dialnexa.LedgerAccount",
    "dialnexa.LedgerEntry",
    "dialnexa.AuditEntry",
    "telephony.CarrierExchange",
    "telephony.CarrierWebhook",
    "numbers.PurchaseAttempt",
    "numbers.RentalCharge",
)


def url(model: type[Model], name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@pytest.fixture
def everything(
    order: NumberOrder, advance: Callable[[NumberOrder], NumberOrder], workspace: Workspace, now: datetime
) -> dict[str, Model]:
    """At least one row of every model the admin shows."""
    advance(order)
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
    opened = {"until": now + timedelta(days=9), "reason": "Inmarsat ships"}
    OpenedPrefix.objects.create(workspace=workspace, digits="870", **opened)
    maker = workspace.members.earliest("pk")
    DeckUpload.objects.create(carrier="plivo", currency="INR", valid_from=now, size=1, made_by=maker)
    RateVersion.objects.get_or_create(id=1, defaults={"version": uuid4()})
    Group.objects.create(name="Support")
    ApprovalRequest.objects.create(
        customer=workspace, amount=1, currency="INR", reference="r", reason="x", requested_by=maker
    )
    Authenticator.objects.create(user=maker, type="totp", data={"secret": "sealed"})
    UserSession.objects.create(user=maker, ip="203.0.113.9", session_key="k", user_agent="Firefox/140")
    EmailAddress.objects.create(user=workspace.members.earliest("pk"), email="alice@example.com")
    return {model._meta.label: model._default_manager.all()[0] for model in MODELS}


@pytest.fixture
def pages(everything: dict[str, Model]) -> list[str]:
    """The address of every list, add and object page, and of every action's page."""
    return [
        "/admin/",
        "/admin/find/?q=nothing",
        *(page for model in MODELS for page in _pages(model, everything)),
    ]


def _pages(model: type[Model], everything: dict[str, Model]) -> Iterator[str]:
    item = everything[model._meta.label]
    yield url(model, "changelist")
    yield url(model, "changelist") + "?q=acme&o=1"
    yield url(model, "change", item.pk)
    if model._meta.label in ADDED:
        yield url(model, "add")
    for action in getattr(admin.site._registry[model], "staff_actions", ()):
        yield f"{url(model, 'do', action.name)}?id={item.pk}"


def test_registers_every_model_of_ours() -> None:
    unknown = {model._meta.label for model in OURS if not model._meta.auto_created and model not in MODELS}
    assert unknown == BYTES


def test_shows_every_page_to_a_superuser(staff_client: Client, pages: list[str]) -> None:
    assert {page: status for page in pages if (status := staff_client.get(page).status_code) != 200} == {}


def test_shows_no_page_to_others(alice_client: Client, client: Client, pages: list[str]) -> None:
    for page in pages:
        assert client.get(page).status_code == 302, page
        assert alice_client.get(page, follow=True).status_code == 403, page


def test_needs_no_inline_scripts(staff_client: Client, pages: list[str]) -> None:
    for page in pages:
        shown = staff_client.get(page).content.decode()
        assert "<script>" not in shown, page
        assert " onclick=" not in shown, page
        assert ' style="' not in shown, page


def test_adds_only_what_staff_may_add(staff_client: Client, everything: dict[str, Model]) -> None:
    for model in MODELS:
        expected = 200 if model._meta.label in ADDED else 403
        assert staff_client.get(url(model, "add")).status_code == expected, model
        if expected == 403:
            assert staff_client.post(url(model, "add"), {"reason": "x"}).status_code == 403, model


def test_deletes_nothing(staff_client: Client, everything: dict[str, Model]) -> None:
    for label, item in everything.items():
        model = type(item)
        assert staff_client.post(url(model, "delete", item.pk), {"post": "yes"}).status_code == 403, label
        chosen = {"action": "delete_selected", "_selected_action": [item.pk], "post": "yes"}
        staff_client.post(url(model, "changelist"), chosen)
        assert model._default_manager.filter(pk=item.pk).exists(), label


def test_changes_only_what_staff_may_change(staff_client: Client, everything: dict[str, Model]) -> None:
    for label, item in everything.items():
        if label not in CHANGED:
            answer = staff_client.post(url(type(item), "change", item.pk), {"reason": "x"})
            assert answer.status_code == 403, label


def test_wants_a_reason_for_every_action(staff_client: Client, everything: dict[str, Model]) -> None:
    for label, item in everything.items():
        for action in getattr(admin.site._registry[type(item)], "staff_actions", ()):
            form = {"id": item.pk, "reason": " \n ", "checked": "on", "role": "viewer", "amount": "1"}
            answer = staff_client.post(url(type(item), "do", action.name), form)
            assert answer.status_code == 200, (label, action.name)
            assert "reason" in answer.context["form"].errors, (label, action.name)


@pytest.mark.parametrize("label", BOOKS)
def test_writes_nothing_into_the_books(
    staff_client: Client, everything: dict[str, Model], label: str
) -> None:
    model = apps.get_model(label)
    before = list(model._default_manager.order_by("pk").values())
    pk = everything[label].pk
    form = {field.name: "1" for field in model._meta.fields} | {"reason": "x", "_save": "Save"}
    for address in (url(model, "add"), url(model, "change", pk), url(model, "delete", pk)):
        assert staff_client.post(address, form).status_code == 403
    staff_client.post(
        url(model, "changelist"), {"_save": "Save", "form-TOTAL_FORMS": "1", "form-0-amount": "1"}
    )
    assert list(model._default_manager.order_by("pk").values()) == before


@pytest.mark.parametrize("pk", ["nobody", "0", "\x00", "' OR 1=1", "%2e%2e", "９"])
def test_answers_foreign_ids_without_failing(staff_client: Client, pk: str) -> None:
    for model in MODELS:
        assert staff_client.get(url(model, "change", pk), follow=True).status_code in (200, 404), model


@pytest.mark.parametrize(
    "query", ["q=%00", "status__exact=nonsense", "e=1", "p=999999", "o=99.-98", "id__exact=%00"]
)
def test_answers_foreign_filters_without_failing(staff_client: Client, db: None, query: str) -> None:
    for model in MODELS:
        answer = staff_client.get(f"{url(model, 'changelist')}?{query}", follow=True)
        assert answer.status_code in (200, 400), model


def test_counts_no_further_than_anybody_pages(
    staff_client: Client, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dialnexa.admin_lists import PatientPaginator

    monkeypatch.setattr(PatientPaginator, "count_limit", 2)
    for name in "abc":
        Heartbeat.objects.create(name=name, at=staff.date_joined)
    shown = staff_client.get(url(Heartbeat, "changelist"))
    assert shown.context["cl"].result_count == 2
    assert "More than 2 heartbeats" in shown.content.decode()
