"""Queries that every request asks: written like any other, but compiled once instead of each time.

Django makes SQL of a query whenever it is run, and for one of many columns that takes longer than its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
Row = tuple[Any, ...]
Convert = Callable[[Row], Row]


class Slot(str):
    """Stands in a query for a text that is not known yet; it is the text's name."""

    __slots__ = ()


class Prepared:
    """``build`` makes a query of ``values_list`` from ``names``, each of them a text that it compares with.

    It is called once, with Slots: it may not look at them.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], *names: str) -> None:
        self.build, self.names = build, names

    def ask(self, *texts: str) -> list[Row]:
        """What the query finds with these ``texts``, in the order of ``names``."""
        sql, places, convert = self._compiled
        told = dict(zip(self.names, texts, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(sql, [told[one] if isinstance(one, Slot) else one for one in places])
            return [convert(row) for row in cursor.fetchall()]

    @cached_property
    def _compiled(self) -> tuple[str, Sequence[Any], Convert]:
        compiler = self.build(*map(Slot, self.names)).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, places = compiler.as_sql()
        converters = compiler.get_converters(column for column, *_ in compiler.select)
        return sql, places, _converting(converters)


def _converting(converters: dict[int, tuple[list[Callable[..., Any]], Any]]) -> Convert:
    """What JSON and the like become; most columns are fine as they come."""
    if not converters:
        return lambda row: row

    def convert(row: Row) -> Row:
        values = list(row)
        for place, (steps, column) in converters.items():
            for step in steps:
                values[place] = step(values[place], column, connection)
        return tuple(values)

    return convert


def columns_of(model: type[Model], relation: str = "") -> list[str]:
    """All columns of ``model``, as a query over ``relation`` ("workspace__") names them."""
    return [f"{relation}{field.attname}" for field in model._meta.concrete_fields]


def model_of(model: type[M], values: Iterable[Any]) -> M:
    """The ``model`` whose columns (``columns_of``) hold these ``values``."""
    return model.from_db(DEFAULT_DB_ALIAS, columns_of(model), list(values))
