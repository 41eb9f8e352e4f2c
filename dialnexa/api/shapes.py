"""What rows look like over REST, read as plain values: no model is made of a row only to be taken apart.

The serializer stays what says it: its fields are what the OpenAPI document describes, and how a value is
written. Which columns they take, and from where in a row, is found out once for each shape.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet
from django.http import Http404
from rest_framework import serializers

Row = tuple[Any, ...]
Shown = dict[str, Any]
AS_KEPT = (  # exactly these write nothing else than their columns hold, which are of the same kind
    serializers.BooleanField,
    serializers.CharField,
    serializers.ChoiceField,
    serializers.IntegerField,
)
Method = TypeVar("Method", bound=Callable[..., Any])


def reads(*columns: str) -> Callable[[Method], Method]:
    """For a ``get_…`` of a RowShape: it is given what these columns (``rental.ended_at``) hold."""

    def marked(method: Method) -> Method:
        method.columns = columns  # type: ignore[attr-defined]
        return method

    return marked


class RowShape(serializers.ModelSerializer):
    """A shape whose every field is a column, or made of columns that ``reads`` names; of the row itself or of
    one it leads to, by the names of the relations. What leads nowhere is null.
    """

    @classmethod
    def of(cls, rows: QuerySet[Any]) -> list[Shown]:
        """Each of the ``rows``, in one query."""
        return cls.show(cls.columns(rows))

    @classmethod
    def columns(cls, rows: QuerySet[Any]) -> QuerySet[Any, Row]:
        """What ``show`` wants to know of the ``rows``."""
        return rows.values_list(*_plan(cls).paths)

    @classmethod
    def show(cls, rows: Iterable[Row]) -> list[Shown]:
        plan = _plan(cls)
        return [plan.show(row) for row in rows]

    def to_representation(self, instance: Model) -> Shown:
        """The same of a model that is at hand."""
        plan = _plan(type(self))
        return plan.show(tuple(_value(instance, path.split("__")) for path in plan.paths))


def only(shown: list[Shown]) -> Shown:
    """The only one of them. Raises Http404 without one."""
    if not shown:
        raise Http404
    return shown[0]


@dataclass(frozen=True, slots=True)
class Plan:
    """``paths`` are the columns as a query names them; ``readers`` make each field of a row of those."""

    paths: tuple[str, ...]
    readers: tuple[tuple[str, Callable[[Row], Any]], ...]

    def show(self, row: Row) -> Shown:
        return {name: read(row) for name, read in self.readers}


@functools.cache
def _plan(shape: type[RowShape]) -> Plan:
    fields = {name: field for name, field in shape().fields.items() if not field.write_only}
    taken = {name: _columns(field) for name, field in fields.items()}
    columns = list(dict.fromkeys(chain.from_iterable(taken.values())))
    readers = (
        (name, _reader(field, [columns.index(column) for column in taken[name]]))
        for name, field in fields.items()
    )
    return Plan(tuple(column.replace(".", "__") for column in columns), tuple(readers))


def _columns(field: Any) -> tuple[str, ...]:
    if isinstance(field, serializers.SerializerMethodField):
        columns: tuple[str, ...] = getattr(field.parent, field.method_name).columns
        return columns
    return (field.source,)


def _reader(field: Any, places: list[int]) -> Callable[[Row], Any]:
    if isinstance(field, serializers.SerializerMethodField):
        made = getattr(field.parent, field.method_name)
        return lambda row: made(*[row[place] for place in places])
    write, place = field.to_representation, places[0]
    if type(field) in AS_KEPT:
        return itemgetter(place)
    return lambda row: None if row[place] is None else write(row[place])


def _value(model: Any, names: list[str]) -> Any:
    value = model
    for name in names:
        try:
            value = getattr(value, name)
        except ObjectDoesNotExist:
            return None
        if value is None:
            return None
    return value
