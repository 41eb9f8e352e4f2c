"""The list of calls: which ones the filters mean, newest first, in pages, with the chips' counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from functools import cached_property

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dialnexa.cells import csv_lines
from dialnexa.models import Workspace
from dialnexa.paging import Cursor, Order, Page, cut_page, find_cursor
from phone_numbers.call_list.filters import CHIPS, STATUSES, CallFilters, narrow_calls
from phone_numbers.models import PhoneNumber
from phone_numbers.number_table.table import Chip, Select
from telephony.e164 import format_international
from telephony.models import Agent, BatchCall, Call, Direction

PAGE_SIZE = 50
COUNTED = 1000  # a chip counts so many and then says "and more"
OFFERED = 100  # choices of a filter
NEWEST = Order("created_at", descending=True)
HEADER = (
    "time",
    "direction",
    "from",
    "to",
    "agent",
    "status",
    "reason",
    "seconds",
    "charged",
    "currency",
    "carrier",
    "batch",
    "id",
)


def calls_of(workspace: Workspace) -> QuerySet[Call]:
    """With all that a row shows, in one query."""
    calls = Call.objects.filter(workspace=workspace)
    return calls.select_related("number", "agent_version__agent").defer("trace", "metadata", "notes")


class CallTable:
    """One view of the list. Each part is asked for once, when something first needs it."""

    def __init__(self, workspace: Workspace, filters: CallFilters) -> None:
        self.workspace, self.filters = workspace, filters
        self.calls = narrow_calls(calls_of(workspace), filters)

    @cached_property
    def chosen(self) -> QuerySet[Call]:
        """Every call the filters and the chip let through, in order: what the export holds."""
        return self.calls.filter(_in_state(self.filters.chip)).order_by(*NEWEST.names())

    @cached_property
    def page(self) -> Page[Call]:
        return cut_page(self.chosen, NEWEST, self._cursor, size=PAGE_SIZE)

    @cached_property
    def _cursor(self) -> Cursor | None:
        everything = Call.objects.filter(workspace=self.workspace)
        return find_cursor(everything, NEWEST, after=self.filters.after, before=self.filters.before)

    @cached_property
    def _counts(self) -> dict[str, int]:
        """Of each chip, up to one more than COUNTED, so a long history costs little."""
        plain = self.calls.select_related(None).order_by()
        return {key: plain.filter(_in_state(key)).values("pk")[: COUNTED + 1].count() for key in CHIPS}

    @cached_property
    def chips(self) -> list[tuple[Chip, str]]:
        """All of them that have something to show, and the chosen one; each with its count in words."""
        return [
            (
                Chip(key, str(label), count, self.filters.query(chip=key), key == self.filters.chip),
                _words(count),
            )
            for key, label in CHIPS.items()
            if (count := self._counts[key]) or key in ("all", self.filters.chip)
        ]

    @property
    def count(self) -> str:
        """How many are let through, in words."""
        return _words(self._counts[self.filters.chip])

    @property
    def earlier_query(self) -> str | None:
        """The address of the page before this one; None on the first."""
        return self.filters.query(before=pk) if (pk := self.page.ends_before) else None

    @property
    def later_query(self) -> str | None:
        return self.filters.query(after=pk) if (pk := self.page.begins_after) else None

    @cached_property
    def is_unused(self) -> bool:
        """Whether there never was a call."""
        return not self._counts["all"] and not self.filters.is_narrowed

    def selects(self) -> list[Select]:
        """The filters with what there is to choose in this workspace."""
        filters, mine = self.filters, {"workspace": self.workspace}
        numbers = PhoneNumber.objects.filter(**mine, calls__isnull=False).distinct().order_by("e164")
        agents = Agent.objects.filter(**mine).order_by("title").values_list("id", "title")
        batches = BatchCall.objects.filter(**mine).exclude(status="draft").values_list("id", "title")
        directions = [(direction.value, str(direction.label)) for direction in Direction]
        ours = [(number.pk, format_international(number.e164)) for number in numbers[:OFFERED]]
        return [
            Select("direction", _("Direction"), directions, filters.direction),
            Select("number", _("Number"), ours, filters.number),
            Select("agent", _("Agent"), list(agents[:OFFERED]), filters.agent),
            Select("batch", _("Batch"), list(batches[:OFFERED]), filters.batch),
        ]


def _in_state(chip: str) -> Q:
    return Q(status__in=STATUSES[chip]) if chip in STATUSES else Q()


def _words(count: int) -> str:
    return f"{COUNTED:,}+" if count > COUNTED else f"{count:,}"


def export_calls(table: CallTable) -> Iterator[str]:
    """CSV, line by line, newest first; times are those of the zone that is current when this is called."""
    zone = timezone.get_current_timezone()
    calls = table.chosen.select_related("number", "agent_version__agent", "batch").iterator(chunk_size=500)
    return csv_lines(HEADER, (_cells(call, zone) for call in calls))


def _cells(call: Call, zone: tzinfo) -> tuple[str, ...]:
    return (
        f"{_local(call.created_at, zone):%Y-%m-%d %H:%M:%S}",
        call.direction,
        call.from_text,
        call.to_text,
        str(call.agent_version or ""),
        call.get_status_display(),
        call.reason or call.cause,
        "" if call.duration is None else str(call.duration),
        "" if call.charged is None else f"{call.charged.normalize():f}",
        call.currency,
        call.get_carrier_display(),
        call.batch.title if call.batch else "",
        call.pk,
    )


def _local(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone)
