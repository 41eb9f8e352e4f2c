"""Moving secrets under the first key (see ``dialnexa.sealing`` for the whole rotation)."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import BinaryField, Func, QuerySet, Value

from dialnexa.sealing import SealBroken, current_head, place, seal, unseal
from phone_numbers.models import SipTrunk

BATCH = 200
COLUMN = "sealed_password"


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
    result = Resealed()
    last = ""
    while ids := _reseal_batch(result, last, batch):
        last = ids[-1]
    result.left = _sealed_otherwise().exclude(pk__in=result.broken).count()
    return result


def _reseal_batch(result: Resealed, last: str, batch: int) -> list[str]:
    rows = _sealed_otherwise().filter(pk__gt=last).order_by("pk")
    with transaction.atomic():
        trunks = list(rows.select_for_update(skip_locked=True, of=("self",))[:batch])
        for trunk in trunks:
            _reseal(trunk, result)
    return [trunk.pk for trunk in trunks]


def _reseal(trunk: SipTrunk, result: Resealed) -> None:
    where = place(trunk, COLUMN)
    try:
        trunk.sealed_password = seal(unseal(trunk.sealed_password, **where), **where)
    except SealBroken:
        result.broken.append(trunk.pk)
        return
    trunk.save(update_fields=[COLUMN])
    result.done += 1


def _sealed_otherwise() -> QuerySet[SipTrunk]:
    head = Func(COLUMN, Value(1), Value(2), function="substr", output_field=BinaryField())
    rows = SipTrunk.objects.filter(sealed_password__isnull=False).alias(head=head)
    return rows.exclude(head=current_head())
