"""The desk's addresses …"""

from __future__ import annotations

import pytest
from django.test import Client

from dialnexa.models import User
from telephony.models import CarrierExchange

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "query",
    [
        "password__startswith=argon2",
        "password=x",
        "email__regex=(",
        "email__startswith=a",
        "memberships__user__password__contains=a",
    ],
)
def test_filter_by_nothing_that_spells_secrets_out(query: str, staff_client: Client, alice: User) -> None:
    page = staff_client.get(f"/admin/dialnexa/user/?{query}")
    assert page.status_code in (302, 400)
    assert alice.email not in page.content.decode()


def test_filter_keys_by_no_digest(staff_client: Client) -> None:
    assert staff_client.get("/admin/dialnexa/apikey/?digest__startswith=0").status_code in (302, 400)


def test_still_lead_to_one_objects_history(staff_client: Client, alice: User) -> None:
    assert staff_client.get(f"/admin/dialnexa/auditentry/?subject_id__exact={alice.id}").status_code == 200


def test_answer_a_year_that_does_not_exist(staff_client: Client) -> None:
    assert staff_client.get("/admin/dialnexa/auditentry/?at__year=99999999999").status_code in (302, 400)


def test_show_an_exchange_however_deep_its_body(staff_client: Client) -> None:
    odd = CarrierExchange.objects.create(
        carrier="plivo", method="GET", url="/", response_body="[" * 20_000, duration_ms=1
    )
    assert staff_client.get(f"/admin/telephony/carrierexchange/{odd.pk}/change/").status_code == 200
