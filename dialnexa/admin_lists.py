"""What makes the admin's lists quick and their addresses plain."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet

from dialnexa.admin_site import desk


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
