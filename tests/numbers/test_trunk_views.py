"""The pages of SIP trunks …"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from dialnexa.models import Membership, Workspace
from phone_numbers.models import PhoneNumber, SipTrunk
from phone_numbers.releasing import release_number
from phone_numbers.sweeping import take_due_trunks
from telephony.models import SipRate
from tests.conftest import client_of, make_user
from tests.numbers.rows import make_number
from tests.numbers.trunks import SECRET, link, trunk_of
from tests.pbx import Pbx

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]

LINK, TEST = "/w/acme/numbers/link/", "/w/acme/numbers/link/check/"
HTMX = {"HX-Request": "true"}
FORM = {
    "phone_number": "+91 80 4718 2200",
    "nickname": "Front desk",
    "termination": "127.0.0.1:5070",
    "transport": "tcp",
    "auth_mode": "userpass",
    "username": "acme-desk",
    "password": SECRET,
    "caller_id": "+91 80 4718 2299",
}


@pytest.fixture
def trunk(workspace: Workspace, pbx: Pbx, now: datetime) -> SipTrunk:
    pbx.secret = SECRET
    return trunk_of(link(workspace, now, termination_uri=pbx.uri))


def url(trunk: SipTrunk, path: str = "trunk/") -> str:
    return f"/w/acme/numbers/{trunk.number_id}/{path}"


# --- the form -----------------------------------------------------------------------------------------


def test_offer_the_form_as_a_page_and_as_a_dialog(alice_client: Client) -> None:
    page = alice_client.get(LINK).content.decode()
    dialog = alice_client.get(LINK, headers=HTMX).content.decode()
    assert "<html" in page
    assert "<html" not in dialog
    for html in (page, dialog):
        assert 'autocomplete="new-password"' in html
        assert 'id="trunk-result" role="status"' in html


def test_are_offered_from_the_table(alice_client: Client, workspace: Workspace) -> None:
    assert alice_client.get("/w/acme/numbers/").content.decode().count(LINK) >= 2
    make_number(workspace)
    assert f'href="{LINK}"' in alice_client.get("/w/acme/numbers/").content.decode()


def test_say_what_a_minute_costs_before_anything_is_saved(alice_client: Client, now: datetime) -> None:
    assert "There is no flat rate in INR yet." in alice_client.get(LINK).content.decode()
    for days, amount in ((-2, "0.3512"), (2, "0.50")):
        begins = now + timedelta(days=days)
        SipRate.objects.create(currency="INR", per_minute=Decimal(amount), valid_from=begins)
    assert "₹0.3512/min" in alice_client.get(LINK).content.decode()


def test_say_what_the_carrier_needs(alice_client: Client, settings: Any) -> None:
    page = alice_client.get(LINK).content.decode()
    assert "no SIP address for incoming calls yet" in page
    assert "Ask support which addresses" in page
    settings.SIP_INBOUND_DOMAIN, settings.SIP_SIGNALLING_ADDRESSES = "sip.here.example", ["198.51.100.20"]
    page = alice_client.get(LINK).content.decode()
    assert "@sip.here.example" in page
    assert 'data-copy="198.51.100.20"' in page
    refused = alice_client.post(LINK, FORM | {"username": ""}).content.decode()
    assert 'data-copy="sip:+918047182200@sip.here.example"' in refused


def test_link_a_number(alice_client: Client) -> None:
    page = alice_client.post(LINK, FORM, follow=True)
    number = PhoneNumber.objects.get()
    assert page.redirect_chain == [(f"/w/acme/numbers/{number.pk}/", 302)]
    assert "+91 80 4718 2200 is linked." in page.content.decode()
    trunk = trunk_of(number)
    assert (number.nickname, trunk.transport, trunk.username) == ("Front desk", "tcp", "acme-desk")
    assert trunk.caller_id == "+918047182299"


def test_say_where_calls_may_come_from(alice_client: Client) -> None:
    alice_client.post(LINK, FORM | {"sources": "203.0.113.0/24, 2001:DB8::7"})
    trunk = SipTrunk.objects.get()
    assert trunk.sources == ["203.0.113.0/24", "2001:db8::7"]
    assert (
        "<code>203.0.113.0/24</code>, <code>2001:db8::7</code>"
        in alice_client.get(url(trunk, "")).content.decode()
    )
    assert 'value="203.0.113.0/24, 2001:db8::7"' in alice_client.get(url(trunk)).content.decode()
    SipTrunk.objects.update(sources=["0.0.0.0/0", "::/0"])
    assert "That is anywhere" in alice_client.get(url(trunk, "")).content.decode()
    SipTrunk.objects.update(sources=[])
    assert "127.0.0.1 <span" in alice_client.get(url(trunk, "")).content.decode()


def test_link_a_number_in_the_dialog(alice_client: Client) -> None:
    answer = alice_client.post(LINK, FORM, headers=HTMX)
    assert answer.status_code == 204
    assert {"close-modal", "numbers-changed", "toast"} <= set(json.loads(answer["HX-Trigger"]))


def test_link_by_address_whatever_is_left_in_the_hidden_fields(alice_client: Client) -> None:
    alice_client.post(LINK, FORM | {"auth_mode": "ip"})
    trunk = SipTrunk.objects.get()
    assert (trunk.auth_mode, trunk.username, trunk.sealed_password) == ("ip", "", None)


def test_link_only_what_answers_when_asked_to(alice_client: Client, pbx: Pbx) -> None:
    pbx.secret, form = SECRET, FORM | {"termination": pbx.uri, "transport": "udp", "check": "1"}
    form["username"] = "desk"
    refused = alice_client.post(LINK, form | {"password": "wrong"})
    assert refused.status_code == 502
    assert "The number was not linked." in refused.content.decode()
    table = alice_client.get("/w/acme/numbers/").content.decode()
    assert PhoneNumber.objects.get().pk not in table
    alice_client.post(LINK, form)
    assert PhoneNumber.objects.get(status="active").trunk.health == "healthy"


@pytest.mark.parametrize(
    "asked, field, status, words",
    [
        ({"phone_number": "12"}, "phone_number", 400, "Begin with +"),
        ({"termination": "sip:carrier.example"}, "termination", 400, "Write it without sip:"),
        ({"termination": "192.168.1.1"}, "termination", 400, "does not lead to a public address"),
        ({"username": ""}, "username", 400, "Enter the user name"),
        ({"password": ""}, "password", 400, "Enter the password"),
        ({"caller_id": "desk"}, "caller_id", 400, "Or leave it empty"),
        ({"nickname": "n" * 256}, "nickname", 400, "at most 255"),
        ({"transport": "x"}, "", 400, "The transport is one of"),
        ({"auth_mode": "x"}, "", 400, "by IP address (ip)"),
        ({"phone_number": "+12125550100"}, "phone_number", 409, "is registered here already"),
    ],
)
def test_say_beside_the_field_what_is_wrong_and_keep_what_was_typed(
    asked: dict[str, str],
    field: str,
    status: int,
    words: str,
    alice_client: Client,
    charlie_workspace: Workspace,
) -> None:
    make_number(charlie_workspace, "+12125550100")
    page = alice_client.post(LINK, FORM | asked)
    html = page.content.decode()
    assert page.status_code == status
    assert words in html
    assert not field or f'id="{field}-error"' in html
    for name in ("phone_number", "termination", "username", "nickname", "caller_id"):
        assert f'value="{(FORM | asked)[name]}"' in html
    assert SECRET not in html
    assert alice_client.post(LINK, FORM | asked, headers=HTMX).status_code == 422
    assert not SipTrunk.objects.exists()


# --- trying -------------------------------------------------------------------------------------------


def test_try_what_is_typed_and_store_nothing(alice_client: Client, pbx: Pbx) -> None:
    pbx.secret = SECRET
    form = FORM | {"termination": pbx.uri, "transport": "udp", "username": "desk"}

    def tried(**changes: str) -> str:
        return alice_client.post(TEST, form | changes, headers=HTMX).content.decode()

    right, wrong = tried(), tried(password="another")
    assert "Healthy" in right
    assert "SIP 200" in right
    assert " ms" in right
    assert "Unauthorized" in wrong
    assert "SIP 401" in wrong
    pbx.stop()
    assert "Unreachable" in tried()
    assert SECRET not in right + wrong
    assert not PhoneNumber.objects.exists()


def test_try_without_scripts_too(alice_client: Client, pbx: Pbx) -> None:
    page = alice_client.post(TEST, FORM | {"termination": pbx.uri, "transport": "udp"}).content.decode()
    assert "<html" in page
    assert "Healthy" in page
    assert 'value="acme-desk"' in page
    assert SECRET not in page
    assert alice_client.get(TEST)["Location"] == LINK


def test_refuse_to_try_what_can_not_be(alice_client: Client, settings: Any) -> None:
    refused = alice_client.post(TEST, FORM | {"termination": "10.0.0.1"}, headers=HTMX)
    assert refused.status_code == 422
    assert "public address" in refused.content.decode()
    settings.TRUNK_TEST_LIMIT = "0/minute"
    hurried = alice_client.post(TEST, FORM)
    assert hurried.status_code == 429
    assert "many tests in a short time" in hurried.content.decode()


# --- the number's page --------------------------------------------------------------------------------


def test_show_the_trunk_in_the_place_of_the_rent(
    trunk: SipTrunk, alice_client: Client, settings: Any, now: datetime
) -> None:
    settings.SIP_INBOUND_DOMAIN = "sip.here.example"
    SipRate.objects.create(currency="INR", per_minute=Decimal("0.35"), valid_from=now)
    page = alice_client.get(url(trunk, "")).content.decode()
    for words in (trunk.termination, "UDP", "desk", "never shown", "₹0.35/min", "It is being tested"):
        assert words in page
    assert f"sip:{trunk.number.e164}@sip.here.example" in page
    assert "rental-panel" not in page
    assert SECRET not in page
    assert "every 3s" in page  # until the first test is there
    alice_client.post(url(trunk, "trunk/check/"))
    page = alice_client.get(url(trunk, "")).content.decode()
    assert "SIP 200" in page
    assert "every 3s" not in page


def test_test_a_linked_trunk_now(trunk: SipTrunk, alice_client: Client, pbx: Pbx) -> None:
    page = alice_client.post(url(trunk, "trunk/check/"), follow=True).content.decode()
    assert "accepts the user name and password" in page
    assert "The trunk answers" in page
    pbx.secret = "another"
    fresh = alice_client.post(url(trunk, "trunk/check/"), headers=HTMX)
    assert "Unavailable" in fresh.content.decode()
    assert "trouble" in fresh["HX-Trigger"]
    assert trunk_of(trunk.number).health == "unauthorized"


def test_say_why_a_trunk_is_not_tested(trunk: SipTrunk, alice_client: Client, by: Any, now: datetime) -> None:
    release_number(trunk.number, by=by, now=now)
    assert "is not linked" in alice_client.post(url(trunk, "trunk/check/"), headers=HTMX)["HX-Trigger"]
    page = alice_client.post(url(trunk, "trunk/check/"), follow=True).content.decode()
    assert "is not linked" in page


def test_change_a_trunk(trunk: SipTrunk, alice_client: Client, now: datetime) -> None:
    form = alice_client.get(url(trunk), headers=HTMX).content.decode()
    assert f'value="{trunk.termination}"' in form
    assert "Empty keeps the one that is set." in form
    assert SECRET not in form
    typed = {
        "termination": trunk.termination,
        "auth_mode": "userpass",
        "username": "desk",
        "transport": "udp",
    }
    same = alice_client.post(url(trunk), typed, follow=True)
    assert "Nothing was changed." in same.content.decode()
    saved = alice_client.post(url(trunk), typed | {"transport": "tcp"}, headers=HTMX)
    assert saved["HX-Redirect"] == url(trunk, "")
    fresh = trunk_of(trunk.number)
    assert (fresh.transport, fresh.health) == ("tcp", "unchecked")
    assert fresh.sealed_password is not None
    assert take_due_trunks(now=now + timedelta(seconds=10)) == [trunk.pk]


def test_leave_the_checks_to_the_sweeper(
    alice_client: Client, trunk: SipTrunk, django_capture_on_commit_callbacks: Any
) -> None:
    """It has few out at a time; who saves without end would otherwise fill the workers' queue."""
    with django_capture_on_commit_callbacks() as callbacks:
        assert alice_client.post(LINK, FORM).status_code == 302
        assert alice_client.post(url(trunk), FORM | {"termination": "127.0.0.1:5099"}).status_code == 302
    assert callbacks == []


