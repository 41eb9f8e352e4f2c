"""The Phone Numbers table: which rows the filters mean, in pages, with the chips' counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property

from django.db.models import DecimalField, Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce, Lower, NullIf
from django.utils.translation import gettext as _

from dialnexa.models import Workspace
from dialnexa.paging import Cursor, Page, cut_page, find_cursor
from kyc.models import KycCase
from phone_numbers.models import PhoneNumber
from phone_numbers.number_table.counting import count_views, count_words, is_exact, occurring_kinds
from phone_numbers.number_table.filters import CHIPS, ORDERS, SORTS, Filters, chip_conditions, narrow
from telephony.e164 import country_name, flag
from telephony.models import Agent, CarrierSlug, NumberKind

PAGE_SIZE = 50
LAST = "\N{REPLACEMENT CHARACTER}"  # sorts after every nickname people give
FAR = datetime(9999, 1, 1, tzinfo=UTC)
MONEY = DecimalField(max_digits=12, decimal_places=6)


def visible_numbers(workspace: Workspace) -> QuerySet[PhoneNumber]:
    """What the table is about: all but numbers that left and failures that were put away."""
    return PhoneNumber.objects.filter(workspace=workspace, dismissed_at=None).exclude(status="released")


def _with_keys(numbers: QuerySet[PhoneNumber]) -> QuerySet[PhoneNumber]:
    """The keys pages are cut by; none is ever null."""
    return numbers.annotate(
        nickname_key=Coalesce(NullIf(Lower("nickname"), Value("")), Value(LAST)),
        renewal_key=Coalesce(F("rental__paid_through"), Value(FAR)),
        price_key=Coalesce(
            "rental__monthly_price", "order__monthly_price", Value(Decimal(-1)), output_field=MONEY
        ),
    )


def _with_relations(numbers: QuerySet[PhoneNumber]) -> QuerySet[PhoneNumber]:
    """All that a row shows, in one query."""
    cases = KycCase.objects.filter(workspace=OuterRef("workspace"), country=OuterRef("country"))
    related = ("rental", "order", "trunk", "inbound_version__agent", "outbound_version__agent")
    rows = numbers.select_related(*related).defer("trunk__sealed_password")
    return rows.annotate(kyc_suspended=Exists(cases.filter(status="suspended")))


def row_of(workspace: Workspace, number_id: str) -> PhoneNumber | None:
    """One number with all that its row shows."""
    return _with_relations(PhoneNumber.objects.filter(workspace=workspace)).filter(pk=number_id).first()


@dataclass(frozen=True, slots=True)
class Chip:
    key: str
    label: str
    count: int
    query: str
    is_chosen: bool

    @property
    def words(self) -> str:
        return count_words(self.count)


@dataclass(frozen=True, slots=True)
class SortChoice:
    label: str
    query: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Select:
    """One filter: its name, what to call it, and the values that occur, as (value, label)."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str


