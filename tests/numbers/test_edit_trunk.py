"""Changing a trunk …"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from dialnexa.audit import entries_about
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, Workspace
from dialnexa.sealing import place, unseal
from phone_numbers.history import tell
from phone_numbers.linking.editing import edit_trunk
from phone_numbers.linking.health import check_now
from phone_numbers.models import SipTrunk
from phone_numbers.releasing import release_number
from phone_numbers.sweeping import take_due_trunks
from tests.numbers.conftest import Turned
from tests.numbers.trunks import SECRET, link, trunk_of
from tests.pbx import Pbx

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]

NEW = "canary-new-77-staple"


@pytest.fixture
def trunk(workspace: Workspace, pbx: Pbx, by: Any, clock: Turned) -> SipTrunk:
    """Linked and healthy."""
    trunk = trunk_of(link(workspace, clock.now, termination_uri=pbx.uri))
    check_now(trunk, by=by, now=clock.now)
    return trunk_of(trunk.number)


@pytest.fixture
def edit(trunk: SipTrunk, by: Any, clock: Turned) -> Any:
    """Change these settings and leave the others."""

    def edit(**asked: Any) -> bool:
        usual = {
            "termination_uri": trunk.termination,
            "transport": trunk.transport,
            "auth_mode": trunk.auth_mode,
            "username": trunk.username,
            "caller_id": trunk.caller_id,
        }
        return edit_trunk(trunk, **usual | asked, by=by, now=clock.now)

    return edit


def password_of(trunk: SipTrunk) -> str:
    stored = SipTrunk.objects.get(pk=trunk.pk)
    return unseal(stored.sealed_password, **place(stored, "sealed_password"))


def test_changes_what_was_asked_and_has_it_checked_at_once(trunk: SipTrunk, edit: Any, clock: Turned) -> None:
    assert edit(transport="tcp", username="front", password=NEW, caller_id="+91 80 4718 2299")
    fresh = SipTrunk.objects.get(pk=trunk.pk)
    assert (fresh.transport, fresh.username, fresh.caller_id) == ("tcp", "front", "+918047182299")
    assert password_of(trunk) == NEW
    assert (fresh.health, fresh.health_code, fresh.checked_at) == ("unchecked", None, None)
    assert take_due_trunks(now=clock.now) == [trunk.pk]
    assert (trunk.transport, trunk.health) == ("tcp", "unchecked")  # what the caller holds shows it, too


def test_saved_again_and_again_still_has_one_check_out(trunk: SipTrunk, edit: Any, clock: Turned) -> None:
    """Else one silent host and somebody who never stops saving would keep every worker busy."""
    edit(transport="tcp")
    assert take_due_trunks(now=clock.now) == [trunk.pk]
    for way in ("udp", "tcp"):
        edit(transport=way)
        assert take_due_trunks(now=clock.now) == []


def test_says_where_calls_may_come_from_without_asking_the_trunk_again(trunk: SipTrunk, edit: Any) -> None:
    assert edit(sources="203.0.113.0/24, 198.51.100.4")
    fresh = SipTrunk.objects.get(pk=trunk.pk)
    assert (fresh.sources, fresh.health) == (["203.0.113.0/24", "198.51.100.4"], "healthy")
    entry = AuditEntry.objects.filter(subject_id=trunk.pk, event="edit").latest("id")
    assert entry.after == {"sources": "203.0.113.0/24, 198.51.100.4"}
    assert tell([entry])[0].changes[0].word == "source addresses"
    assert not edit(sources="203.0.113.0/24\n198.51.100.4/32")
    with pytest.raises(Refusal) as refused:
        edit(sources="203.0.113.0/24, carrier.example")
    assert (refused.value.code, refused.value.details["field"]) == ("sip_sources_invalid", "sources")


def test_keeps_the_password_when_none_is_typed(trunk: SipTrunk, edit: Any) -> None:
    before = bytes(SipTrunk.objects.get(pk=trunk.pk).sealed_password or b"")
    assert edit(transport="tls", password="")
    assert password_of(trunk) == SECRET
    assert bytes(SipTrunk.objects.get(pk=trunk.pk).sealed_password or b"") == before


def test_asks_for_the_password_again_when_it_would_go_to_another_host(trunk: SipTrunk, edit: Any) -> None:
    """Else whoever may edit could have it answer a challenge of their own."""
    with pytest.raises(Refusal) as refused:
        edit(termination_uri="127.0.0.9:5060")
    assert (refused.value.code, refused.value.details["field"]) == ("sip_credentials_missing", "password")
    assert SipTrunk.objects.get(pk=trunk.pk).host == "127.0.0.1"
    assert edit(termination_uri="127.0.0.9:5060", password=NEW)
    assert SipTrunk.objects.get(pk=trunk.pk).termination == "127.0.0.9:5060"


@pytest.mark.parametrize("asked", [{"termination_uri": "127.0.0.1:5099"}, {"transport": "udp"}])
def test_asks_for_the_password_again_for_another_port_or_without_tls(
    asked: dict[str, str], trunk: SipTrunk, edit: Any
) -> None:
    """A port of a shared host may be anybody's, and what TLS hid could be listened to."""
    assert edit(transport="tls")
    with pytest.raises(Refusal) as refused:
        edit(**{"transport": "tls"} | asked)
    assert (refused.value.code, refused.value.details["field"]) == ("sip_credentials_missing", "password")
    assert "over TLS" in refused.value.sentence
    assert edit(**{"transport": "tls"} | asked, password=NEW)
    assert password_of(trunk) == NEW


