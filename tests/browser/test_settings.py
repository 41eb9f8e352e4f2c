"""In a browser, settings …"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from dialnexa.api.keys import find_key
from dialnexa.api.refusals import Unauthenticated
from dialnexa.models import ApiKey, Invitation, Membership, User, Workspace

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Open = Callable[..., Any]
KEYS = "/w/acme/settings/keys/"


def test_a_key_is_created_shown_once_rotated_and_revoked(
    open_page: Open, workspace: Workspace, complaints: list[str]
) -> None:
    page = open_page(KEYS)
    page.click("text=Create your first key")
    page.fill("#name", "CRM")
    assert page.is_hidden("text=Release numbers")
    page.check("[name=access][value=chosen]")
    page.check("text=See numbers")
    page.check("text=Buy numbers")
    page.fill("#cap", "1e3")
    page.click("button:text('Create key')")
    page.wait_for_selector("#cap-error:has-text('plain digits')")
    assert any("422" in said for said in complaints)  # the browser itself says so
    complaints.clear()
    assert page.is_checked("text=Buy numbers")
    page.fill("#cap", "2,500")
    page.dblclick("button:text('Create key')")  # the second press sends nothing
    page.wait_for_selector("#secret")
    first = page.inner_text("#secret")
    key = ApiKey.objects.get()
    assert find_key(first) == key
    assert key.scopes == ["numbers:read", "numbers:purchase"]

    page.click("text=I have copied it")
    page.wait_for_selector("h1:text('API keys')")
    assert first not in page.content()
    page.click(f"#{key.pk}-menu")
    page.click(f"#{key.pk}-rotate")
    page.check("#modal [name=overlap][value='3600']")
    page.click("#modal button:text('Rotate and show the secret')")
    page.wait_for_selector("#secret")
    second = page.inner_text("#secret")
    new = ApiKey.objects.get(replaces=key)
    assert (find_key(first), find_key(second)) == (key, new)
    page.wait_for_selector(f"text=…{key.hint}, works until")

    page.goto(page.url.partition("/w/")[0] + KEYS)
    assert page.inner_text(f"#{key.pk} .status") == "Being replaced"
    assert second not in page.content()
    page.click(f"#{key.pk}-menu")
    page.click(f"#{key.pk}-revoke")
    page.wait_for_selector("#modal :text('Every program that uses it is refused')")
    page.click("#modal button:text('Revoke for good')")
    page.wait_for_selector(".toast:has-text('is revoked')")
    assert page.is_hidden(f"#{key.pk}")
    with pytest.raises(Unauthenticated):
        find_key(first)
    assert find_key(second) == new


def test_a_secret_is_not_shown_again_when_the_page_is_loaded_again(
    open_page: Open, workspace: Workspace, complaints: list[str]
) -> None:
    page = open_page(f"{KEYS}new/")
    page.fill("#name", "CRM")
    page.click("button:text('Create key')")
    page.wait_for_selector("#secret")
    secret = page.inner_text("#secret")
    page.reload()  # the browser sends the form again
    page.wait_for_selector("h1:text('This key was made already')")
    assert secret not in page.content()
    complaints.clear()  # 409
    assert ApiKey.objects.count() == 1
    page.click("a:text('Get another secret')")
    assert page.is_checked("[name=overlap][value='0']")
    page.click("button:text('Rotate and show the secret')")
    assert page.inner_text("#secret") != secret
    with pytest.raises(Unauthenticated):
        find_key(secret)


def test_a_key_is_copied_without_being_said(open_page: Open, workspace: Workspace) -> None:
    page = open_page(f"{KEYS}new/", permissions=["clipboard-read", "clipboard-write"])
    page.fill("#name", "CRM")
    page.click("button:text('Create key')")
    page.click("text=Copy key")
    page.wait_for_selector(".toast:has-text('The key is copied.')")
    secret = page.inner_text("#secret")
    assert secret not in page.inner_text("#toasts")
    assert page.evaluate("navigator.clipboard.readText()") == secret


def test_a_key_is_made_without_scripts(open_page: Open, workspace: Workspace) -> None:
    page = open_page(f"{KEYS}new/", java_script_enabled=False)
    page.fill("#name", "CRM")
    page.select_option("#expiry", "date")
    page.fill("#expires_on", f"{timezone.now() + timedelta(days=30):%Y-%m-%d}")
    page.click("button:text('Create key')")
    secret = page.inner_text("#secret")
    assert re.fullmatch(r"dnx_[A-Za-z0-9]{33}", secret)
    assert page.is_hidden("text=Copy key")
    key = ApiKey.objects.get()
    page.goto(f"{page.url.partition('/w/')[0]}{KEYS}{key.pk}/revoke/")
    page.click("text=Revoke for good")
    assert "is revoked" in page.inner_text("#toasts")
    assert ApiKey.objects.get().revoked_at is not None


def test_a_colleague_is_invited_and_given_another_role(
    open_page: Open, workspace: Workspace, bob: User, complaints: list[str]
) -> None:
    page = open_page("/w/acme/settings/members/")
    page.click("#invite")
    page.fill("#modal #email", "bob@example.com")
    page.click("#modal button:text('Send the invitation')")
    page.wait_for_selector("#modal #email-error:has-text('is a member already')")
    complaints.clear()  # 422
    page.fill("#modal #email", "dana@example.com")
    page.check("#modal [value=viewer]")
    page.click("#modal button:text('Send the invitation')")
    page.wait_for_selector(".toast:has-text('on its way to dana@example.com')")
    assert Invitation.objects.get().role == "viewer"
    assert mail.outbox[0].to == ["dana@example.com"]
    pk = Membership.objects.get(user=bob).pk
    page.click(f"#member-{pk}-menu")
    page.click(f"#member-{pk}-role")
    page.check("#modal [value=admin]")
    page.click("#modal button:text('Save the role')")
    page.wait_for_selector(".toast:has-text('bob@example.com is Admin now')")
    assert Membership.objects.get(user=bob).role == "admin"


def test_the_history_is_filtered_in_place(open_page: Open, workspace: Workspace) -> None:
    page = open_page("/w/acme/settings/history/")
    page.wait_for_selector("text=Wallet credited")
    page.select_option("#what", "kyc")
    page.wait_for_selector("text=Papers verified")
    page.wait_for_selector("text=Wallet credited", state="detached")
    assert "what=kyc" in page.url
    page.click("summary:has-text('Papers verified')")
    page.wait_for_selector("code:text('kyccase.verify')")
    page.click("text=Show all")
    page.wait_for_selector("text=Wallet credited")
