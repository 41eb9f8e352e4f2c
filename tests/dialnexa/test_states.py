"""A state …"""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import IntegrityError, connection, transaction

from dialnexa.actors import SYSTEM
from dialnexa.errors import IllegalTransition
from dialnexa.models import ApprovalRequest, AuditEntry, Workspace
from dialnexa.states import Stateful, allowed_moves
from kyc.models import KycCase
from phone_numbers.models import NumberOrder, PhoneNumber, Rental
from telephony.models import BatchCall

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(workspace: Workspace) -> KycCase:
    return KycCase.objects.create(workspace=workspace, country="DE")


def test_moves_and_leaves_a_history_entry(case: KycCase, now: datetime) -> None:
    case.transition("start", by=SYSTEM, now=now, reason="Because")
    case.refresh_from_db()
    entry = AuditEntry.objects.get(subject_id=case.id)
    assert case.status == "draft"
    assert entry.event == "start"
    assert (entry.before, entry.after) == ({"status": "not_started"}, {"status": "draft"})
    assert (entry.reason, entry.channel, entry.at, entry.workspace_id) == (
        "Because",
        "system",
        now,
        case.workspace_id,
    )


def test_stays_when_the_event_is_not_allowed_from_it(case: KycCase, now: datetime) -> None:
    with pytest.raises(IllegalTransition):
        case.transition("verify", by=SYSTEM, now=now)
    case.refresh_from_db()
    assert case.status == "not_started"
    assert not AuditEntry.objects.filter(subject_id=case.id).exists()


def test_is_moved_once_by_two_who_saw_the_same(case: KycCase, now: datetime) -> None:
    also = KycCase.objects.get(pk=case.pk)
    case.transition("start", by=SYSTEM, now=now)
    with pytest.raises(IllegalTransition):
        also.transition("start", by=SYSTEM, now=now)
    assert AuditEntry.objects.filter(subject_id=case.id).count() == 1


def test_respects_what_the_caller_expects_of_the_row(case: KycCase, now: datetime) -> None:
    with pytest.raises(IllegalTransition):
        case.transition("start", by=SYSTEM, now=now, expect={"country": "FR"})
    case.refresh_from_db()
    assert case.status == "not_started"


def test_cannot_be_jumped_by_plain_sql(case: KycCase) -> None:
    refused = pytest.raises(IntegrityError, match="cannot move from not_started to verified")
    with refused, transaction.atomic():
        KycCase.objects.filter(pk=case.pk).update(status="verified")


def test_cannot_be_something_unknown(workspace: Workspace) -> None:
    with pytest.raises(IntegrityError, match="kyc_status_known"), transaction.atomic():
        KycCase.objects.create(workspace=workspace, country="FR", status="fine")


@pytest.mark.parametrize("model", [ApprovalRequest, BatchCall, KycCase, NumberOrder, PhoneNumber, Rental])
def test_is_guarded_in_the_database_by_the_table_the_model_lists(model: type[Stateful]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(tgargs, 'escape') FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE %s",
            [model._meta.db_table, "%_transition"],
        )
        (arguments,) = cursor.fetchone() or ("",)
    field, moves, _ = arguments.split("\\000")
    assert (field, moves) == (model.STATE_FIELD, allowed_moves(model.TRANSITIONS))
