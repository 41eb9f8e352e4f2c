"""A session …"""

from __future__ import annotations

import threading

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.db import InterfaceError, OperationalError, connection

from dialnexa.sessions import SessionStore

pytestmark = pytest.mark.django_db(transaction=True)


def test_says_that_the_database_is_away_and_not_that_it_was_ended() -> None:
    session = SessionStore()
    session.create()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone() or (0,)
    cutter = threading.Thread(target=cut, args=(pid,))
    cutter.start()
    cutter.join()
    session["seen"] = 1
    with pytest.raises((OperationalError, InterfaceError)):
        session.save()
    connection.close()


def cut(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    connection.close()


def test_that_was_ended_elsewhere_can_not_be_saved() -> None:
    session = SessionStore()
    session.create()
    SessionStore(session.session_key).delete()
    session["seen"] = 1
    with pytest.raises(UpdateError):
        session.save()


def test_keeps_what_was_put_in() -> None:
    session = SessionStore()
    session["seen"] = 1
    session.create()
    session["seen"] = 2
    session.save()
    assert SessionStore(session.session_key)["seen"] == 2
