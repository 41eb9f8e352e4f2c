"""Linking a number …"""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from dialnexa.audit import entries_about
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, Workspace
from dialnexa.sealing import place, unseal
from phone_numbers.linking import health as trunk_health
from phone_numbers.linking import trunks
from phone_numbers.linking.settings import clean_settings, find_host
from phone_numbers.linking.trunks import end_interrupted_link
from phone_numbers.models import PhoneNumber, SipTrunk
from phone_numbers.sweeping import take_due_trunks, take_interrupted_links
from telephony.sip import targets
from tests.numbers.rows import make_number
from tests.numbers.trunks import SECRET, link, trunk_of
from tests.pbx import Pbx

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]

NUMBER = "+918047182200"


def refused(workspace: Workspace, now: datetime, **asked: Any) -> Refusal:
    with pytest.raises(Refusal) as info:
        link(workspace, now, **{"phone_number": NUMBER} | asked)
    return info.value


# --- without a check --------------------------------------------------------------------------------


def test_makes_it_active_at_once_and_has_it_checked_soon(
    workspace: Workspace, by: Any, now: datetime
) -> None:
    number = link(
        workspace,
        now,
        phone_number="+91 80-4718 2200",
        termination_uri="127.0.0.1:5080",
        transport="tcp",
        nickname=" Front desk ",
        caller_id="+91 80 4718 2201",
        by=by,
    )
    number = PhoneNumber.objects.get(pk=number.pk)
    assert (number.e164, number.country, number.calling_code) == (NUMBER, "IN", "91")
    assert (number.status, number.carrier, number.type) == ("active", "sip_trunk", "local")
    assert (number.nickname, number.capabilities, number.activated_at) == ("Front desk", ["voice"], now)
    assert number.status_reason == ""
    assert not hasattr(number, "order")
    assert not hasattr(number, "rental")
    trunk = trunk_of(number)
    assert (trunk.status, trunk.health, trunk.termination) == ("linked", "unchecked", "127.0.0.1:5080")
    assert (trunk.transport, trunk.username, trunk.caller_id) == ("tcp", "desk", "+918047182201")
    assert take_due_trunks(now=now) == [trunk.pk]


def test_keeps_the_password_sealed_for_its_row(workspace: Workspace, now: datetime) -> None:
    trunk = trunk_of(link(workspace, now))
    assert SECRET.encode() not in bytes(trunk.sealed_password or b"")
    assert unseal(trunk.sealed_password, **place(trunk, "sealed_password")) == SECRET


