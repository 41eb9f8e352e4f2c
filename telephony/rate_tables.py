"""Rates held in this process, for calls that can't wait for the database.

One table per carrier, currency and direction: a dictionary from country and leading digits to the rates that
match there, asked from the longest prefix down. It is built when first asked for and again after any change:
a trigger moves ``RateVersion`` with every change, and the version is looked at once a second at most, so that
a change counts everywhere within about a second and a building time. It knows the rates that count now and
those to come; moments before it was built are answered by ``rate_call``.

500,000 prefixes take about 85 MB (``python -m tests.bench.rating``); only processes that ask have them.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import repeat
from threading import Lock
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from telephony.e164 import E164
from telephony.models import RateVersion
from telephony.rating import OUTBOUND, CallPrice, rate_call

LOOK_AGAIN = 1.0  # seconds
# Half a million rates are brought together in memory, and by hashes: sorting them takes twice as long.
SET_UP = "SET LOCAL work_mem = '128MB'; SET LOCAL enable_sort = off"
GRACE = timedelta(minutes=1)  # a table also knows what counted a little before it was built
# Half a million rates share a few thousand prices. All rates of one price come as one row, so that they are
# taken apart and put into the dictionary by the interpreter's own loops.
ROWS = """
WITH rate AS (
    SELECT r.id, r.network_group_id AS group_id, r.prefix, r.per_minute, r.pulse_seconds, r.connection_fee,
        r.valid_from
    FROM telephony_callrate r JOIN telephony_networkgroup g ON g.id = r.network_group_id
    WHERE g.carrier = %(carrier)s AND r.currency = %(currency)s AND r.direction = %(direction)s
        AND NOT EXISTS (
            SELECT FROM telephony_callrate later
            WHERE later.network_group_id = r.network_group_id AND later.prefix = r.prefix
                AND later.direction = r.direction AND later.currency = r.currency
                AND later.valid_from > r.valid_from AND later.valid_from <= %(now)s
        )
), matched AS (
    SELECT *, prefix AS digits, 1 AS explicit FROM rate WHERE prefix <> ''
    UNION ALL
    SELECT rate.*, p.digits, 0 FROM rate JOIN telephony_prefix p ON p.network_group_id = rate.group_id
    WHERE rate.prefix = ''
    UNION ALL
    SELECT *, '', 0 FROM rate WHERE prefix = ''
        AND NOT EXISTS (SELECT FROM telephony_prefix p WHERE p.network_group_id = rate.group_id)
), shared AS (
    SELECT group_id, explicit, valid_from, per_minute, pulse_seconds, connection_fee,
        string_agg(digits, ',') AS digits, string_agg(id::text, ',') AS ids
    FROM matched
    GROUP BY group_id, explicit, valid_from, per_minute, pulse_seconds, connection_fee
)
SELECT s.explicit = 1, extract(epoch FROM s.valid_from) || '|' || s.per_minute || '|' || s.pulse_seconds
    || '|' || s.connection_fee || '|' || g.id || '|' || g.name, g.country_id, s.digits, s.ids
