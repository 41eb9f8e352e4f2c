"""What calls cost: one line per prefix, or one for a whole network group.

Columns: ``country`` (ISO 3166-1, for example ``IN``), ``network_group`` (its name, for example
``India mobile``; made if missing), ``per_minute`` and, if wanted, ``prefix`` (leading digits with the calling
code, ``+`` allowed; empty prices the whole group), ``direction`` (outbound, the default, or inbound),
``pulse_seconds`` (billing step, 60 by default) and ``connection_fee`` (per call, 0 by default).

A prefix also becomes part of its network group: a workspace that turns the group on may call it. Prefixes
are only ever added. The group "Whole country" that ``load_catalogue`` made is removed when a country gets
groups with prefixes, unless a workspace uses it or it has rates.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef

from telephony.catalogue import WHOLE_COUNTRY
from telephony.decks import (
    Deck,
    PriceHistory,
    Report,
    Row,
    Seen,
    Unusable,
    read_amount,
    read_country,
    read_lines,
    show,
)
from telephony.e164 import country_name, prefix_countries
from telephony.models import CallRate, Country, NetworkGroup, Prefix, WorkspaceNetworkGroup

PREFIX = re.compile(r"\+?([1-9][0-9]{0,14})")
NAME_LIMIT = 80
LONGEST_PULSE = 3600  # seconds
JUMP = Decimal("0.5")  # a change by more than this share is pointed out
REQUIRED = ("country", "network_group", "per_minute")
OPTIONAL = ("prefix", "direction", "pulse_seconds", "connection_fee")
Group = tuple[str, str]  # country, name


@dataclass(frozen=True, slots=True)
class CallLine:
    line: int
    country: str
    name: str
    prefix: str
    direction: str
    per_minute: Decimal
    pulse: int
    fee: Decimal

    @property
    def group(self) -> Group:
        return self.country, self.name

    @property
    def key(self) -> tuple[str, ...]:
        return self.country, self.name, self.prefix, self.direction

    @property
    def price(self) -> tuple[Decimal, int, Decimal]:
        return self.per_minute, self.pulse, self.fee


def import_call_rates(file: Iterable[bytes], deck: Deck, *, dry_run: bool = False) -> Report:
    """Add the deck's groups, prefixes and prices, whole or not at all; ``dry_run`` only tells."""
    report = Report()
    reader = _Reader(deck.carrier)
    lines = read_lines(file, reader.parse, required=REQUIRED, optional=OPTIONAL, bad=report.bad)
    with transaction.atomic():
        new = _judge(lines, deck, report)
        report.notes += [*_overlaps(reader.owners), *_gaps(lines, deck)]
        if not report.bad and not dry_run:
            _write(lines, new, deck)
    return report


class _Reader:
    """Turns rows into lines, remembering what came before and what the catalogue holds."""

    def __init__(self, carrier: str) -> None:
        self.carrier = carrier
        self.countries = {country.iso: country for country in Country.objects.all()}
        prefixes = Prefix.objects.filter(network_group__carrier=carrier)
        self.owners: dict[str, Group] = {
            digits: (country, name)
            for digits, country, name in prefixes.values_list(
                "digits", "network_group__country", "network_group__name"
            )
        }
        self.seen = Seen()
        self.names: dict[str, Country | None] = {}

    def parse(self, number: int, row: Row) -> CallLine:
        country = self.countries[read_country(row, self.countries, self.carrier)]
        line = CallLine(
            line=number,
            country=country.iso,
            name=self._group_name(row["network_group"], country),
            prefix=_prefix(row.get("prefix", ""), country),
            direction=_direction(row.get("direction", "")),
            per_minute=read_amount(row, "per_minute"),
            pulse=_pulse(row.get("pulse_seconds", "")),
            fee=read_amount(row, "connection_fee", default="0"),
        )
        self.seen.refuse_second(line.key, number, "network group, prefix and direction")
        self._claim(line)
        return line

    def _group_name(self, name: str, country: Country) -> str:
        if not name or len(name) > NAME_LIMIT or not name.isprintable():
            raise Unusable(f"network_group is not a name of 1 to {NAME_LIMIT} characters: {show(name)}")
        if name not in self.names:
            self.names[name] = self._named_after(name)
        namesake = self.names[name]
        if namesake and namesake.iso != country.iso:
            raise Unusable(f"{show(name)} is named after {namesake.name}, but the country is {country.iso}")
        return name

    def _named_after(self, name: str) -> Country | None:
        """The country with whose name this begins, as whole words; the longest such name."""
        words = f"{name.casefold()} "
        found = [other for other in self.countries.values() if words.startswith(f"{other.name.casefold()} ")]
        return max(found, key=lambda other: len(other.name), default=None)

    def _claim(self, line: CallLine) -> None:
        """A prefix is in one group: in two, a call would have two prices."""
        if line.prefix:
            owner = self.owners.setdefault(line.prefix, line.group)
            if owner != line.group:
                raise Unusable(f"prefix +{line.prefix} is in the network group {show(owner[1])} already")


def _prefix(text: str, country: Country) -> str:
    if not text:
        return ""
    match = PREFIX.fullmatch(re.sub(r"[ .-]", "", text))
    if match is None:
        raise Unusable(f"prefix is not digits with the calling code: {show(text)}")
    digits = match[1]
    if not digits.startswith(str(country.calling_code)):
        raise Unusable(
            f"prefix +{digits} is not in {country.name}, which begins with +{country.calling_code}"
        )
    if country.iso not in prefix_countries(digits):
        _refuse_foreign(digits, country)
    return digits