def test_writes_the_password_nowhere_else(
    workspace: Workspace, by: Any, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    number = link(workspace, now, by=by)
    told = [str(row) for row in AuditEntry.objects.values()]
    assert len(told) > 3
    assert SECRET not in " ".join([*told, repr(number), repr(trunk_of(number)), caplog.text, everything()])


def everything() -> str:
    """Every table, as text and as hexadecimal bytes turned back."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows += [row[0] for row in cursor.fetchall()]
    plain = " ".join(rows)
    assert NUMBER[:8] in plain
    hidden = [bytes.fromhex(word) for word in re.findall(r"\\\\?x((?:[0-9a-f]{2})+)", plain)]
    assert hidden
    return plain + " ".join(text.decode("latin-1") for text in hidden)


def test_by_address_keeps_no_credentials(workspace: Workspace, now: datetime) -> None:
    trunk = trunk_of(link(workspace, now, auth_mode="ip", username="", password=""))
    assert (trunk.auth_mode, trunk.username, trunk.sealed_password) == ("ip", "", None)


def test_tells_the_history_who_did_it_without_the_password(
    workspace: Workspace, by: Any, now: datetime
) -> None:
    number = link(workspace, now, by=by)
    entries = list(entries_about([number.pk, trunk_of(number).pk]))
    assert [(e.subject_type, e.event) for e in entries] == [
        ("phonenumber", "create"),
        ("siptrunk", "create"),
        ("siptrunk", "link"),
        ("phonenumber", "activate"),
    ]
    assert {e.actor_name for e in entries} == {"Alice"}
    assert entries[1].after["termination"] == "127.0.0.1:5070"
    assert "password" not in entries[1].after


@pytest.mark.parametrize(
    "number, kind, country",
    [("+80012345678", "toll_free", ""), ("+919812345678", "mobile", "IN"), ("+12025550143", "local", "US")],
)
def test_takes_any_possible_number(
    number: str, kind: str, country: str, workspace: Workspace, now: datetime
) -> None:
    linked = link(workspace, now, phone_number=number)
    assert (linked.type, linked.country) == (kind, country)


def test_takes_a_possible_number_of_no_known_kind(workspace: Workspace, now: datetime) -> None:
    assert link(workspace, now, phone_number="+911600123456").status == "active"


# --- refusals: each its own -------------------------------------------------------------------------

REFUSALS = [
    ({"phone_number": "080 4718 2200"}, "number_invalid", "phone_number"),
    ({"phone_number": "+9180"}, "number_invalid", "phone_number"),
    ({"phone_number": ""}, "number_invalid", "phone_number"),
    ({"termination_uri": ""}, "sip_host_missing", "termination"),
    ({"termination_uri": "sip:carrier.example"}, "sip_host_scheme", "termination"),
    ({"termination_uri": "10.0.0.7"}, "sip_host_private", "termination"),
    ({"termination_uri": "[::1]:5060"}, "sip_host_private", "termination"),
    ({"termination_uri": "169.254.169.254"}, "sip_host_private", "termination"),
    ({"termination_uri": "desk@carrier.example"}, "sip_host_user", "termination"),
    ({"termination_uri": "127.0.0.1:25"}, "sip_host_port", "termination"),
    ({"termination_uri": "not a host"}, "sip_host_characters", "termination"),
    ({"transport": "ws"}, "sip_transport_unknown", "transport"),
    ({"auth_mode": "oauth"}, "sip_auth_mode_unknown", "auth_mode"),
    ({"username": ""}, "sip_credentials_missing", "username"),
    ({"username": "  "}, "sip_credentials_missing", "username"),
    ({"password": ""}, "sip_credentials_missing", "password"),
    ({"auth_mode": "ip"}, "sip_credentials_forbidden", "username"),
    ({"auth_mode": "ip", "username": ""}, "sip_credentials_forbidden", "password"),
    ({"username": "desk\r\nX: y"}, "sip_credentials_invalid", "username"),
    ({"username": "d" * 129}, "sip_credentials_invalid", "username"),
    ({"password": "a\nb"}, "sip_credentials_invalid", "password"),
    ({"password": "a\x00b"}, "sip_credentials_invalid", "password"),
    ({"password": "a\ud800b"}, "sip_credentials_invalid", "password"),
    ({"password": "p" * 129}, "sip_credentials_invalid", "password"),
    ({"nickname": "n" * 256}, "nickname_too_long", "nickname"),
    ({"caller_id": "1234"}, "caller_id_invalid", "caller_id"),
]


@pytest.mark.parametrize("asked, code, field", REFUSALS)
def test_is_refused_naming_the_field(
    asked: dict[str, str], code: str, field: str, workspace: Workspace, now: datetime
) -> None:
    refusal = refused(workspace, now, **asked)
    assert (refusal.code, refusal.status, refusal.details["field"]) == (code, 400, field)
    assert PhoneNumber.objects.count() == SipTrunk.objects.count() == 0


def test_has_another_sentence_for_every_reason(workspace: Workspace, now: datetime) -> None:
    sentences = [refused(workspace, now, **asked).sentence for asked, _, _ in REFUSALS]
    assert SECRET not in " ".join(sentences)
    repeated = {text for text in sentences if sentences.count(text) > 1}
    assert len(repeated) <= 3  # a blank user name is a missing one; two ways of breaking a line; private ones


class Names:
    """A DNS in which every name is an address inside."""

    def resolve(self, qname: str, rdtype: str, **_: Any) -> list[Any]:
        from types import SimpleNamespace

        import dns.resolver

        if rdtype != "A":
            raise dns.resolver.NoAnswer
        if qname.startswith("nowhere"):
            raise dns.resolver.NXDOMAIN
        if qname.startswith("mute"):
            raise dns.resolver.LifetimeTimeout(timeout=1, errors=[])
        return [SimpleNamespace(address="192.168.7.7")]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "_system_resolver", Names)


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize(
    "host, code", [("inside.example", "sip_host_private"), ("nowhere.example", "sip_host_unknown")]
)
def test_is_refused_for_a_name_that_leads_inside_or_nowhere(
    host: str, code: str, workspace: Workspace, now: datetime
) -> None:
    refusal = refused(workspace, now, termination_uri=host)
    assert (refusal.code, refusal.details["field"]) == (code, "termination")


def test_leaves_threads_to_others_while_name_servers_are_silent(
    monkeypatch: pytest.MonkeyPatch, workspace: Workspace, now: datetime
) -> None:
    answered = threading.Event()

    class Silent(Names):
        def resolve(self, qname: str, rdtype: str, **_: Any) -> list[Any]:
            answered.wait(10)
            return super().resolve(qname, rdtype)

    monkeypatch.setattr(targets, "_system_resolver", Silent)
    wanted = clean_settings(termination_uri="slow.example", auth_mode="ip")
    with ThreadPoolExecutor() as waiting:
        told = [waiting.submit(find_host, wanted, needed=True) for _ in range(2)]
        try:
            refusal = refused(workspace, now, termination_uri="slow.example", check=True)
            assert (refusal.code, refusal.status) == ("sip_checks_busy", 503)
            assert link(workspace, now, termination_uri="slow.example").status == "active"
        finally:
            answered.set()
        assert {getattr(one.exception(), "code", "") for one in told} == {"sip_host_private"}


@pytest.mark.usefixtures("names")
def test_needs_the_name_servers_only_for_a_check(workspace: Workspace, now: datetime) -> None:
    assert refused(workspace, now, termination_uri="mute.example", check=True).code == "sip_host_unresolved"
    assert link(workspace, now, termination_uri="mute.example").status == "active"


@pytest.mark.parametrize("status", ["pending", "active", "releasing"])
def test_is_refused_while_anybody_has_the_number(
    status: str, workspace: Workspace, charlie_workspace: Workspace, now: datetime
) -> None:
    make_number(charlie_workspace, NUMBER, calling_code="91", country="IN", status=status)
    theirs = refused(workspace, now)
    ours = refused(charlie_workspace, now)
    assert (theirs.code, theirs.status) == ("number_already_registered", 409)
    assert theirs.sentence == ours.sentence


@pytest.mark.parametrize("status", ["released", "failed"])
def test_is_possible_when_nobody_has_it_any_more(
    status: str, workspace: Workspace, charlie_workspace: Workspace, now: datetime
) -> None:
    make_number(charlie_workspace, NUMBER, calling_code="91", country="IN", status=status)
    assert link(workspace, now, phone_number=NUMBER).status == "active"


def test_is_refused_while_many_links_have_never_answered(
    workspace: Workspace, charlie_workspace: Workspace, now: datetime, settings: Any
) -> None:
    settings.TRUNKS_SILENT_MOST = 2
    first, _ = (link(workspace, now, phone_number=f"+91804718230{n}") for n in range(2))
    refusal = refused(workspace, now)
    assert (refusal.status, refusal.code) == (409, "sip_links_silent")
    assert PhoneNumber.objects.filter(workspace=workspace).count() == 2
    link(charlie_workspace, now, phone_number="+918047182310")
    SipTrunk.objects.filter(number=first).update(health="healthy")
    assert link(workspace, now, phone_number=NUMBER).status == "active"


@pytest.mark.django_db(transaction=True)
def test_counts_the_silent_ones_exactly_when_many_are_linked_at_once(
    workspace: Workspace, now: datetime, settings: Any
) -> None:
    settings.TRUNKS_SILENT_MOST = 3

    def race(n: int) -> str:
        try:
            return str(link(workspace, now, phone_number=f"+91804718230{n}").status)
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(race, range(8)))
    assert outcomes == ["active"] * 3 + ["sip_links_silent"] * 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("check", [False, True])
def test_has_one_winner_among_many_at_once(
    check: bool,
    workspace: Workspace,
    charlie_workspace: Workspace,
    pbx: Pbx,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("phone_numbers.linking.health._lines", threading.BoundedSemaphore(8))
    barrier, outcomes = threading.Barrier(8), []

    def race(mine: Workspace) -> None:
        barrier.wait()
        try:
            link(mine, now, phone_number=NUMBER, termination_uri=pbx.uri, check=check)
            outcomes.append("linked")
        except Refusal as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=(mine,)) for mine in (workspace, charlie_workspace) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["linked"] + ["number_already_registered"] * 7
    assert PhoneNumber.objects.get().status == "active"
    assert SipTrunk.objects.get().status == "linked"


# --- with a check -----------------------------------------------------------------------------------


def test_checked_keeps_what_came_back(workspace: Workspace, pbx: Pbx, now: datetime) -> None:
    pbx.secret = SECRET
    trunk = trunk_of(link(workspace, now, termination_uri=pbx.uri, check=True))
    assert (trunk.number.status, trunk.status, trunk.health) == ("active", "linked", "healthy")
    assert (trunk.health_code, trunk.checked_at) == (200, now)
    assert trunk.round_trip_ms is not None
    assert pbx.calls == 2  # asked, challenged, asked again with the proof
    assert trunk.next_check_at is not None
    assert trunk.next_check_at > now + timedelta(minutes=4)


@pytest.mark.parametrize(
    "secret, code, health", [("another", "sip_trunk_unauthorized", "unauthorized"), (SECRET, "", "healthy")]
)
def test_checked_depends_on_the_password(
    secret: str, code: str, health: str, workspace: Workspace, pbx: Pbx, now: datetime
) -> None:
    pbx.secret = secret
    if not code:
        assert trunk_of(link(workspace, now, termination_uri=pbx.uri, check=True)).health == health
        return
    refusal = refused(workspace, now, termination_uri=pbx.uri, check=True)
    assert (refusal.code, refusal.status) == (code, 502)
    assert refusal.details["sip_code"] == 401
    number = PhoneNumber.objects.get()
    assert (number.status, number.dismissed_at) == ("failed", now)
    trunk = trunk_of(number)
    assert (trunk.status, trunk.health, trunk.sealed_password) == ("failed", health, None)
    assert number.status_reason
    assert link(workspace, now, phone_number=NUMBER).status == "active"  # free for another try


def test_checked_fails_when_nobody_is_there(workspace: Workspace, pbx: Pbx, now: datetime) -> None:
    pbx.stop()
    refusal = refused(workspace, now, termination_uri=pbx.uri, check=True)
    assert (refusal.code, refusal.status) == ("sip_trunk_unreachable", 502)
    assert "The number was not linked." in refusal.sentence
    assert PhoneNumber.objects.get().status == "failed"


@pytest.mark.django_db(transaction=True)
def test_checked_reserves_the_number_before_it_asks(
    workspace: Workspace,
    charlie_workspace: Workspace,
    pbx: Pbx,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []

    def ask(wanted: Any) -> Any:
        seen.append(connection.in_atomic_block)
        seen.append(refused(charlie_workspace, now).code)
        return plain(wanted)

    plain = trunk_health.ask
    monkeypatch.setattr(trunks, "ask", ask)
    link(workspace, now, phone_number=NUMBER, termination_uri=pbx.uri, check=True)
    assert seen == [False, "number_already_registered"]


def test_checked_ends_the_reservation_when_the_host_begins_to_lead_inside(
    workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(wanted: Any) -> Any:
        raise Refusal("sip_host_private", "That leads inside.", field="termination")

    monkeypatch.setattr(trunks, "ask", ask)
    assert refused(workspace, now, check=True).code == "sip_host_private"
    assert PhoneNumber.objects.get().status == "failed"
    assert trunk_of(PhoneNumber.objects.get()).sealed_password is None


# --- interrupted ------------------------------------------------------------------------------------


class Killed(BaseException):
    pass


@pytest.fixture
def interrupted(workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch) -> SipTrunk:
    """A link whose process was killed while it asked."""

    def ask(wanted: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(trunks, "ask", ask)
        with pytest.raises(Killed):
            link(workspace, now, phone_number=NUMBER, check=True)
    return SipTrunk.objects.select_related("number").get()


def test_interrupted_is_ended_a_minute_later(
    interrupted: SipTrunk, workspace: Workspace, now: datetime
) -> None:
    assert (interrupted.status, interrupted.number.status) == ("linking", "pending")
    soon, later = now + timedelta(seconds=59), now + timedelta(seconds=60)
    assert take_interrupted_links(now=soon) == []
    end_interrupted_link(interrupted.pk, now=soon)
    assert SipTrunk.objects.get().status == "linking"
    assert take_interrupted_links(now=later) == [interrupted.pk]
    for _ in range(2):
        end_interrupted_link(interrupted.pk, now=later)
    trunk = trunk_of(PhoneNumber.objects.get())
    assert (trunk.status, trunk.number.status, trunk.sealed_password) == ("failed", "failed", None)
    assert "interrupted" in trunk.number.status_reason
    assert trunk.number.dismissed_at is None  # who tried has been told nothing yet
    assert take_interrupted_links(now=later + timedelta(days=1)) == []
    assert link(workspace, now, phone_number=NUMBER).status == "active"


def test_that_slept_for_a_minute_links_nothing(
    workspace: Workspace, pbx: Pbx, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = trunk_health.ask

    def ask(wanted: Any) -> Any:
        end_interrupted_link(SipTrunk.objects.get().pk, now=now + timedelta(minutes=1))
        return plain(wanted)

    monkeypatch.setattr(trunks, "ask", ask)
    refusal = refused(workspace, now, termination_uri=pbx.uri, check=True)
    assert (refusal.code, refusal.status) == ("sip_link_interrupted", 409)
    assert PhoneNumber.objects.get().status == "failed"
    assert SipTrunk.objects.get().status == "failed"


# --- not as a port scanner --------------------------------------------------------------------------


def test_checked_is_limited_for_a_workspace(
    workspace: Workspace, charlie_workspace: Workspace, pbx: Pbx, now: datetime, settings: Any
) -> None:
    settings.TRUNK_TEST_LIMIT = "2/minute"
    for _ in range(2):
        link(workspace, now, termination_uri=pbx.uri, check=True)
    refusal = refused(workspace, now, termination_uri=pbx.uri, check=True)
    assert (refusal.code, refusal.status) == ("sip_checks_too_many", 429)
    assert 0 < refusal.details["retry_after"] <= 60
    assert not PhoneNumber.objects.filter(e164=NUMBER).exists()
    assert link(charlie_workspace, now, termination_uri=pbx.uri, check=True).status == "active"
    assert link(workspace, now, termination_uri=pbx.uri).status == "active"


def test_checked_waits_for_its_turn(
    workspace: Workspace, pbx: Pbx, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phone_numbers.linking.health._lines", threading.BoundedSemaphore(1))
    from phone_numbers.linking.health import asking

    with asking(workspace.pk):
        refusal = refused(workspace, now, termination_uri=pbx.uri, check=True)
    assert (refusal.code, refusal.status) == ("sip_checks_busy", 503)
    assert link(workspace, now, termination_uri=pbx.uri, check=True).status == "active"


def test_checked_is_refused_while_nothing_can_be_counted(
    workspace: Workspace, now: datetime, settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert refused(workspace, now, check=True).code == "sip_checks_too_many"
