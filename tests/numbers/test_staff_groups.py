"""A group of support staff …"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from kyc.models import KycCase
from kyc.reviews import open_case, submit
from phone_numbers.admin.staff_groups import GROUPS
from tests.conftest import client_of, make_user
from tests.kyc.papers import make_document

pytestmark = pytest.mark.django_db


@pytest.fixture
def sits_at() -> Callable[[str], Client]:
    """Somebody of that group, and of no other."""
    call_command("staff_groups", verbosity=0)

    def sits_at(name: str) -> Client:
        user = make_user(name.replace(" ", ""), is_staff=True)
        user.groups.add(Group.objects.get(name=name))
        return client_of(user)

    return sits_at


def test_exists_for_every_action_of_the_support_desk() -> None:
    known = {permission for group in GROUPS.values() for permission in group}
    actions = {
        action.permission
        for shown in admin.site._registry.values()
        for action in getattr(shown, "staff_actions", ())
    }
    assert actions - known == set()


@pytest.mark.parametrize("name", GROUPS)
def test_looks_at_every_list_but_papers(sits_at: Callable[[str], Client], name: str) -> None:
    client = sits_at(name)
    for model in admin.site._registry:
        page = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
        hidden = model._meta.label == "kyc.KycDocument" and name != "KYC desk"
        assert page.status_code == (403 if hidden else 200), model


@pytest.mark.parametrize("name", GROUPS)
def test_does_what_is_its_own_and_nothing_else(
    sits_at: Callable[[str], Client], name: str, workspace: Workspace
) -> None:
    client = sits_at(name)
    offered = {
        f"{model._meta.app_label}_{model._meta.model_name}/{action.name}": action.permission in GROUPS[name]
        for model, shown in admin.site._registry.items()
        for action in getattr(shown, "staff_actions", ())
    }
    for action, mine in offered.items():
        page, _, slug = action.partition("/")
        answer = client.get(reverse(f"admin:{page}_do", args=[slug]), {"id": "nothing"})
        assert answer.status_code == (404 if mine else 403), action  # 404: there is no such row


@pytest.mark.parametrize("name", GROUPS)
def test_sees_papers_and_decides_on_them_at_the_kyc_desk_alone(
    sits_at: Callable[[str], Client], name: str, workspace: Workspace, now: datetime
) -> None:
    case = open_case(workspace, "GB")
    KycCase.objects.filter(pk=case.pk).update(entity_type="individual", legal_name="Alice Adams")
    case.refresh_from_db()
    document, _ = make_document(case, "passport"), make_document(case, "lease")
    submit(case, by=SYSTEM, now=now)
    client, mine = sits_at(name), name == "KYC desk"
    page = client.get(reverse("admin:kyc_kyccase_change", args=[case.pk]))
    assert page.status_code == 200
    assert ("passport.pdf" in page.content.decode()) is mine
    taken = client.get(reverse("admin:kyc_kycdocument_file", args=[document.pk]))
    decided = client.post(reverse("admin:kyc_kyccase_decide", args=[case.pk, "verify"]))
    assert [taken.status_code, decided.status_code] == ([200, 422] if mine else [403, 403])


@pytest.mark.parametrize("name", GROUPS)
def test_gives_nobody_powers(sits_at: Callable[[str], Client], name: str) -> None:
    client = sits_at(name)
    mate = make_user("Mate", is_staff=True)
    client.post(reverse("admin:dialnexa_user_change", args=[mate.pk]), {"is_superuser": "on", "reason": "x"})
    mate.refresh_from_db()
    assert not mate.is_superuser
    assert client.get(reverse("admin:auth_group_add")).status_code == 403


def test_is_set_right_when_it_is_made_again(sits_at: Callable[[str], Client]) -> None:
    billing = Group.objects.get(name="Billing")
    before = billing.permissions.count()
    billing.permissions.clear()
    call_command("staff_groups", verbosity=0)
    assert billing.permissions.count() == before > 40
