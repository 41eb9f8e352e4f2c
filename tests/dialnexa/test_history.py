"""The history …"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.apps import apps
from django.utils import timezone
from django.utils.translation import override
from pytest_django import DjangoAssertNumQueries

from dialnexa import audit
from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.api_keys import create_api_key, set_spend_cap
from dialnexa.history import VOCABULARY, tell
from dialnexa.invitations import invite
from dialnexa.memberships import change_role, remove_member
from dialnexa.models import AuditEntry, User, Workspace
from dialnexa.states import Stateful
from phone_numbers.naming import rename_number
from telephony.agents import create_agent, newest_version, publish
from tests.numbers.rows import make_number

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("dialnexa", "kyc", "telephony", "phone_numbers")
SUPPORT_ONLY = {"resolve", "release_stopped"}  # about stray sales, which belong to no workspace


def recorded() -> Iterator[tuple[str, str]]:
    """Every event written out in a call that records, with the file it is in."""
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                    "audit.record",
                    "audit.entry_for",
                    "audit.record_same",
                ):
                    found = (part for part in ast.walk(node.args[1]) if isinstance(part, ast.Constant))
                    yield from ((part.value, path.name) for part in found if isinstance(part.value, str))


def test_has_a_sentence_for_every_event() -> None:
    known = {event for _, event in VOCABULARY.sentences}
    missing = {(event, file) for event, file in recorded() if event not in known | SUPPORT_ONLY}
    assert missing == set()
    assert {event for event, _ in recorded()} >= {"rename", "rotate", "network_group_enabled"}


def test_has_a_sentence_and_a_name_for_every_state() -> None:
    models = [model for model in apps.get_models() if issubclass(model, Stateful)]
    assert len(models) >= 4
    for model in models:
        name = str(model._meta.model_name)
        missing = [event for event in model.TRANSITIONS if (name, event) not in VOCABULARY.sentences]
        assert missing == [], name
        assert name in VOCABULARY.kinds


def told(workspace: Workspace) -> list[str]:
    entries = AuditEntry.objects.filter(workspace=workspace).order_by("-id")
    return [f"{line.sentence} | {line.word} {line.label}" for line in tell(entries, workspace.slug)]


def test_names_what_each_line_is_about(workspace: Workspace, alice: User, bob: User, now: datetime) -> None:
    number = make_number(workspace, "+12125550177")
    rename_number(number, nickname="Desk", label="", by=SYSTEM, now=now)
    agent = create_agent(workspace, "Front desk", "wss://voice.example.com/a", by=SYSTEM, now=now)
    publish(newest_version(agent), by=SYSTEM, now=now)
    key, _ = create_api_key(workspace, "CRM", ["calls:read"], by=SYSTEM, now=now)
    member = workspace.memberships.get(user=bob)
    change_role(member, "viewer", by=SYSTEM, now=now)
    remove_member(member, by=SYSTEM, now=now)
    assert told(workspace)[:7] == [
        "Removed from the workspace | Member bob@example.com",
        "Role changed | Member bob@example.com",
        f"API key made | API key CRM (…{key.hint})",
        "v1 published | Agent Front desk v1",
        "Draft v1 opened | Agent Front desk v1",
        "Created | Agent Front desk",
        "Renamed | Number +1 212-555-0177",
    ]
    links = [line.url for line in tell(AuditEntry.objects.order_by("-id")[:7], "acme")]
    assert links[2:] == [
        "/w/acme/settings/keys/",
        f"/w/acme/agents/{agent.pk}/",
        f"/w/acme/agents/{agent.pk}/",
        f"/w/acme/agents/{agent.pk}/",
        f"/w/acme/numbers/{number.pk}/",
    ]


def test_says_what_changed_in_words(workspace: Workspace, bob: User, now: datetime) -> None:
    end = datetime(2027, 3, 31, 12, tzinfo=UTC)
    scopes = ["numbers:read", "numbers:purchase", "wallet:read"]
    key, _ = create_api_key(workspace, "CRM", scopes, by=SYSTEM, now=now, expires_at=end)
    set_spend_cap(key, Decimal(500), by=SYSTEM, now=now)
    set_spend_cap(key, None, by=SYSTEM, now=now)
    change_role(workspace.memberships.get(user=bob), "admin", by=SYSTEM, now=now)
    entries = AuditEntry.objects.order_by("-id")[:4]
    with timezone.override("Asia/Kolkata"):
        changes = [[str(change) for change in line.changes] for line in tell(entries, "acme")]
    assert changes == [
        ["role from “Member” to “Admin”"],
        ["monthly cap from “500.00” taken away"],
        ["monthly cap to “500.00”"],
        ["access “Numbers: see, buy · Wallet: see”", "end “31 March 2027, 17:30”"],
    ]


def test_says_who_and_through_which_door(
    workspace: Workspace, alice: User, staff: User, now: datetime
) -> None:
    key, _ = create_api_key(workspace, "CRM", ["calls:read"], by=SYSTEM, now=now)
    for actor in (
        Actor(Channel.BROWSER, "Alice", alice),
        Actor(Channel.API, f"API key {key}", None, "", key),
        Actor(Channel.STAFF, "Sam", staff),
        SYSTEM,
    ):
        audit.record(workspace, "note", by=actor, now=now)
    lines = tell(AuditEntry.objects.filter(event="note").order_by("id"), "acme")
    assert [line.who for line in lines] == [
        "Alice in the browser",
        f"API key {key} through the API",
        "Sam (support)",
        "DialNexa",
    ]
    assert {line.sentence for line in lines} == {"Note"}  # an event nobody has taught it


def test_asks_once_for_each_kind_of_object(
    workspace: Workspace, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(5):
        number = make_number(workspace, f"+1212555017{n}")
        rename_number(number, nickname=f"Desk {n}", label="", by=SYSTEM, now=now + timedelta(seconds=n))
        create_api_key(workspace, f"Key {n}", ["calls:read"], by=SYSTEM, now=now)
    with django_assert_num_queries(3):
        assert len(tell(AuditEntry.objects.filter(subject_type__in=("phonenumber", "apikey")), "acme")) == 10


@pytest.mark.parametrize(
    ("before", "told"), [("the old one", "password replaced"), ("", "password set"), (None, "")]
)
def test_says_of_a_password_only_that_there_is_another(
    before: str | None, told: str, workspace: Workspace, now: datetime
) -> None:
    sides = ({}, {}) if before is None else ({"password": before}, {"password": "a new one"})
    audit.record(workspace, "edit", by=SYSTEM, now=now, before=sides[0], after=sides[1])
    (line,) = tell(AuditEntry.objects.filter(event="edit"), "acme")
    assert "; ".join(map(str, line.changes)) == told


def test_names_who_was_invited_once(workspace: Workspace, now: datetime) -> None:
    invite(workspace, "dana@example.com", "viewer", by=SYSTEM, now=now)
    (line,) = tell(AuditEntry.objects.filter(event="invite"), "acme")
    assert (line.sentence, line.word, line.label) == ("Invited", "Address", "dana@example.com")


def test_is_told_in_the_readers_language(workspace: Workspace, alice: User, bob: User, now: datetime) -> None:
    change_role(
        workspace.memberships.get(user=bob), "admin", by=Actor(Channel.BROWSER, "Alice", alice), now=now
    )
    with override("hi"):
        line = tell(AuditEntry.objects.filter(event="change_role"), workspace.slug)[0]
        told = (line.sentence, line.who, line.word, str(line.changes[0]))
    assert told == ("भूमिका बदली गई", "Alice, ब्राउज़र से", "सदस्य", "भूमिका: “सदस्य” से “एडमिन”")
