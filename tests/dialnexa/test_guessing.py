"""Guessing passwords …"""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.test import Client

from dialnexa import accounts, clock
from dialnexa.models import User
from dialnexa.tasks import mail_about_guessing
from tests.conftest import PASSWORD, make_user

pytestmark = pytest.mark.django_db
HERE, THERE = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What workers were asked to mail."""
    asked: list[dict[str, str]] = []
    monkeypatch.setattr(accounts, "ring", lambda task, **ids: asked.append(ids))
    return asked


def try_it(email: str, password: str, address: str = HERE) -> tuple[bool, str]:
    """Whether it let us in, and the page."""
    client = Client(REMOTE_ADDR=address)
    answer: Any = client.post("/accounts/login/", {"login": email, "password": password})
    return "_auth_user_id" in client.session, answer.content.decode()


def guess(email: str, times: int, address: str = HERE) -> None:
    for _ in range(times):
        assert not try_it(email, "wrong password", address)[0]


def test_ends_at_the_sixth_even_with_the_right_one(alice: User, rung: list[dict[str, str]]) -> None:
    guess(alice.email, 5)
    entered, page = try_it(alice.email, PASSWORD)
    assert not entered
    assert "Too many tries" in page
    with time_machine.travel(clock.wall_now().timestamp() + 14 * 60, tick=False):
        assert not try_it(alice.email, PASSWORD)[0]
    with time_machine.travel(clock.wall_now().timestamp() + 16 * 60, tick=False):
        assert try_it(alice.email, PASSWORD)[0]


def test_keeps_nobody_out_elsewhere_and_no_other_account(alice: User, rung: list[dict[str, str]]) -> None:
    bob = make_user("Bob")
    guess(alice.email, 6)
    assert try_it(alice.email, PASSWORD, THERE)[0]
    assert try_it(bob.email, PASSWORD)[0]


def test_is_not_forgotten_by_signing_in_to_another_account(alice: User, rung: list[dict[str, str]]) -> None:
    bob = make_user("Bob")
    guess(alice.email, 4)
    assert try_it(bob.email, PASSWORD)[0]
    guess(alice.email, 1)
    assert not try_it(alice.email, PASSWORD)[0]


def test_ends_from_many_addresses_together(alice: User, rung: list[dict[str, str]], settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login_failed_anywhere": "8/h/key"}
    for n in range(8):
        guess(alice.email, 1, f"198.51.100.{n}")
    entered, page = try_it(alice.email, PASSWORD, "198.51.100.99")
    assert not entered
    assert "Too many tries" in page


def test_does_not_count_what_was_right(alice: User, rung: list[dict[str, str]], settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login_failed_anywhere": "3/h/key"}
    for _ in range(5):
        assert try_it(alice.email, PASSWORD)[0]
    assert rung == []


def test_is_answered_alike_whether_there_is_an_account(alice: User, rung: list[dict[str, str]]) -> None:
    pages = []
    for email, address in ((alice.email, HERE), ("nobody@example.com", THERE)):
        answers = [try_it(email, "wrong password", address)[1] for _ in range(6)]
        pages.append([("Too many tries" in page, "No account has this address" in page) for page in answers])
    assert pages[0] == pages[1]
    assert [ids["email"] for ids in rung] == [alice.email, "nobody@example.com"]


def test_is_told_to_the_owner_once_an_hour(alice: User, rung: list[dict[str, str]]) -> None:
    guess(alice.email, 8)
    assert rung == [{"email": alice.email, "address": HERE}]
    mail_about_guessing(**rung[0])
    (message,) = mail.outbox
    assert message.to == [alice.email]
    assert HERE in str(message.body)


def test_is_told_to_nobody_where_there_is_no_account(db: None) -> None:
    mail_about_guessing(email="nobody@example.com", address=HERE)
    assert mail.outbox == []


def test_is_counted_in_a_cache_that_strangers_can_not_fill(alice: User, rung: list[dict[str, str]]) -> None:
    """Django's default forgets a third of a full cache, counts among it."""
    guess(alice.email, 5)
    for n in range(400):
        cache.set(f"made-up-{n}", 1)
    assert not try_it(alice.email, PASSWORD)[0]
