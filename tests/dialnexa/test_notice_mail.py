"""The e-mail of a notice …"""

from __future__ import annotations

import logging
import smtplib
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction

from dialnexa.access import Right
from dialnexa.models import NoticeCopy, User, Workspace
from dialnexa.notice_mail import LEASE, send_due_mail
from dialnexa.notices import tell
from tests.conftest import make_user
from tests.processes import ROOT, wait_for

pytestmark = pytest.mark.django_db


class Server(EmailBackend):
    """Takes mail, unless told otherwise: ``refuses`` by address, ``tried`` says who was tried."""

    refuses: ClassVar[dict[str, Exception]] = {}
    tried: ClassVar[list[str]] = []
    before: ClassVar[list[Callable[[], None]]] = []

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        for act in self.before:
            act()
        for message in messages:
            self.tried.append(message.to[0])
            if error := self.refuses.get(message.to[0]) or self.refuses.get("all"):
                raise error
        return super().send_messages(messages)


@pytest.fixture
def server(settings: LazySettings) -> type[Server]:
    settings.EMAIL_BACKEND = f"{__name__}.Server"
    settings.PUBLIC_BASE_URL = "https://numbers.example.com"
    for kept in (Server.refuses, Server.tried, Server.before):
        kept.clear()
    return Server


def say(workspace: Workspace, now: datetime, reference: str = "1", **changes: Any) -> None:
    told: dict[str, Any] = {"right": Right.MANAGE, "title": "KYC verified", "body": "Now buy.", **changes}
    assert tell(workspace, reference=reference, now=now, **told)


def copy_of(user: User) -> NoticeCopy:
    return NoticeCopy.objects.get(user=user)


@pytest.fixture
def ada(workspace: Workspace) -> User:
    ada = make_user("Ada")
    workspace.memberships.create(user=ada, role="admin")
    return ada


def test_says_what_where_and_in_which_workspace(
    workspace: Workspace, alice: User, server: type[Server], now: datetime
) -> None:
    say(workspace, now, body='"A" & <B>', page="/w/acme/kyc/IN/")
    assert send_due_mail(now) == 1
    (message,) = mail.outbox
    assert (message.to, message.subject) == ([alice.email], "KYC verified · Acme")
    for part in ('"A" & <B>', "https://numbers.example.com/w/acme/kyc/IN/\n", 'workspace "Acme"'):
        assert part in message.body
    assert message.content_subtype == "plain"
    assert "https://numbers.example.com/w/acme/notices/" in message.body


def test_leaves_once(workspace: Workspace, alice: User, server: type[Server], now: datetime) -> None:
    say(workspace, now)
    assert (send_due_mail(now), send_due_mail(now), send_due_mail(now + timedelta(days=2))) == (1, 0, 0)
    copy = copy_of(alice)
    assert (copy.mailed_at, copy.next_mail_at, copy.tries) == (now, None, 1)


def test_takes_no_more_than_the_limit(
    workspace: Workspace, ada: User, server: type[Server], now: datetime
) -> None:
    say(workspace, now)
    assert (send_due_mail(now, limit=1), send_due_mail(now, limit=1), len(mail.outbox)) == (1, 1, 2)


@pytest.mark.parametrize("bad", ["Hello\r\nBcc: eve@example.com", "Hello\nX: y", "Hello\x0bthere"])
def test_lets_no_text_become_a_header(
    bad: str, workspace: Workspace, server: type[Server], now: datetime
) -> None:
    workspace.name = f"Acme\r\nCc: eve@example.com {bad}"
    workspace.save()
    say(workspace, now, title=bad)
    assert send_due_mail(now) == 1
    message = mail.outbox[0].message()
    assert set(message.keys()) == {
        "Content-Type",
        "MIME-Version",
        "Content-Transfer-Encoding",
        "Subject",
        "From",
        "To",
        "Date",
        "Message-ID",
        "Auto-Submitted",
    }
    assert mail.outbox[0].recipients() == ["alice@example.com"]


@pytest.mark.parametrize("way", ["left", "demoted", "locked out"])
def test_goes_to_nobody_who_may_not_know_any_more(
    way: str, workspace: Workspace, ada: User, server: type[Server], now: datetime
) -> None:
    say(workspace, now)
    theirs = workspace.memberships.filter(user=ada)
    if way == "left":
        theirs.delete()
    elif way == "demoted":
        theirs.update(role="viewer")
    else:
        User.objects.filter(pk=ada.pk).update(is_active=False)
    assert send_due_mail(now) == 1
    assert server.tried == ["alice@example.com"]
    assert (copy_of(ada).next_mail_at, copy_of(ada).mailed_at) == (None, None)