def test_refuse_a_change_beside_the_field(trunk: SipTrunk, alice_client: Client) -> None:
    typed = {"termination": "127.0.0.7", "auth_mode": "userpass", "username": "desk", "transport": "udp"}
    page = alice_client.post(url(trunk), typed)
    assert page.status_code == 400
    assert "Enter the password again" in page.content.decode()
    assert 'value="127.0.0.7"' in page.content.decode()
    tried = alice_client.post(TEST, typed | {"number": trunk.number_id}, headers=HTMX)
    assert "Enter the password again" in tried.content.decode()


def test_try_a_change_with_the_kept_password(trunk: SipTrunk, alice_client: Client, pbx: Pbx) -> None:
    typed = {"termination": pbx.uri, "auth_mode": "userpass", "username": "desk", "transport": "udp"}
    tried = alice_client.post(TEST, typed | {"number": trunk.number_id}, headers=HTMX).content.decode()
    assert "Healthy" in tried
    assert trunk_of(trunk.number).health == "unchecked"


# --- who may ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Membership.Role.MEMBER, Membership.Role.VIEWER])
def test_are_for_owners_and_admins(role: str, trunk: SipTrunk, workspace: Workspace, pbx: Pbx) -> None:
    user = make_user("Dora")
    workspace.memberships.create(user=user, role=role)
    client = client_of(user)
    for address in (LINK, TEST, url(trunk), url(trunk, "trunk/check/")):
        assert client.post(address, FORM).status_code == 403
    assert client.get(LINK).status_code == client.get(url(trunk)).status_code == 403
    page = client.get(url(trunk, "")).content.decode()
    assert trunk.termination in page
    assert "Edit trunk" not in page
    assert LINK not in client.get("/w/acme/numbers/").content.decode()
    assert pbx.calls == 0
    assert SipTrunk.objects.count() == 1