def _refuse_foreign(digits: str, country: Country) -> None:
    """A prefix of ranges that nobody knows yet is let through."""
    if owners := set(prefix_countries(digits)):
        names = " or ".join(sorted(map(country_name, owners)))
        raise Unusable(f"prefix +{digits} is in {names}, not in {country.name}")


def _direction(text: str) -> str:
    direction = text.lower() or CallRate.Direction.OUTBOUND
    if direction not in CallRate.Direction.values:
        raise Unusable(f"direction is neither outbound nor inbound: {show(text)}")
    return direction


def _pulse(text: str) -> int:
    if not text:
        return 60
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= LONGEST_PULSE:
        raise Unusable(f"pulse_seconds is not a whole number from 1 to {LONGEST_PULSE}: {show(text)}")
    return int(text)


def _judge(lines: Collection[CallLine], deck: Deck, report: Report) -> list[CallLine]:
    """The lines that need a rate; counts them all in the report."""
    rates = CallRate.objects.filter(network_group__carrier=deck.carrier, currency=deck.currency)
    rows = rates.select_related("network_group").iterator()
    history = PriceHistory(deck, map(_as_history, rows))
    report.kept = history.besides({line.key for line in lines})
    report.notes = list(_jumps(lines, history))
    return [line for line in lines if report.count(history, line.key, line.price, line.line)]


def _jumps(lines: Iterable[CallLine], history: PriceHistory) -> Iterator[str]:
    """Prices that change by more than half: often a point in the wrong place."""
    for line in lines:
        before = history.before(line.key)
        old = before[0] if isinstance(before, tuple) else None
        if old and abs(line.per_minute - old) > old * JUMP:
            what = f"+{line.prefix}" if line.prefix else show(line.name)
            price = f"{old.normalize():f} to {line.per_minute:f}"
            yield f"line {line.line}: a minute to {what} goes from {price}."


def _as_history(rate: CallRate) -> tuple[Hashable, datetime, Hashable]:
    group = rate.network_group
    key = (group.country_id, group.name, rate.prefix, rate.direction)
    return key, rate.valid_from, (rate.per_minute, rate.pulse_seconds, rate.connection_fee)


def _overlaps(owners: dict[str, Group]) -> Iterator[str]:
    """Prefixes that begin with another group's prefix: turning that group on opens them as well."""
    for digits, group in sorted(owners.items()):
        for length in range(1, len(digits)):
            wider = owners.get(digits[:length])
            if wider and wider[0] == group[0] and wider != group:
                yield f"+{digits[:length]} of {show(wider[1])} covers +{digits} of {show(group[1])} too."


def _gaps(lines: Iterable[CallLine], deck: Deck) -> list[str]:
    """Countries with network groups of this carrier for which a call has no price."""
    priced = {line.country for line in lines if line.direction == CallRate.Direction.OUTBOUND}
    rates = CallRate.objects.filter(currency=deck.currency, direction=CallRate.Direction.OUTBOUND)
    groups = NetworkGroup.objects.filter(carrier=deck.carrier, country__is_offered=True)
    rated = groups.filter(Exists(rates.filter(network_group=OuterRef("pk")))).values_list(
        "country", flat=True
    )
    missing = sorted(set(groups.values_list("country", flat=True)) - priced - set(rated))
    if not missing:
        return []
    return [f"Countries without {deck.currency} call rates ({len(missing)}): {', '.join(missing)}."]


def _write(lines: Iterable[CallLine], new: Iterable[CallLine], deck: Deck) -> None:
    groups = _write_groups({line.group for line in lines}, deck.carrier)
    prefixes = {(line.group, line.prefix) for line in lines if line.prefix}
    rows = [Prefix(network_group=groups[group], digits=digits) for group, digits in sorted(prefixes)]
    Prefix.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
    _drop_placeholders({country for (country, _), _ in prefixes}, deck.carrier)
    CallRate.objects.bulk_create(
        [_rate(line, groups[line.group], deck) for line in new],
        batch_size=1000,
        update_conflicts=True,  # only a row that has not begun can have this start (see PriceHistory)
        unique_fields=["network_group", "prefix", "direction", "currency", "valid_from"],
        update_fields=["per_minute", "pulse_seconds", "connection_fee"],
    )


def _write_groups(wanted: set[Group], carrier: str) -> dict[Group, NetworkGroup]:
    rows = [NetworkGroup(carrier=carrier, country_id=country, name=name) for country, name in sorted(wanted)]
    NetworkGroup.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
    groups = NetworkGroup.objects.filter(carrier=carrier, country__in={country for country, _ in wanted})
    return {(group.country_id, group.name): group for group in groups}


def _drop_placeholders(countries: Iterable[str], carrier: str) -> None:
    """Beside finer groups an unused "Whole country" would only confuse."""
    used = WorkspaceNetworkGroup.objects.filter(network_group=OuterRef("pk"))
    placeholders = NetworkGroup.objects.filter(carrier=carrier, country__in=countries, name=WHOLE_COUNTRY)
    placeholders.filter(~Exists(used), call_rates=None, prefixes=None).delete()


def _rate(line: CallLine, group: NetworkGroup, deck: Deck) -> CallRate:
    return CallRate(
        network_group=group,
        prefix=line.prefix,
        direction=line.direction,
        currency=deck.currency,
        per_minute=line.per_minute,
        pulse_seconds=line.pulse,
        connection_fee=line.fee,
        valid_from=deck.valid_from,
    )
