"""Every page of the admin …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import Client

from dialnexa.models import (
    Heartbeat,
    User,
    Workspace,
)
from phone_numbers.models import (
    NumberOrder,
)
from tests.numbers.everything import ADDED, MODELS, desk_pages, make_everything, url

OURS = [
    model
    for label in ("dialnexa", "kyc", "telephony", "numbers")
    for model in apps.get_app_config(label).get_models()
]
BYTES = {"kyc.KycFile", "telephony.BatchFile"}  # contents of files: on no page
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


@pytest.fixture
def everything(
    order: NumberOrder, advance: Callable[[NumberOrder], NumberOrder], workspace: Workspace, now: datetime
) -> dict[str, Model]:
    """At least one row of every model the admin shows."""
    advance(order)
    return make_everything(order, workspace, now)


@pytest.fixture
def pages(everything: dict[str, Model]) -> list[str]:
    """The address of every list, add and object page, and of every action's page."""
    searches = [url(model, "changelist") + "?q=acme&o=1" for model in MODELS]
    return ["/admin/", "/admin/find/?q=nothing", *searches, *desk_pages(everything)]


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
