"""A request to the REST API …"""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dialnexa.models import User
from dialnexa.rate_limiting import limiter
from tests.conftest import Program, client_of

pytestmark = pytest.mark.django_db
URL = "/v1/wallet"


def test_asks_neither_for_a_session_nor_for_a_user(
    program: Program, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    program.get(URL)  # notes that the key was used
    program.http.cookies = client_of(alice).cookies
    with django_assert_num_queries(3):  # the key, the balance, what is held
        assert program.get(URL).status_code == 200


def test_does_not_see_whose_page_its_thread_showed_before(
    program: Program, alice_client: Client, alice: User
) -> None:
    User.objects.filter(pk=alice.pk).update(time_zone="America/New_York")
    alice_client.get("/w/acme/numbers/")
    assert timezone.get_current_timezone_name() == "America/New_York"
    program.get(URL)
    assert timezone.get_current_timezone_name() == timezone.get_default_timezone_name()


def test_is_counted_also_when_redis_has_forgotten_how(program: Program, now: datetime) -> None:
    left = [int(program.get(URL).headers["X-RateLimit-Remaining"])]
    limiter().storage.get_connection().script_flush()  # type: ignore[attr-defined]
    left += [int(program.get(URL).headers["X-RateLimit-Remaining"]) for _ in range(2)]
    assert left == [left[0], left[0] - 1, left[0] - 2]
