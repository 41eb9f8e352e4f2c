"""The chain of the history …"""

from __future__ import annotations

from datetime import datetime
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from dialnexa import audit, audit_chain
from dialnexa.actors import SYSTEM
from dialnexa.audit_chain import CHAINED, end_of_all, find_wrong, link_new
from dialnexa.models import AuditEntry, AuditLink, User, Workspace
from phone_numbers.proofs.checks import CHECKS

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries(workspace: Workspace, charlie_workspace: Workspace, alice: User, now: datetime) -> list[int]:
    """Linked: two workspaces' in turns, and a person's."""
    link_new()
    subjects = (workspace, charlie_workspace, workspace, alice, workspace)
    made = [
        audit.record(subject, "rename", after={"name": f"Acme ₹ {n}"}, by=SYSTEM, now=now).pk
        for n, subject in enumerate(subjects)
    ]
    assert link_new() == 5
    return made


def as_superuser(sql: str, *values: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, values)
        assert cursor.rowcount
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_is_whole_when_nobody_touched_it(entries: list[int], workspace: Workspace) -> None:
    assert find_wrong() == []
    places = AuditLink.objects.filter(chain=workspace.pk).order_by("entry_id").values_list("n", flat=True)
    assert list(places) == list(range(1, len(places) + 1))
    assert link_new() == 0


@pytest.mark.parametrize(
    ("deed", "told"),
    [
        ("""UPDATE dialnexa_auditentry SET after = '{"name": "Other"}' WHERE id = %s""", "not what it was"),
        ("UPDATE dialnexa_auditentry SET actor_name = 'Nobody' WHERE id = %s", "not what it was"),
        ("UPDATE dialnexa_auditentry SET at = at - interval '1 hour' WHERE id = %s", "not what it was"),
        ("DELETE FROM dialnexa_auditentry WHERE id = %s", "is gone"),
        ("UPDATE dialnexa_auditlink SET digest = repeat('0', 64) WHERE entry_id = %s", "not what it was"),
    ],
)
def test_tells_of_what_a_superuser_did(entries: list[int], deed: str, told: str) -> None:
    as_superuser(deed, entries[2])
    wrong = find_wrong()
    assert any(f"Entry {entries[2]} " in says and told in says for _, says in wrong), wrong
    with pytest.raises(CommandError, match="not what was recorded"):
        call_command("prove_audit", stdout=StringIO())


def test_tells_that_an_entry_went_with_its_link(entries: list[int]) -> None:
    for table, key in (("auditentry", "id"), ("auditlink", "entry_id")):
        as_superuser(f"DELETE FROM dialnexa_{table} WHERE {key} = %s", entries[2])
    ((_, says),) = find_wrong()
    assert says.startswith(f"Entry {entries[4]} of the history does not follow")


def test_tells_of_an_entry_that_was_put_in_long_after(entries: list[int]) -> None:
    link = AuditLink.objects.get(entry_id=entries[4])
    as_superuser("DELETE FROM dialnexa_auditlink WHERE entry_id = %s", entries[4])
    far = AuditLink(entry_id=entries[4] + 30_000, chain="elsewhere", n=1, digest=link.digest)
    far.save(force_insert=True)
    assert any("in no chain" in says for _, says in find_wrong())


def test_takes_what_is_committed_late(entries: list[int], workspace: Workspace) -> None:
    """Ids are given before transactions end; a chain's order is that of its links."""
    as_superuser("DELETE FROM dialnexa_auditlink WHERE entry_id = %s", entries[4])
    AuditEntry.objects.bulk_create(
        [AuditEntry(id=entries[4] + 9, workspace=workspace, subject_type="workspace", at="2026-01-01T00:00Z")]
    )
    assert link_new() == 2
    assert find_wrong() == []


def test_catches_up_with_a_long_history_in_rounds(
    workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    link_new()
    for n in range(5):
        audit.record(workspace, "rename", after={"name": n}, by=SYSTEM, now=now)
    monkeypatch.setattr(audit_chain, "AT_ONCE", 1)
    monkeypatch.setattr(audit_chain, "ROUND", 3)
    assert [link_new(), link_new(), link_new()] == [3, 2, 0]
    assert find_wrong() == []


def test_can_not_be_changed_by_us(entries: list[int]) -> None:
    for change in (
        lambda: AuditLink.objects.update(n=7),
        lambda: AuditLink.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


def test_ends_elsewhere_with_each_entry(entries: list[int], workspace: Workspace, now: datetime) -> None:
    said = StringIO()
    call_command("prove_audit", stdout=said)
    assert end_of_all() in said.getvalue()
    before = end_of_all()
    audit.record(workspace, "rename", after={"name": "New"}, by=SYSTEM, now=now)
    link_new()
    assert end_of_all() != before


def test_is_among_the_proofs_and_of_kinds_there_are(entries: list[int]) -> None:
    assert "history" in {check.code for check in CHECKS}
    assert set(CHAINED) <= {model._meta.model_name for model in apps.get_models()}
