"""A look for changed routes …"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from queue import Queue

import pytest
from django.db import connection, transaction

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.inbound.cache import EVERYTHING, RouteCache, Trust
from phone_numbers.inbound.watching import Watch, clear_changes, watch
from phone_numbers.models import PhoneNumber, Rental, SipTrunk
from phone_numbers.routes.routing import route_number
from telephony.models import Agent
from tests.numbers.inbound.conftest import number as number
from tests.numbers.inbound.conftest import version as version
from tests.numbers.rows import make_number, make_rental
from tests.numbers.trunks import link

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)


@pytest.fixture
def looking(number: PhoneNumber) -> Watch:
    """Has looked twice: other sessions of this server may have held the first look's horizon back."""
    looking = Watch()
    looking.look()
    looking.look()
    return looking


def test_sees_nothing_when_nothing_has_changed(looking: Watch) -> None:
    assert looking.look() == set()
    PhoneNumber.objects.update(nickname="Desk")
    assert looking.look() == set()


def test_sees_a_changed_routing_once(looking: Watch, number: PhoneNumber, now: datetime) -> None:
    route_number(number, inbound=None, by=SYSTEM, now=now)
    assert looking.look() == {number.e164}
    assert looking.look() == set()


def test_sees_a_number_that_leaves(looking: Watch, number: PhoneNumber, now: datetime) -> None:
    number.transition("release", by=SYSTEM, now=now)
    assert looking.look() == {number.e164}


def test_sees_rent_that_runs_out_and_is_paid(looking: Watch, number: PhoneNumber, now: datetime) -> None:
    rental = Rental.objects.get(number=number)
    rental.transition("expire", by=SYSTEM, now=now, expired_at=now)
    assert looking.look() == {number.e164}
    rental.transition("restore", by=SYSTEM, now=now, expired_at=None)
    assert looking.look() == {number.e164}


def test_sees_a_new_rental(looking: Watch, workspace: Workspace, now: datetime) -> None:
    new = make_number(workspace)
    make_rental(new, now)
    assert looking.look() == {new.e164}


def test_sees_other_addresses_that_a_trunks_calls_may_come_from(
    workspace: Workspace, loopback: None, now: datetime
) -> None:
    linked, looking = link(workspace, now), Watch()
    looking.look()
    SipTrunk.objects.filter(number=linked).update(sources=["203.0.113.0/24"])
    assert looking.look() == {linked.e164}


def test_forgets_everything_when_an_agent_is_renamed(
    looking: Watch,
) -> None:
    Agent.objects.update(title="Other")
    assert looking.look() == {EVERYTHING}


@pytest.fixture
def elsewhere() -> Iterator[Callable[[str], None]]:
    """Another session, which does what it is told, one statement after the other."""
    orders: Queue[str] = Queue()

    def work() -> None:
        connection.ensure_connection()
        while order := orders.get():
            with connection.cursor() as cursor:
                cursor.execute(order)
            orders.task_done()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()

    def tell(order: str) -> None:
        orders.put(order)
        orders.join()

    yield tell
    orders.put("")
    thread.join()


def test_misses_no_change_that_is_committed_after_a_later_one(
    looking: Watch, number: PhoneNumber, elsewhere: Callable[[str], None], workspace: Workspace
) -> None:
    other = make_number(workspace)
    elsewhere("BEGIN")
    elsewhere(f"UPDATE numbers_phonenumber SET inbound_version_id = NULL WHERE id = '{number.pk}'")
    PhoneNumber.objects.filter(pk=other.pk).update(country="CA")  # begins later, is committed first
    assert looking.look() == {other.e164}
    assert looking.look() == set()
    elsewhere("COMMIT")
    assert looking.look() == {number.e164}
    assert looking.look() == set()


def test_misses_no_change_of_a_transaction_that_was_open_at_the_first_look(
    number: PhoneNumber, elsewhere: Callable[[str], None]
) -> None:
    elsewhere("BEGIN")
    elsewhere(f"UPDATE numbers_phonenumber SET inbound_version_id = NULL WHERE id = '{number.pk}'")
    looking = Watch()
    looking.look()
    elsewhere("COMMIT")
    assert number.e164 in looking.look()  # others may be told again while another session is open


def test_ignores_what_was_rolled_back(looking: Watch, number: PhoneNumber) -> None:
    with transaction.atomic():
        PhoneNumber.objects.filter(pk=number.pk).update(country="CA")
        transaction.set_rollback(True)
    assert looking.look() == set()


def test_trusts_nothing_when_another_database_stands_there(looking: Watch) -> None:
    looking.xmin += 10**6
    assert looking.look() == {EVERYTHING}
    assert EVERYTHING not in looking.look()


def test_that_fails_for_good_leaves_nothing_to_be_trusted(
    number: PhoneNumber, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = RouteCache(kept=600)
    cache.confirm(())
    monkeypatch.setattr(Watch, "look", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        watch(cache)
    assert cache.trust() is Trust.NONE


def test_leaves_old_changes_to_the_sweeper(looking: Watch, number: PhoneNumber, now: datetime) -> None:
    PhoneNumber.objects.filter(pk=number.pk).update(country="CA")
    clear_changes(now)
    assert count() > 0
    clear_changes(now + timedelta(hours=2))
    assert count() == 0


def count() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM numbers_route_change")
        return int(cursor.fetchone()[0])
