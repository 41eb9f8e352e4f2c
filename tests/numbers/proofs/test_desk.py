"""A proof of the books, for staff, …"""

from __future__ import annotations

from datetime import datetime, timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client

from dialnexa import heartbeats
from dialnexa.models import AuditEntry, User
from phone_numbers.models import LedgerProof
from phone_numbers.proofs.proving import TURN, forget_proofs, prove_books
from phone_numbers.proofs.telling import mail_failures
from tests.conftest import client_of, make_user

DAY = timedelta(days=1)
LIST = "/admin/numbers/ledgerproof/"


def proof(at: datetime, *wrong: str, **fields: Any) -> LedgerProof:
    checks = [{"code": code, "title": f"{code}.", "count": 1, "took_ms": 1, "found": []} for code in wrong]
    told = {"ok": not wrong, "took_ms": 1, "entries": 9, "checks": checks}
    return LedgerProof.objects.create(at=at, **told | fields)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``broken("sum")``: from now on proofs find that this check fails."""

    def look(*codes: str) -> None:
        found = [
            {"code": code, "title": f"{code}.", "count": 1, "took_ms": 1, "found": [["rnt_1", "Odd."]]}
            for code in codes
        ]
        monkeypatch.setattr("phone_numbers.proofs.proving.CHECKS", tuple(codes))
        monkeypatch.setattr("phone_numbers.proofs.proving._look", lambda code, now: found[codes.index(code)])

    return look


# --- telling staff ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_mails_staff_once_for_each_new_failure(broken: Any, staff: User, alice: User, now: datetime) -> None:
    clerk = make_user("Kim", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_ledgerproof"))
    make_user("Lee", is_staff=True)
    mails = []
    for day, codes in enumerate([("sum",), ("sum",), ("sum", "holds"), (), ("sum",)]):
        broken(*codes)
        prove_books(now=now + day * DAY)
        mail_failures(now + day * DAY)
        mails.append(len(mail.outbox))
    assert mails == [1, 1, 2, 2, 3]
    assert sorted(mail.outbox[0].bcc) == sorted([staff.email, clerk.email])
    assert mail.outbox[0].to == []
    assert "rnt_1: Odd." in mail.outbox[0].body
    assert LedgerProof.objects.order_by("at")[0].pk in mail.outbox[0].body


@pytest.mark.django_db
def test_mails_again_what_the_mail_server_did_not_take(
    staff: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = proof(now, "sum", next_mail_at=now)

    def refuse(message: EmailMessage) -> None:
        raise SMTPServerDisconnected

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", refuse)
        assert mail_failures(now) == 0
    assert (mail_failures(now), mail_failures(now + timedelta(minutes=6))) == (0, 1)
    failed.refresh_from_db()
    assert (len(mail.outbox), failed.next_mail_at, failed.mailed_at is not None) == (1, None, True)


# --- the desk ---------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_stands_above_everything_while_the_books_are_not_in_order(
    staff_client: Client, now: datetime
) -> None:
    failed = proof(now, "sum", "holds")
    shown = staff_client.get("/admin/").content.decode()
    assert "The books are not in order" in shown
    assert "found: holds, sum." in shown
    assert f"{LIST}{failed.pk}/change/" in shown
    proof(now + DAY)
    assert "The books are not in order" not in staff_client.get("/admin/").content.decode()


@pytest.mark.django_db
def test_is_not_shown_to_staff_who_may_not_see_it(now: datetime) -> None:
    proof(now, "sum")
    shown = client_of(make_user("Lee", is_staff=True)).get("/admin/").content.decode()
    assert "The books are not in order" not in shown


@pytest.mark.django_db
def test_is_made_soon_when_staff_ask_for_it(staff_client: Client, now: datetime) -> None:
    last = proof(now)
    assert heartbeats.take_turn(TURN, now=now, every=DAY)
    assert not heartbeats.take_turn(TURN, now=now, every=DAY)
    assert f"do/prove/?id={last.pk}" in staff_client.get(LIST).content.decode()
    sent = {"id": last.pk, "reason": "After a restore"}
    told = staff_client.post(f"{LIST}do/prove/", sent, follow=True).content.decode()
    assert "the books are being proved" in told
    assert heartbeats.take_turn(TURN, now=now, every=DAY)
    assert AuditEntry.objects.get(subject_id=last.pk).reason == "After a restore"


# --- what is kept -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_is_forgotten_after_a_while_and_a_failure_later(now: datetime) -> None:
    fresh = proof(now - 89 * DAY)
    failed = proof(now - 700 * DAY, "sum")
    proof(now - 91 * DAY)
    proof(now - 731 * DAY, "sum")
    assert forget_proofs(now=now) == 2
    assert set(LedgerProof.objects.all()) == {fresh, failed}


@pytest.mark.django_db
def test_is_kept_when_it_is_the_last_one(now: datetime) -> None:
    last = proof(now - 999 * DAY)
    assert forget_proofs(now=now) == 0
    assert LedgerProof.objects.get() == last
