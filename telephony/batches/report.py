"""What was found in a list, grouped by reason, with row numbers a person can go to."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop, override

from dialnexa.countries import country_name
from telephony.batches.estimate import Tally
from telephony.batches.judging import (
    COUNTRY,
    DUPLICATE,
    HIGH_COST,
    KYC,
    MANGLED,
    PREFIX,
    UNPARSEABLE,
    Choices,
    Row,
    judge_rows,
)
from telephony.batches.reading import Source
from telephony.batches.repairs import KINDS
from telephony.destinations import Rules, judge_destination

FIRST = 100  # row numbers kept of each group
EXAMPLES = 3
STEP = 5_000  # rows
SENTENCES = {  # of one row, so that they are true of any number of them
    "destination_missing": gettext_noop("There is no number."),
    "destination_unparseable": gettext_noop("This is no phone number, or lacks its country code."),
    "destination_not_possible": gettext_noop("The number has too few or too many digits for its country."),
    MANGLED: gettext_noop(
        "A spreadsheet has turned the number into a power of ten (9.19E+11), and its last digits are "
        "lost. It can't be repaired: format the column as text and export the list again."
    ),
    DUPLICATE: gettext_noop("The number is in the list more than once. The first row counts."),
    PREFIX: gettext_noop("The number begins with none of the prefixes of what is enabled there."),
    HIGH_COST: gettext_noop(
        "The number is premium rate, shared cost, personal or satellite. Nobody calls those, whatever "
        "is enabled; support can open a prefix for a while."
    ),
}
ALSO = gettext_noop("also row %(row)s")
MORE = gettext_noop("%(rows)s and %(count)s more")
FIXES = {COUNTRY: "telephony", PREFIX: "telephony", KYC: "kyc", HIGH_COST: "limits"}


@dataclass(slots=True)
class Group:
    """Rows with one reason (in one country, where that matters), or for one repair."""

    code: str
    country: str = ""
    count: int = 0
    rows: array[int] = field(default_factory=lambda: array("I"))
    examples: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row: Row, text: str, said: str) -> None:
        self.count += 1
        if self.count <= FIRST:
            self.rows.append(row.number)
        if len(self.examples) < EXAMPLES:
            self.examples.append({"row": row.number, "value": text[:64], "becomes": said})


@dataclass(frozen=True, slots=True)
class Report:
    """Plain values (``as_json``). ``groups`` and ``repairs`` are in the order of their size."""

    rows: int
    good: int
    repaired: int
    groups: tuple[dict[str, Any], ...]
    repairs: tuple[dict[str, Any], ...]
    estimate: dict[str, Any]
    header: tuple[str, ...]
    variables: tuple[str, ...]
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def check_list(
    source: Source,
    rules: Rules,
    choices: Choices,
    *,
    currency: str,
    now: datetime,
    progress: Callable[[int], None] = lambda rows: None,
) -> Report:
    """Read the whole list once. Raises Refusal for what shows only in its rows.

    ``progress`` hears now and then how many rows were read.
    """
    groups: dict[tuple[str, str], Group] = {}
    repairs: dict[str, Group] = {}
    good = Tally(rules, currency=currency, now=now)
    rows = repaired = 0
    for row in judge_rows(source, rules, choices):
        rows += 1
        if not rows % STEP:
            progress(rows)
        if row.codes:
            _add(groups, row, source)
        else:
            good.add(row.e164, row.country)
            repaired += row.repair != ""
        if row.repair:
            group = repairs.setdefault(row.repair, Group(row.repair))
            group.add(row, _value(row, source), row.repaired)
    return Report(
        rows=rows,
        good=good.rows,
        repaired=repaired,
        groups=tuple(_told(group, rules) for group in _largest(groups.values())),
        repairs=tuple(_told_repair(group, choices) for group in _largest(repairs.values())),
        estimate=good.estimate().as_json(),
        header=source.header,
        variables=source.variables,
        warnings=source.warnings,
    )


def _add(groups: dict[tuple[str, str], Group], row: Row, source: Source) -> None:
    """A mangled number can't be read either; it is counted where it says why."""
    for code in row.codes:
        if code == UNPARSEABLE and MANGLED in row.codes:
            continue
        key = code, row.country if code in (COUNTRY, PREFIX) else ""
        group = groups.get(key)
        if group is None:
            group = groups[key] = Group(*key)
        said = ALSO % {"row": row.first_row} if code == DUPLICATE else row.e164
        group.add(row, _value(row, source), said)


def _value(row: Row, source: Source) -> str:
    return row.cells[source.phone] if source.phone < len(row.cells) else ""


def _largest(groups: Iterable[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: (-group.count, group.code, group.country))


def _told(group: Group, rules: Rules) -> dict[str, Any]:
    return {
        "code": group.code,
        "country": group.country,
        "country_name": country_name(group.country, "en") if group.country else "",
        "sentence": SENTENCES.get(group.code) or _sentence(group, rules),
        "fix": FIXES.get(group.code, ""),
        **_counted(group),
    }


def _sentence(group: Group, rules: Rules) -> str:
    """As the step itself says it of the first number: for KYC and countries that is true of all."""
    with override("en"):  # it is kept
        judgement = judge_destination(group.examples[0]["becomes"] or group.examples[0]["value"], rules)
    return next(step.sentence for step in judgement.failures if step.code == group.code)


def _told_repair(group: Group, choices: Choices) -> dict[str, Any]:
    taken = group.code in choices.repairs
    return {"kind": group.code, "sentence": KINDS[group.code], "taken": taken, **_counted(group)}


def _counted(group: Group) -> dict[str, Any]:
    return {
        "count": group.count,
        "rows": group.rows.tolist(),
        "where": ranges(group.rows, group.count),
        "examples": group.examples,
    }


def ranges(rows: Iterable[int], count: int, *, most: int = 12) -> str:
    """``2–5, 9 and 4,312 more``: the first ``most`` stretches of ascending rows, of ``count`` in all."""
    stretches: list[list[int]] = []
    for row in rows:
        if stretches and row == stretches[-1][1] + 1:
            stretches[-1][1] = row
        else:
            stretches.append([row, row])
    shown = stretches[:most]
    left = count - sum(last - first + 1 for first, last in shown)
    said = ", ".join(f"{first:,}" if first == last else f"{first:,}–{last:,}" for first, last in shown)
    return MORE % {"rows": said, "count": f"{left:,}"} if left else said