def test_is_tried_again_ever_later_and_given_up_after_a_day(
    workspace: Workspace,
    alice: User,
    server: type[Server],
    now: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.refuses["all"] = ConnectionRefusedError("secret words of the server")
    say(workspace, now)
    waits, at = [], now
    while True:
        assert send_due_mail(at) == 0
        due = copy_of(alice).next_mail_at
        if due is None:
            break
        assert send_due_mail(due - timedelta(seconds=1)) == 0
        waits.append((due - at).total_seconds() / 60)
        at = due
    assert waits[:9] == [1, 2, 4, 8, 16, 32, 64, 120, 120]
    assert timedelta(hours=21) < at - now <= timedelta(days=1)
    assert (len(server.tried), copy_of(alice).mailed_at) == (len(waits) + 1, None)
    assert [record.levelno for record in caplog.records].count(logging.ERROR) == 1
    assert "given up" in caplog.text
    assert "secret words" not in caplog.text
    assert alice.email not in caplog.text


def test_arrives_once_the_server_is_back(
    workspace: Workspace, alice: User, server: type[Server], now: datetime
) -> None:
    server.refuses["all"] = smtplib.SMTPServerDisconnected()
    say(workspace, now)
    send_due_mail(now)
    server.refuses.clear()
    assert send_due_mail(now + timedelta(minutes=1)) == 1
    assert (copy_of(alice).mailed_at, copy_of(alice).tries) == (now + timedelta(minutes=1), 2)


@pytest.mark.parametrize(
    "error", [smtplib.SMTPRecipientsRefused({}), smtplib.SMTPDataError(554, b"no"), ValueError("bad")]
)
def test_of_others_is_not_held_up_by_one_the_server_refuses(
    error: Exception, workspace: Workspace, ada: User, server: type[Server], now: datetime
) -> None:
    server.refuses["alice@example.com"] = error
    say(workspace, now)
    assert send_due_mail(now) == 1
    assert [message.to for message in mail.outbox] == [["ada@example.com"]]


def test_asks_a_server_that_is_away_once_a_round(
    workspace: Workspace, ada: User, server: type[Server], now: datetime
) -> None:
    server.refuses["all"] = TimeoutError()
    say(workspace, now)
    assert send_due_mail(now) == 0
    assert len(server.tried) == 1


def test_is_tried_again_when_the_process_died_with_it(
    workspace: Workspace, server: type[Server], now: datetime
) -> None:
    server.refuses["all"] = SystemExit()  # type: ignore[assignment]
    say(workspace, now)
    with pytest.raises(SystemExit):
        send_due_mail(now)
    server.refuses.clear()
    assert send_due_mail(now + LEASE - timedelta(seconds=1)) == 0
    assert send_due_mail(now + LEASE) == 1


@pytest.mark.django_db(transaction=True)
def test_leaves_outside_of_any_transaction(workspace: Workspace, server: type[Server], now: datetime) -> None:
    seen = []
    server.before.append(lambda: seen.append(connection.in_atomic_block))
    say(workspace, now)
    assert send_due_mail(now) == 1
    assert seen == [False]


@pytest.mark.django_db(transaction=True)
def test_leaves_once_however_many_send(
    workspace: Workspace, ada: User, server: type[Server], now: datetime
) -> None:
    for number in range(10):
        say(workspace, now, reference=str(number))
    barrier = threading.Barrier(4)

    def work() -> None:
        try:
            barrier.wait()
            send_due_mail(now)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(mail.outbox), NoticeCopy.objects.filter(mailed_at=now).count()) == (20, 20)


@pytest.mark.django_db(transaction=True)
def test_waits_for_nobody_who_has_a_row(
    workspace: Workspace, alice: User, ada: User, server: type[Server], now: datetime
) -> None:
    say(workspace, now)

    def work() -> None:
        try:
            send_due_mail(now)
        finally:
            connection.close()

    with transaction.atomic():
        NoticeCopy.objects.select_for_update().get(user=alice)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(5)
        assert not thread.is_alive()
    assert server.tried == ["ada@example.com"]


class Postman(socketserver.StreamRequestHandler):
    """As much of SMTP as one mail takes."""

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().strip():
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say("354 go on")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.mails.append(text)  # type: ignore[attr-defined]
            self._say("221 bye" if verb == b"QUIT" else "250 yes")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@pytest.mark.processes
def test_is_sent_by_a_real_sweeper_that_stops_when_told(
    workspace: Workspace, process_env: dict[str, str], now: datetime
) -> None:
    say(workspace, now)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postman) as postman:
        mails: list[bytes] = []
        postman.mails = mails  # type: ignore[attr-defined]
        threading.Thread(target=postman.serve_forever, daemon=True).start()
        port = postman.server_address[1]
        env = {"DIALNEXA_DEBUG": "1", "DIALNEXA_EMAIL_URL": f"smtp://127.0.0.1:{port}"}
        command = [sys.executable, "manage.py", "sweep"]
        sweeper = subprocess.Popen(
            command, cwd=ROOT, env={**process_env, **env, "DIALNEXA_MAIL_EVERY": "0.2"}
        )
        try:
            assert wait_for(lambda: NoticeCopy.objects.filter(mailed_at__isnull=False).exists())
        finally:
            sweeper.terminate()
            assert sweeper.wait(20) == 0
            postman.shutdown()
    assert len(mails) == 1
    assert b"Subject: =?utf-8?q?KYC_verified_=C2=B7_Acme?=" in mails[0]