FROM shared s JOIN telephony_networkgroup g ON g.id = s.group_id
"""


class Shared(NamedTuple):
    """Rates that are equal but for their prefixes. ``keys`` are country and prefix (``IN9198``)."""

    explicit: bool
    terms: Terms
    keys: list[str]
    ids: array[int]


@dataclass(frozen=True, slots=True)
class Terms:
    """What many rates have in common: their price, their start and their network group."""

    start: float  # seconds since 1970
    valid_from: datetime
    per_minute: Decimal
    pulse_seconds: int
    connection_fee: Decimal
    network_group: str
    group_name: str

    @classmethod
    def read(cls, text: str) -> Terms:
        """As ``stream_rates`` writes them."""
        start, per_minute, pulse, fee, group, name = text.split("|", 5)
        begins = datetime.fromtimestamp(float(start), UTC)
        return cls(float(start), begins, Decimal(per_minute), int(pulse), Decimal(fee), group, name)


@dataclass(slots=True)
class RateTable:
    """``rows`` gives the row of a country and prefix (``IN9198``), or several, the best first."""

    currency: str
    since: float  # seconds since 1970: it knows nothing of what counted before
    rows: dict[str, int | tuple[int, ...]] = field(default_factory=dict)
    ids: array[int] = field(default_factory=lambda: array("q"))
    terms_of: array[int] = field(default_factory=lambda: array("l"))
    explicit: bytearray = field(default_factory=bytearray)
    terms: list[Terms] = field(default_factory=list)
    longest: int = 0

    def rate(self, number: E164, at: datetime) -> CallPrice | None:
        """As ``rating.rate_call``. ``at`` may not be before ``since``."""
        country, digits, moment = number.country, number.e164[1:], at.timestamp()
        if not country:
            return None
        key, find = country + digits[: self.longest], self.rows.get
        for end in range(len(key), 1, -1):
            found = find(key[:end])
            if found is not None:
                for row in (found,) if isinstance(found, int) else found:
                    if self.terms[self.terms_of[row]].start <= moment:
                        return self.price(row, key[2:end])
        return None

    def price(self, row: int, prefix: str) -> CallPrice:
        terms = self.terms[self.terms_of[row]]
        return CallPrice(
            self.ids[row],
            prefix,
            terms.network_group,
            terms.group_name,
            terms.per_minute,
            terms.pulse_seconds,
            terms.connection_fee,
            terms.valid_from,
            self.currency,
        )

    def best_first(self, row: int) -> tuple[int, float, int]:
        """The order among rates of one prefix."""
        return -self.explicit[row], -self.terms[self.terms_of[row]].start, -self.ids[row]


def build_table(carrier: str, currency: str, direction: str, *, now: datetime) -> RateTable:
    """Everything that is priced there now or later. One query, streamed."""
    table = RateTable(currency, now.timestamp())
    crowded: set[str] = set()
    for shared in stream_rates(carrier, currency, direction, now=now):
        first = len(table.ids)
        table.ids.extend(shared.ids)
        table.terms_of.extend(repeat(len(table.terms), len(shared.ids)))
        table.explicit.extend(repeat(shared.explicit, len(shared.ids)))
        table.terms.append(shared.terms)
        _add_rows(table.rows, shared.keys, range(first, len(table.ids)), crowded)
    for key in crowded:
        table.rows[key] = tuple(sorted(_several(table.rows[key]), key=table.best_first))
    table.longest = max(map(len, table.rows), default=2) - 2
    return table


def _add_rows(
    rows: dict[str, int | tuple[int, ...]], keys: list[str], numbers: range, crowded: set[str]
) -> None:
    """Most keys are new; then the dictionary takes them all at once."""
    if rows.keys().isdisjoint(keys):
        rows.update(zip(keys, numbers, strict=True))
        return
    for key, number in zip(keys, numbers, strict=True):
        if key in rows:
            rows[key] = (*_several(rows[key]), number)
            crowded.add(key)
        else:
            rows[key] = number


def _several(rows: int | tuple[int, ...]) -> tuple[int, ...]:
    return (rows,) if isinstance(rows, int) else rows


def stream_rates(carrier: str, currency: str, direction: str, *, now: datetime) -> Iterator[Shared]:
    """What counts now or later."""
    asked: dict[str, Any] = {
        "carrier": carrier,
        "currency": currency,
        "direction": direction,
        "now": now,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SET_UP)
        cursor.execute(ROWS, asked)
        for explicit, terms, country, digits, ids in cursor:
            keys = (country + digits.replace(",", f",{country}")).split(",")
            yield Shared(explicit, Terms.read(terms), keys, array("q", map(int, ids.split(","))))


# --- one per process ------------------------------------------------------------------------------------

Kept = tuple[UUID | None, RateTable]
_tables: dict[tuple[str, str, str], Kept] = {}
_looked: tuple[float, UUID | None] = (float("-inf"), None)  # when, and which version it was
_building = Lock()


def rate_now(
    number: E164, *, carrier: str, currency: str, direction: str = OUTBOUND, now: datetime
) -> CallPrice | None:
    """As ``rating.rate_call`` for a number that was read, from this process' memory; not for SIP trunks."""
    wanted = carrier, currency, direction
    kept = _tables.get(wanted)
    if kept is None or kept[0] != _looked[1] or time.monotonic() - _looked[0] > LOOK_AGAIN:
        kept = _up_to_date(wanted, now)
    table = kept[1]
    if now.timestamp() < table.since:
        return rate_call(number, carrier=carrier, currency=currency, direction=direction, at=now)
    return table.rate(number, now)


def _up_to_date(wanted: tuple[str, str, str], now: datetime) -> Kept:
    """While one thread builds, the others go on with what they had."""
    version = _current_version()
    kept = _tables.get(wanted)
    if kept is not None and (kept[0] == version or _building.locked()):
        return kept
    with _building:
        kept = _tables.get(wanted)
        if kept is None or kept[0] != version:
            kept = version, build_table(*wanted, now=now - GRACE)
            _tables[wanted] = kept
    return kept


def _current_version() -> UUID | None:
    """Read before the rates are: what changes between is only read once more."""
    global _looked
    if time.monotonic() - _looked[0] > LOOK_AGAIN:
        version = RateVersion.objects.values_list("version", flat=True).first()
        _looked = time.monotonic(), version
    return _looked[1]


def forget() -> None:
    """Build and look again at the next question."""
    global _looked
    _tables.clear()
    _looked = float("-inf"), None