class NumberTable:
    """One view of the table. Each part is asked for once, when something first needs it."""

    def __init__(self, workspace: Workspace, filters: Filters, now: datetime) -> None:
        self.workspace, self.filters, self.now = workspace, filters, now
        self.order = ORDERS[filters.sort]
        self.conditions = chip_conditions(now)
        self.narrowed = narrow(visible_numbers(workspace), filters)
        self.numbers = _with_keys(self.narrowed)

    @cached_property
    def chosen(self) -> QuerySet[PhoneNumber]:
        """Every row the filters and the chip let through, in order: what the export holds."""
        rows = _with_relations(self.numbers.filter(self.conditions[self.filters.chip]))
        return rows.order_by(*self.order.names())

    def ids(self, limit: int) -> list[str]:
        """The ids of the first ``limit`` rows that are let through."""
        return list(self.chosen.values_list("pk", flat=True)[:limit])

    @cached_property
    def page(self) -> Page[PhoneNumber]:
        return cut_page(self.chosen, self.order, self._cursor, size=PAGE_SIZE)

    @cached_property
    def _cursor(self) -> Cursor | None:
        everything = _with_keys(PhoneNumber.objects.filter(workspace=self.workspace))
        return find_cursor(everything, self.order, after=self.filters.after, before=self.filters.before)

    @cached_property
    def _counts(self) -> dict[str, int]:
        """Every chip's count, and how many rows lie before this page; as far as is counted."""
        if self._cursor is None:
            return {**count_views(self.narrowed, self.conditions), "preceding": 0}
        preceding = self.conditions[self.filters.chip] & self._cursor.preceding
        return count_views(self.numbers, {**self.conditions, "preceding": preceding})

    @cached_property
    def chips(self) -> list[Chip]:
        """All of them that have something to show, and the chosen one."""
        return [
            Chip(key, str(label), self._counts[key], self.filters.query(chip=key), key == self.filters.chip)
            for key, label in CHIPS.items()
            if self._counts[key] or key in ("all", self.filters.chip)
        ]

    @property
    def total(self) -> int:
        """How many rows are let through; one more than COUNTED where there are more."""
        return self._counts[self.filters.chip]

    @property
    def is_counted(self) -> bool:
        return is_exact(self.total)

    @property
    def total_words(self) -> str:
        return count_words(self.total)

    @property
    def first(self) -> int:
        """The position of the page's first row, counted from 1; 0 where nobody counted so far."""
        before = self._counts["preceding"]
        if not is_exact(before):
            return 0
        if self._cursor and self._cursor.backwards:
            before -= len(self.page.rows)
        return max(before, 0) + 1

    @property
    def last(self) -> int:
        return self.first + len(self.page.rows) - 1

    @property
    def earlier_query(self) -> str | None:
        """The address of the page before this one; None on the first."""
        return self.filters.query(before=pk) if (pk := self.page.ends_before) else None

    @property
    def later_query(self) -> str | None:
        return self.filters.query(after=pk) if (pk := self.page.begins_after) else None

    @cached_property
    def is_unused(self) -> bool:
        """Whether the workspace has nothing to show at all, whatever the filters."""
        return not self._counts["all"] and not self.filters.is_narrowed

    def sorting(self) -> dict[str, dict[str, str]]:
        """For each sortable column: the address that sorts by it (again: the other way), and how it is."""
        return {column: self._sorting(column) for column in ("number", "nickname", "renewal", "price")}

    def sort_choices(self) -> list[SortChoice]:
        """Every order, for where there is no table head to press."""
        now = self.filters.sort
        return [
            SortChoice(str(label), self.filters.query(sort=key), key == now) for key, label in SORTS.items()
        ]

    def _sorting(self, column: str) -> dict[str, str]:
        now = {column: "ascending", f"-{column}": "descending"}.get(self.filters.sort, "")
        wanted = f"-{column}" if now == "ascending" else column
        return {"query": self.filters.query(sort=wanted), "now": now}

    def selects(self) -> list[Select]:
        """The filters, each with the values that occur in this workspace."""
        occurring = occurring_kinds(self.workspace)
        countries, types, carriers = ({row[n] for row in occurring} for n in range(3))
        agents = Agent.objects.filter(workspace=self.workspace).values_list("id", "title")
        filters = self.filters
        places = sorted((country_name(iso), iso) for iso in countries)
        return [
            Select(
                "country",
                _("Country"),
                [(iso, f"{name} {flag(iso)} {iso}") for name, iso in places],
                filters.country,
            ),
            Select("type", _("Type"), _occurring(NumberKind.choices, types), filters.type),
            Select("provider", _("Provider"), _occurring(CarrierSlug.choices, carriers), filters.provider),
            Select("agent", _("Agent"), list(agents), filters.agent),
        ]


def _occurring(choices: Iterable[tuple[str, object]], values: set[str]) -> list[tuple[str, str]]:
    return [(value, str(label)) for value, label in choices if value in values]
