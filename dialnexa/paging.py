"""Pages by key-set: the next page begins after a row, not after a count, so depth costs nothing.

The address holds the id of the row a page begins after (or ends before). Its key is looked up, never trusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Order:
    """Rows in the order of ``key`` (a field or annotation that is never null), then of their ids."""

    key: str
    descending: bool = False

    def names(self, *, backwards: bool = False) -> tuple[str, str]:
        sign = "-" if self.descending != backwards else ""
        return f"{sign}{self.key}", f"{sign}pk"

    def beyond(self, value: Any, pk: str, *, backwards: bool = False, itself: bool = False) -> Q:
        """Rows that come after (backwards: before) the row with this key and id; with ``itself`` that, too.

        The bound on the key stands alone first: an index begins there, which it would not for "or".
        """
        way = "lt" if self.descending != backwards else "gt"
        further = Q(**{f"{self.key}__{way}": value}) | Q(**{f"pk__{way}{'e' if itself else ''}": pk})
        return Q(**{f"{self.key}__{way}e": value}) & further


@dataclass(frozen=True, slots=True)
class Cursor:
    """A row to begin after or, going backwards, to end before."""

    beyond: Q
    preceding: Q  # which rows lie before the page (going backwards: before its end)
    backwards: bool


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    rows: list[M]
    has_earlier: bool
    has_later: bool

    @property
    def ends_before(self) -> str:
        """The id of the row that the page before this one ends before; empty on the first page."""
        return str(self.rows[0].pk) if self.rows and self.has_earlier else ""

    @property
    def begins_after(self) -> str:
        """The id of the row that the next page begins after; empty on the last page."""
        return str(self.rows[-1].pk) if self.rows and self.has_later else ""


def find_cursor(among: QuerySet[M], order: Order, *, after: str = "", before: str = "") -> Cursor | None:
    """The cursor for these ids; None when there is none, or none ``among`` these rows (a stale address)."""
    pk = after or before
    if not pk:
        return None
    key = among.filter(pk=pk).values_list(order.key, flat=True)[:1]
    return next((_cursor(order, value, pk, backwards=not after) for value in key), None)


def _cursor(order: Order, value: Any, pk: str, *, backwards: bool) -> Cursor:
    preceding = order.beyond(value, pk, backwards=True, itself=not backwards)
    return Cursor(preceding if backwards else order.beyond(value, pk), preceding, backwards)


def cut_page(rows: QuerySet[M], order: Order, cursor: Cursor | None, *, size: int) -> Page[M]:
    """At most ``size`` rows on the cursor's side."""
    backwards = cursor is not None and cursor.backwards
    chosen = rows.filter(cursor.beyond) if cursor else rows
    found = list(chosen.order_by(*order.names(backwards=backwards))[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        return Page(found[::-1], has_earlier=more, has_later=True)
    return Page(found, has_earlier=cursor is not None, has_later=more)
