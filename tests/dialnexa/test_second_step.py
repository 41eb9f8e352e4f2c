"""A second step …"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client

from dialnexa.mfa.adapter import seal_for, unseal_for
from dialnexa.mfa.codes import spend
from dialnexa.mfa.resealing import reseal_second_steps
from dialnexa.models import AuditEntry, User, Workspace
from dialnexa.sealing import SealBroken
from tests.conftest import client_of
from tests.dialnexa.second_step import (
    BASE,
    SECRET,
    code,
    give_totp,
    is_signed_in,
    set_up_totp,
    sign_in,
    sign_in_with_code,
)

pytestmark = pytest.mark.django_db
PAGES = ("", "totp/activate/", "webauthn/add/")
SPEND = """
import sys, django; django.setup()
from allauth.mfa.models import Authenticator
from dialnexa.mfa.codes import spend
print(spend(Authenticator.objects.get(pk=sys.argv[1]), sys.argv[2]))
"""


def words(client: Client, path: str) -> str:
    page = client.get(f"{BASE}{path}")
    assert page.status_code == 200
    text = page.content.decode()
    return re.sub(r"<[^>]+>", " ", text[text.index("<main") : text.index("</main>")])


def test_is_asked_for_after_the_password(client: Client, alice: User, workspace: Workspace) -> None:
    give_totp(alice)
    assert sign_in(client, alice)["Location"] == f"{BASE}authenticate/"
    assert "_auth_user_id" not in client.session
    assert client.get("/w/acme/numbers/").status_code == 302
    assert client.post(f"{BASE}authenticate/", {"code": "000000"}).status_code == 200
    assert "_auth_user_id" not in client.session
    client.post(f"{BASE}authenticate/", {"code": code()})
    assert is_signed_in(client)


def test_keeps_its_secret_sealed(client: Client, alice: User, bob: User) -> None:
    client.force_login(alice)
    secret = set_up_totp(client)
    (kept,) = Authenticator.objects.filter(type="totp").values_list("data", flat=True)
    assert secret not in str(kept)
    assert unseal_for(alice, kept["secret"]) == secret
    (codes,) = Authenticator.objects.filter(type="recovery_codes").values_list("data", flat=True)
    assert len(unseal_for(alice, codes["seed"])) == 80
    with pytest.raises(SealBroken):
        unseal_for(bob, kept["secret"])  # copied to another account it opens nothing


def test_takes_no_code_twice(client: Client, alice: User) -> None:
    """Not even where the cache is another one, or was emptied."""
    give_totp(alice)
    other = Client()
    assert sign_in_with_code(client, alice).status_code == 302
    cache.clear()
    refused = sign_in_with_code(other, alice)
    assert "was used before" in refused.content.decode()
    assert "_auth_user_id" not in other.session
    assert sign_in_with_code(other, alice, ahead=1).status_code == 302


def test_takes_no_code_from_before_the_last(alice: User) -> None:
    step = give_totp(alice)
    assert spend(step, code())
    assert not spend(step, code(ahead=-1))
    assert spend(step, code(ahead=1))


@pytest.mark.django_db(transaction=True)
def test_takes_a_code_once_from_two_who_send_it_at_the_same_moment(alice: User) -> None:
    step, answers, gate = give_totp(alice), [], threading.Barrier(2)

    def try_it() -> None:
        gate.wait()
        answers.append(spend(step, code()))
        connection.close()

    threads = [threading.Thread(target=try_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False, True]


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_takes_a_code_once_whatever_process_took_it(alice: User, process_env: dict[str, str]) -> None:
    step, said = give_totp(alice), code()
    spending = [sys.executable, "-c", SPEND, str(step.pk), said]
    done = subprocess.run(spending, env=process_env, capture_output=True, text=True, timeout=60)
    assert done.stdout == "True\n", done.stderr
    assert not spend(step, said)


def test_may_not_be_guessed_for_ever(client: Client, alice: User) -> None:
    give_totp(alice)
    sign_in(client, alice)
    for _ in range(6):
        client.post(f"{BASE}authenticate/", {"code": "000000"})
    refused = client.post(f"{BASE}authenticate/", {"code": code()})
    assert "Too many tries" in refused.content.decode()
    assert "_auth_user_id" not in client.session


def test_has_recovery_codes_that_are_shown_once_and_work_once(client: Client, alice: User) -> None:
    client.force_login(alice)
    set_up_totp(client)
    codes = re.findall(r"\b\d{8}\b", words(client, "recovery-codes/"))
    assert len(codes) == 10
    assert not re.findall(r"\b\d{8}\b", words(client, "recovery-codes/"))
    assert client.get(f"{BASE}recovery-codes/download/").status_code in (403, 404)
    for expected in (True, False):
        other = Client()
        sign_in(other, alice)
        other.post(f"{BASE}authenticate/", {"code": codes[3]})
        assert ("_auth_user_id" in other.session) is expected


@pytest.mark.django_db(transaction=True)
def test_signs_every_other_browser_out_and_tells_the_owner(client: Client, alice: User) -> None:
    other = client_of(alice)
    client.force_login(alice)
    set_up_totp(client)
    assert is_signed_in(client)
    assert other.get(BASE).status_code == 302
    assert "turned on" in mail.outbox[-1].subject
    other = client_of(alice)
    client.post(f"{BASE}totp/deactivate/")
    assert is_signed_in(client)
    assert other.get(BASE).status_code == 302
    assert "turned off" in mail.outbox[-1].subject
    assert not Authenticator.objects.exists()
    events = AuditEntry.objects.filter(subject_id=alice.pk).order_by("id").values_list("event", flat=True)
    assert list(events) == ["add_second_step", "remove_second_step"]


def test_can_not_be_set_up_before_the_address_is_confirmed(client: Client, alice: User) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email)
    client.force_login(alice)
    page = client.get(f"{BASE}totp/activate/", follow=True).content.decode()
    assert "Confirm your e-mail addresses first" in page


LIBRARY = re.compile(r"Email\b|Authenticator App|Two-Factor|Security Key|Master|Deactivate|Passwordless")


@pytest.mark.parametrize("page", PAGES)
def test_reads_our_own_words(client: Client, alice: User, page: str) -> None:
    client.force_login(alice)
    assert not LIBRARY.search(words(client, page))


@pytest.mark.parametrize("page", ["", "totp/deactivate/", "recovery-codes/generate/", "reauthenticate/"])
def test_reads_our_own_words_once_it_is_on(client: Client, alice: User, page: str) -> None:
    client.force_login(alice)
    set_up_totp(client)
    assert not LIBRARY.search(words(client, page))


def test_opens_only_under_the_key_and_person_it_was_sealed_for(alice: User, bob: User) -> None:
    assert unseal_for(alice, seal_for(alice, SECRET)) == SECRET
    with pytest.raises(SealBroken):
        unseal_for(alice, seal_for(bob, SECRET))


def test_is_sealed_anew_under_the_first_key(alice: User, settings: Any) -> None:
    step = give_totp(alice)
    old = settings.SEALING_KEYS
    settings.SEALING_KEYS = {9: b"9" * 32, **old}
    assert reseal_second_steps() == (1, [])
    assert reseal_second_steps() == (0, [])
    settings.SEALING_KEYS = {9: b"9" * 32}
    step.refresh_from_db()
    assert unseal_for(alice, step.data["secret"]) == SECRET