def test_do_not_exist_for_strangers(trunk: SipTrunk, charlie_client: Client, pbx: Pbx) -> None:
    for address in (LINK, TEST, url(trunk), url(trunk, "trunk/check/")):
        assert charlie_client.post(address, FORM).status_code == 404
    for path in ("trunk/", "trunk/check/"):
        theirs = url(trunk, path).replace("acme", "chocolate")
        assert charlie_client.post(theirs, FORM).status_code == 404
    mine = TEST.replace("acme", "chocolate")
    form = {"termination": pbx.uri, "auth_mode": "userpass", "username": "desk", "number": trunk.number_id}
    assert charlie_client.post(mine, form).status_code == 404  # else it would answer with our password
    assert pbx.calls == 0


def test_offer_to_link_a_number_again_whose_link_was_interrupted(
    workspace: Workspace, alice_client: Client
) -> None:
    number = make_number(
        workspace,
        "+12125550143",
        status="failed",
        carrier="sip_trunk",
        nickname="Desk & co",
        status_reason="It was interrupted.",
    )
    SipTrunk.objects.create(
        number=number, workspace=workspace, host="127.0.0.1", auth_mode="ip", status="failed"
    )
    again = f"{LINK}?phone_number=%2B12125550143&amp;nickname=Desk%20%26%20co"
    for page in ("/w/acme/numbers/", f"/w/acme/numbers/{number.pk}/"):
        html = alice_client.get(page).content.decode()
        assert again in html
        assert "It was interrupted." in html
    form = alice_client.get(again.replace("&amp;", "&")).content.decode()
    assert 'value="+12125550143"' in form
    assert 'value="Desk &amp; co"' in form


def test_need_a_trunk(workspace: Workspace, alice_client: Client) -> None:
    number = make_number(workspace)
    for path in ("trunk/", "trunk/check/"):
        assert alice_client.post(f"/w/acme/numbers/{number.pk}/{path}").status_code == 404
