"""What makes the admin's lists quick and their addresses plain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from dialnexa import clock
from dialnexa.admin_site import desk

State = tuple[str, Callable[[datetime], Q]]  # its label, and which rows are in it at a moment


class PatientPaginator(Paginator):
    """Counts no further than ``count_limit`` rows: nobody pages that far, and counting a big book is slow."""

    count_limit = 10_000

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return rows.order_by()[: self.count_limit].count() if isinstance(rows, QuerySet) else len(rows)


class Results(ChangeList):
    """Rows lead to the address that people share: ids as they are, without Django's own quoting."""

    def url_for_result(self, result: Any) -> str:
        return desk().url_of(result)


def state_filter(**states: State) -> type[SimpleListFilter]:
    """A filter by states that are told from dates, in words instead of "empty" and "not empty"."""

    class StateFilter(SimpleListFilter):
        title = "state"
        parameter_name = "state"

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [(name, label) for name, (label, _) in states.items()]

        def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
            chosen = states.get(self.value() or "")
            return queryset.filter(chosen[1](clock.now())) if chosen else queryset

    return StateFilter
