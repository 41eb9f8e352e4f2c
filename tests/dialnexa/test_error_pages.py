"""An error page …"""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.template.loader import render_to_string
from django.test import Client

from dialnexa.errors import Refusal

pytestmark = pytest.mark.django_db


def test_says_what_to_do_about_an_address_that_leads_nowhere(client: Client) -> None:
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "This page does not exist" in response.content.decode()


def test_is_ours_for_a_foreign_workspace_also_while_debugging(
    charlie_client: Client, workspace: object, settings: LazySettings
) -> None:
    settings.DEBUG = True
    response = charlie_client.get("/w/acme/numbers/")
    assert response.status_code == 404
    assert "belongs to another workspace" in response.content.decode()


def test_needs_neither_database_nor_request_when_we_are_broken() -> None:
    assert "Something broke on our side" in render_to_string("500.html")


def test_tells_a_refusal_that_no_form_caught(
    client: Client, alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise Refusal("wallet_insufficient", "The wallet is short.", status=402, fix="wallet")

    monkeypatch.setattr("phone_numbers.views.table.NumberTable", refuse)
    response = alice_client.get("/w/acme/numbers/")
    assert response.status_code == 402
    assert "The wallet is short." in response.content.decode()
    assert 'href="/w/acme/wallet/"' in response.content.decode()


def test_is_ours_for_the_address_of_a_form(alice_client: Client) -> None:
    response = alice_client.get("/w/acme/kyc/GB/submit/")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "only takes what a form sends" in response.content.decode()


@pytest.mark.parametrize(
    "path", ["/w/a%00b/numbers/", "/w/acme/numbers/?q=%ff", "/w/" + "a" * 5000 + "/wallet/"]
)
def test_answers_malformed_addresses_calmly(alice_client: Client, path: str) -> None:
    assert alice_client.get(path).status_code in (200, 404)
