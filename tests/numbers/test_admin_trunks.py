"""Support sees SIP trunks …"""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.test import Client

from dialnexa.audit import entries_about
from dialnexa.models import Workspace
from phone_numbers.models import SipTrunk
from tests.numbers.trunks import SECRET, link, trunk_of
from tests.pbx import Pbx

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]

LIST = "/admin/numbers/siptrunk/"


@pytest.fixture
def trunk(workspace: Workspace, pbx: Pbx, now: datetime) -> SipTrunk:
    pbx.secret = SECRET
    return trunk_of(link(workspace, now, phone_number="+918047182200", termination_uri=pbx.uri))


@pytest.mark.parametrize("q", ["+91 80 4718 2200", "47182200", "127.0.0.1", "acme"])
def test_by_number_host_or_workspace(q: str, trunk: SipTrunk, staff_client: Client) -> None:
    page = staff_client.get(LIST, {"q": q}).content.decode()
    assert re.search(rf'<a href="{LIST}{trunk.pk}/change/[^"]*">{trunk.termination}</a>', page)
    assert f"{LIST}{trunk.pk}/change/" not in staff_client.get(LIST, {"q": "+12125550100"}).content.decode()


def test_with_everything_but_the_password(trunk: SipTrunk, staff_client: Client) -> None:
    sealed = bytes(trunk.sealed_password or b"")
    pages = [LIST, f"{LIST}{trunk.pk}/change/", f"/admin/numbers/phonenumber/{trunk.number_id}/change/"]
    shown = [staff_client.get(page).content.decode() for page in pages]
    assert "Set, and shown nowhere" in shown[1]
    assert trunk.termination in shown[1]
    assert "Not checked yet" in shown[2]
    for page in shown:
        assert SECRET not in page
        assert sealed.hex() not in page
        assert "sealed" not in page


def test_and_can_not_filter_by_the_sealed_password(trunk: SipTrunk, staff_client: Client) -> None:
    for lookup in ("sealed_password", "sealed_password__gte", "sealed_password__startswith"):
        page = staff_client.get(LIST, {lookup: "\x01"})
        assert page.status_code in (302, 400)


def test_and_tests_one_now_with_a_reason(trunk: SipTrunk, staff_client: Client) -> None:
    action = f"{LIST}do/check-now/"
    assert "Check now" in staff_client.get(f"{LIST}{trunk.pk}/change/").content.decode()
    data = {"id": trunk.pk, "reason": "The customer hears nothing"}
    page = staff_client.post(action, data, follow=True).content.decode()
    assert "healthy, SIP 200" in page
    assert trunk_of(trunk.number).health == "healthy"
    told = entries_about([trunk.pk]).get(event="check")
    assert (told.reason, told.channel) == ("The customer hears nothing", "staff")


def test_in_the_numbers_timeline(trunk: SipTrunk, staff_client: Client) -> None:
    page = staff_client.get(f"/admin/numbers/phonenumber/{trunk.number_id}/change/").content.decode()
    assert "SIP trunk" in page
    assert "linking → linked" in page
