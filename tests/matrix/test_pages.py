"""Every page of a workspace, whichever they are …

``POLICY`` is product.md §12 written down by address: who may look, and who may send. A route without a line
here fails.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from dialnexa.access import RIGHTS, Right
from dialnexa.models import Workspace
from tests.conftest import client_of, make_user
from tests.matrix.routes import Route, pages
from tests.matrix.snapshot import snapshot
from tests.matrix.world import absent

pytestmark = pytest.mark.django_db
SEE, OPERATE, MANAGE, OWN = Right.SEE, Right.OPERATE, Right.MANAGE, Right.OWN
NO = "not allowed"  # 405
GO = "elsewhere"  # leads to another page without looking at anything
POLICY: dict[str, tuple[Right | str, Right | str]] = {  # url name → (to look, to send)
    "workspace": (SEE, NO),
    "numbers:list": (SEE, NO),
    "numbers:export": (SEE, NO),
    "numbers:buy": (MANAGE, MANAGE),
    "numbers:check": (SEE, NO),
    "numbers:order": (SEE, NO),
    "numbers:number": (SEE, NO),
    "numbers:row": (SEE, NO),
    "numbers:rename": (GO, MANAGE),
    "numbers:routing": (MANAGE, MANAGE),
    "numbers:release": (GO, MANAGE),
    "numbers:protect": (NO, MANAGE),
    "numbers:dismiss": (NO, MANAGE),
    "numbers:link": (MANAGE, MANAGE),
    "numbers:try-trunk": (GO, MANAGE),
    "numbers:trunk": (MANAGE, MANAGE),
    "numbers:check-trunk": (NO, MANAGE),
    "numbers:default": (NO, MANAGE),
    "numbers:renewal-order": (SEE, MANAGE),
    "numbers:renew": (MANAGE, MANAGE),
    "numbers:auto-renew": (NO, MANAGE),
    "numbers:bulk": (GO, MANAGE),
    "numbers:bulk-protection": (NO, MANAGE),
    "numbers:bulk-auto-renew": (NO, MANAGE),
    "numbers:bulk-changes": (SEE, NO),
    "numbers:bulk-change": (SEE, NO),
    "numbers:bulk-undo": (NO, MANAGE),
    "agents:list": (SEE, NO),
    "agents:create": (OPERATE, OPERATE),
    "agents:agent": (SEE, NO),
    "agents:edit": (NO, OPERATE),
    "agents:publish": (OPERATE, OPERATE),
    "calls:list": (SEE, NO),
    "calls:export": (SEE, NO),
    "calls:place": (OPERATE, OPERATE),
    "calls:verdict": (OPERATE, NO),
    "calls:call": (SEE, NO),
    "calls:row": (SEE, NO),
    "calls:live": (SEE, NO),
    "calls:hang-up": (NO, OPERATE),
    "batches:list": (SEE, NO),
    "batches:upload": (OPERATE, OPERATE),
    "batches:batch": (SEE, NO),
    "batches:choose": (NO, OPERATE),
    "batches:corrected": (SEE, NO),
    "batches:rejected": (SEE, NO),
    "batches:delete": (NO, OPERATE),
    "batches:start": (NO, OPERATE),
    "batches:pause": (NO, OPERATE),
    "batches:resume": (NO, OPERATE),
    "batches:cancel": (NO, OPERATE),
    "batches:results": (SEE, NO),
    "telephony:config": (SEE, NO),
    "telephony:country": (SEE, NO),
    "telephony:switch": (NO, MANAGE),
    "telephony:off": (MANAGE, MANAGE),
    "limits:limits": (SEE, NO),
    "limits:more": (MANAGE, MANAGE),
    "limits:stop": (NO, OWN),
    "limits:allow": (NO, OWN),
    "limits:confirm": (NO, MANAGE),
    "kyc:cases": (SEE, NO),
    "kyc:case": (SEE, NO),
    "kyc:describe": (NO, MANAGE),
    "kyc:upload": (NO, MANAGE),
    "kyc:document": (MANAGE, NO),
    "kyc:document-remove": (NO, MANAGE),
    "kyc:submit": (NO, MANAGE),
    "verification:ask": (NO, MANAGE),
    "verification:confirm": (NO, MANAGE),
    "demo_clock": (SEE, MANAGE),
    "notices:list": (SEE, NO),
    "notices:bell": (SEE, NO),
    "notices:read-all": (NO, SEE),
    "notices:open": (NO, SEE),
    "notices:mark": (NO, SEE),
    "wallet": (OWN, NO),
    "wallet_export": (OWN, NO),
    "forecast:show": (OWN, NO),
    "settings:home": (GO, NO),
    "settings:keys": (MANAGE, NO),
    "settings:key-create": (MANAGE, MANAGE),
    "settings:key-rotate": (MANAGE, MANAGE),
    "settings:key-cap": (MANAGE, MANAGE),
    "settings:key-revoke": (MANAGE, MANAGE),
    "settings:webhooks": (MANAGE, NO),
    "settings:webhook-create": (MANAGE, MANAGE),
    "settings:webhook": (MANAGE, NO),
    "settings:webhook-edit": (MANAGE, MANAGE),
    "settings:webhook-rotate": (MANAGE, MANAGE),
    "settings:webhook-test": (NO, MANAGE),
    "settings:webhook-switch": (NO, MANAGE),
    "settings:webhook-remove": (MANAGE, MANAGE),
    "settings:webhook-redeliver": (MANAGE, MANAGE),
    "settings:webhook-delivery": (MANAGE, NO),
    "settings:webhook-delivery-again": (NO, MANAGE),
    "settings:members": (SEE, NO),
    "settings:invite": (MANAGE, MANAGE),
    "settings:members-mfa": (NO, OWN),
    "settings:invitation-renew": (NO, MANAGE),
    "settings:invitation-withdraw": (NO, MANAGE),
    "settings:member-role": (MANAGE, MANAGE),
    "settings:member-transfer": (OWN, OWN),
    "settings:member-remove": (MANAGE, MANAGE),
    "settings:history": (MANAGE, NO),
    "settings:history-export": (MANAGE, NO),
}
ROUTES = pages()
WITH_IDS = [route for route in ROUTES if len(route.parameters) > 1]
DIFFERS = re.compile(r"\b\w{64}\b|\b[a-z]{2,5}_[0-9a-z]{26}\b")  # CSRF tokens, ids


def send(client: Client, method: str, url: str) -> Any:
    return client.generic(method, url, "", "application/x-www-form-urlencoded")


def test_have_a_line_in_the_policy() -> None:
    assert sorted(POLICY) == sorted({route.name for route in ROUTES})


@pytest.mark.parametrize("route", ROUTES, ids=str)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_send_those_who_have_not_signed_in_to_do_so(
    route: Route, method: str, world: dict[str, Any], client: Client
) -> None:
    before = snapshot()
    response = send(client, method, route.url(world))
    assert response.status_code in (302, 405)
    assert response.status_code == 405 or response["Location"].startswith("/accounts/login/")
    assert snapshot() == before


@pytest.mark.parametrize("route", ROUTES, ids=str)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_do_not_exist_for_strangers(
    route: Route, method: str, world: dict[str, Any], charlie_client: Client
) -> None:
    before = snapshot()
    status = send(charlie_client, method, route.url(world)).status_code
    assert status == 404 or status == {NO: 405, GO: 302}.get(POLICY[route.name][method == "POST"])
    assert snapshot() == before


@pytest.mark.parametrize("route", WITH_IDS, ids=str)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_know_nothing_of_another_workspaces_ids(
    route: Route, method: str, world: dict[str, Any], charlie_client: Client
) -> None:
    """Charlie, in his own workspace, with Acme's ids: as with ids that nothing has."""
    mine = world | {"slug": "chocolate"}
    if set(route.parameters) in ({"slug", "country"}, {"slug", "name"}):
        pytest.skip("a country or a limit is nobody's")
    before = snapshot()
    foreign = send(charlie_client, method, route.url(mine))
    unknown = send(charlie_client, method, route.url({name: absent(value) for name, value in mine.items()}))
    assert foreign.status_code in (302, 404, 405)
    assert foreign.status_code != 302 or POLICY[route.name][method == "POST"] == GO
    assert (foreign.status_code, told(foreign)) == (unknown.status_code, told(unknown))
    assert snapshot() == before


@pytest.mark.parametrize("route", ROUTES, ids=str)
@pytest.mark.parametrize("role", list(RIGHTS))
def test_let_each_role_do_what_the_policy_says(
    route: Route, role: str, world: dict[str, Any], workspace: Workspace
) -> None:
    client = client_of(member(workspace, role))
    for method, right in zip(("GET", "POST"), POLICY[route.name], strict=True):
        before = snapshot()
        status = send(client, method, route.url(world)).status_code
        if right in (NO, GO):
            assert status == (405 if right == NO else 302), method
        elif right in RIGHTS[role]:
            assert status not in (403, 405, 500), method
            assert method == "POST" or status != 404
        else:
            assert status == 403, method
        if right not in RIGHTS[role]:
            assert snapshot() == before


def member(workspace: Workspace, role: str) -> Any:
    user = make_user(f"A {role}".replace(" ", "-"))
    workspace.memberships.create(user=user, role=role)
    return user


def told(response: Any) -> str:
    """The page without what differs from request to request."""
    return DIFFERS.sub("", response.content.decode())