def test_wipes_the_credentials_when_the_carrier_knows_the_address(trunk: SipTrunk, edit: Any) -> None:
    assert edit(auth_mode="ip", username="")
    fresh = SipTrunk.objects.get(pk=trunk.pk)
    assert (fresh.auth_mode, fresh.username, fresh.sealed_password) == ("ip", "", None)
    with pytest.raises(Refusal) as refused:
        edit(auth_mode="userpass", username="desk")
    assert refused.value.code == "sip_credentials_missing"
    assert edit(auth_mode="userpass", username="desk", password=NEW)
    assert password_of(trunk) == NEW


def test_needs_no_new_check_for_another_caller_id(trunk: SipTrunk, edit: Any) -> None:
    assert edit(caller_id="+918047182299")
    assert SipTrunk.objects.get(pk=trunk.pk).health == "healthy"


def test_records_nothing_when_nothing_changes(trunk: SipTrunk, edit: Any) -> None:
    before = AuditEntry.objects.count()
    assert not edit()
    assert AuditEntry.objects.count() == before
    assert SipTrunk.objects.get(pk=trunk.pk).health == "healthy"


def test_tells_the_history_what_changed_but_no_password(trunk: SipTrunk, edit: Any) -> None:
    edit(transport="tcp", password=NEW)
    entry = entries_about([trunk.pk]).get(event="edit")
    assert entry.actor_name == "Alice"
    assert entry.before == {"transport": "udp", "password": "the old one"}
    assert entry.after == {"transport": "tcp", "password": "a new one"}
    changes = [str(change) for change in tell([entry])[0].changes]
    assert changes == ["transport from “udp” to “tcp”", "password replaced"]
    told = str(list(AuditEntry.objects.values()))
    assert NEW not in told
    assert SECRET not in told


@pytest.mark.parametrize(
    "asked, code",
    [
        ({"termination_uri": "sip:127.0.0.1"}, "sip_host_scheme"),
        ({"termination_uri": "10.1.2.3", "password": NEW}, "sip_host_private"),
        ({"transport": "smoke"}, "sip_transport_unknown"),
        ({"auth_mode": "ip"}, "sip_credentials_forbidden"),
        ({"username": ""}, "sip_credentials_missing"),
        ({"password": "a\rb"}, "sip_credentials_invalid"),
        ({"caller_id": "x"}, "caller_id_invalid"),
    ],
)
def test_is_refused_as_linking_is(asked: dict[str, str], code: str, trunk: SipTrunk, edit: Any) -> None:
    before = SipTrunk.objects.filter(pk=trunk.pk).values().get()
    with pytest.raises(Refusal) as refused:
        edit(**asked)
    assert refused.value.code == code
    assert SipTrunk.objects.filter(pk=trunk.pk).values().get() == before


def test_is_refused_when_somebody_else_was_quicker(trunk: SipTrunk, edit: Any) -> None:
    SipTrunk.objects.filter(pk=trunk.pk).update(host="127.0.0.8")
    with pytest.raises(Refusal) as refused:
        edit(transport="tcp")
    assert (refused.value.code, refused.value.status) == ("trunk_changed", 409)


def test_is_refused_after_the_release(trunk: SipTrunk, edit: Any, by: Any, now: datetime) -> None:
    release_number(trunk.number, by=by, now=now)
    with pytest.raises(Refusal) as refused:
        edit(transport="tcp", password=NEW)
    assert (refused.value.code, refused.value.status) == ("trunk_not_linked", 409)
    assert SipTrunk.objects.get(pk=trunk.pk).sealed_password is None
