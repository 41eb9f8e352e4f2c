"""Moving secrets under the first key (see ``dialnexa.sealing`` for the whole rotation)."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import BinaryField, Func, Model, QuerySet, Value

from dialnexa.sealing import SealBroken, current_head, place, seal_bytes, unseal_bytes
from kyc.models import KycFile
from phone_numbers.models import SipTrunk

BATCH = 200
FILES = 4  # at once: each may have 20 MB


@dataclass(slots=True)
class Resealed:
    """``left``: sealed otherwise still, because somebody held the row. ``broken``: ids that don't open."""

    done: int = 0
    broken: list[str] = field(default_factory=list)
    left: int = 0


def reseal_passwords(*, batch: int = BATCH) -> Resealed:
    """Seal every trunk's password under the first key. Safe to repeat, and to run several times at once.

    Rows that somebody holds are passed over, rows that don't open are left as they are.
    """
    return _reseal_column(SipTrunk, "sealed_password", batch)


def reseal_files(*, batch: int = FILES) -> Resealed:
    """The same for the files of KYC documents."""
    return _reseal_column(KycFile, "sealed", batch)


def _reseal_column(model: type[Model], column: str, batch: int) -> Resealed:
    result = Resealed()
    last = ""
    while ids := _reseal_batch(result, _sealed_otherwise(model, column).filter(pk__gt=last), column, batch):
        last = ids[-1]
    result.left = _sealed_otherwise(model, column).exclude(pk__in=result.broken).count()
    return result


def _reseal_batch(result: Resealed, rows: QuerySet[Model], column: str, batch: int) -> list[str]:
    with transaction.atomic():
        held = list(rows.order_by("pk").select_for_update(skip_locked=True, of=("self",))[:batch])
        for row in held:
            _reseal(row, column, result)
    return [row.pk for row in held]


def _reseal(row: Model, column: str, result: Resealed) -> None:
    where = place(row, column)
    try:
        setattr(row, column, seal_bytes(unseal_bytes(getattr(row, column), **where), **where))
    except SealBroken:
        result.broken.append(row.pk)
        return
    row.save(update_fields=[column])
    result.done += 1


def _sealed_otherwise(model: type[Model], column: str) -> QuerySet[Model]:
    head = Func(column, Value(1), Value(2), function="substr", output_field=BinaryField())
    rows = model._default_manager.filter(**{f"{column}__isnull": False}).alias(head=head)
    return rows.exclude(head=current_head())
