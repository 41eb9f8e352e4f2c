"""States that only move where a table says, decided by PostgreSQL and written down.

A model lists ``TRANSITIONS = {event: ((from, …), to)}``; ``obj.transition(event, by=…, now=…)`` is a single
compare-and-set UPDATE plus the history row, in one transaction. A trigger made by
``refuse_other_transitions`` refuses every other move, whoever tries it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.db import migrations, models, transaction

from dialnexa.actors import Actor
from dialnexa.errors import IllegalTransition

Transitions = Mapping[str, tuple[tuple[str, ...], str]]


class Stateful(models.Model):
    """A model whose ``status`` changes through ``transition`` alone."""

    TRANSITIONS: ClassVar[Transitions] = {}
    STATE_FIELD: ClassVar[str] = "status"

    class Meta:
        abstract = True

    @property
    def state(self) -> str:
        return getattr(self, self.STATE_FIELD)

    def transition(
        self,
        event: str,
        *,
        by: Actor,
        now: datetime,
        reason: str = "",
        expect: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        """Move to the event's state if the row is still as this object saw it (and as ``expect`` says).

        ``fields`` are written in the same UPDATE. Raises IllegalTransition when the event is not allowed from
        here, or when somebody moved the row first; then nothing has changed.
        """
        sources, target = self.TRANSITIONS[event]
        seen = self.state
        if seen not in sources:
            raise IllegalTransition(str(self.pk), event, seen)
        with transaction.atomic():
            unchanged = {"pk": self.pk, self.STATE_FIELD: seen, **(expect or {})}
            changes = {self.STATE_FIELD: target, **fields}
            if not type(self)._default_manager.filter(**unchanged).update(**changes):
                raise IllegalTransition(str(self.pk), event, seen)
            self._record(event, seen, target, by=by, now=now, reason=reason)
        for name, value in changes.items():
            setattr(self, name, value)

    def _record(self, event: str, before: str, after: str, *, by: Actor, now: datetime, reason: str) -> None:
        from dialnexa.audit import record

        record(self, event, before={"status": before}, after={"status": after}, by=by, now=now, reason=reason)


def allowed_moves(transitions: Transitions) -> str:
    """The moves as the trigger's argument: ``placed>buying,buying>fulfilled``, sorted."""
    return ",".join(sorted({f"{source}>{to}" for sources, to in transitions.values() for source in sources}))


def refuse_other_transitions(table: str, moves: str, *, field: str = "status") -> migrations.RunSQL:
    """A migration operation: PostgreSQL refuses any move of ``table.field`` not named in ``moves``.

    ``moves`` is spelled out in the migration (what ``allowed_moves`` printed that day), because a migration
    must not change when the model does; a test compares the two. The function is made by dialnexa's 0002.
    """
    trigger = f"{table}_transition"
    return migrations.RunSQL(
        f"DROP TRIGGER IF EXISTS {trigger} ON {table};"
        f"CREATE TRIGGER {trigger} BEFORE UPDATE OF {field} ON {table} FOR EACH ROW "
        f"EXECUTE FUNCTION refuse_other_transitions('{field}', '{moves}');",
        f"DROP TRIGGER IF EXISTS {trigger} ON {table};",
    )
