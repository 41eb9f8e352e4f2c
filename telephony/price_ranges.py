"""What a minute costs in each network group at this moment: the price columns of Telephony Config.

Decks have hundreds of thousands of rates, so the sums are made in PostgreSQL and kept in this process until
rates change (``RateVersion``) or the next one begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median
from uuid import UUID

from django.db import connection
from django.db.models import Min

from dialnexa.money import format_exactly
from telephony.models import CallRate, RateVersion

DEAR = 4  # times the typical minute of a carrier: from there on a group is marked
TYPICAL_FROM = 5  # priced groups: fewer have no typical minute
RANGES = """
SELECT network_group_id, direction, min(per_minute), max(per_minute) FROM (
    SELECT DISTINCT ON (r.network_group_id, r.direction, r.prefix)
        r.network_group_id, r.direction, r.per_minute
    FROM telephony_callrate r JOIN telephony_networkgroup g ON g.id = r.network_group_id
    WHERE g.carrier = %s AND r.currency = %s AND r.valid_from <= %s
    ORDER BY r.network_group_id, r.direction, r.prefix, r.valid_from DESC
) counting GROUP BY network_group_id, direction
"""


@dataclass(frozen=True, slots=True)
class PriceRange:
    """What a minute costs in a group: one price, or from the cheapest prefix to the dearest."""

    low: Decimal
    high: Decimal
    currency: str

    def joined(self, other: PriceRange) -> PriceRange:
        return PriceRange(min(self.low, other.low), max(self.high, other.high), self.currency)

    def __str__(self) -> str:
        """``₹0.62`` or ``₹0.95–₹4.80``."""
        return "–".join(format_rate(price, self.currency) for price in sorted({self.low, self.high}))


def format_rate(amount: Decimal, currency: str) -> str:
    """As money, but with all its places: a minute may cost ``$0.0085``."""
    return format_exactly(amount, currency)


@dataclass(frozen=True, slots=True)
class PriceRanges:
    """Of one carrier in one currency: {group id: {direction: range}}.

    ``typical`` is the median of the groups' cheapest outbound minutes, None where few are priced. The ranges
    hold from ``since`` until ``until`` (None: nothing is announced).
    """

    groups: Mapping[str, Mapping[str, PriceRange]]
    typical: Decimal | None
    version: UUID | None
    since: datetime
    until: datetime | None

    def of(self, group_id: str) -> Mapping[str, PriceRange]:
        return self.groups.get(group_id, {})

    def is_dear(self, group_id: str) -> bool:
        """Whether even the group's cheapest minute costs DEAR times the typical one, or more."""
        outbound = self.of(group_id).get(CallRate.Direction.OUTBOUND)
        return outbound is not None and self.typical is not None and outbound.low >= DEAR * self.typical

    def counts(self, version: UUID | None, now: datetime) -> bool:
        in_time = self.since <= now and (self.until is None or now < self.until)
        return in_time and version == self.version


_kept: dict[tuple[str, str], PriceRanges] = {}


def price_ranges(carrier: str, currency: str, *, now: datetime) -> PriceRanges:
    """What counts at ``now`` for ``carrier`` (slug) and ``currency`` (ISO 4217). One query as a rule."""
    version = RateVersion.objects.values_list("version", flat=True).first()
    kept = _kept.get((carrier, currency))
    if kept is None or not kept.counts(version, now):
        kept = _kept[carrier, currency] = _read(carrier, currency, version, now)
    return kept


def _read(carrier: str, currency: str, version: UUID | None, now: datetime) -> PriceRanges:
    groups: dict[str, dict[str, PriceRange]] = {}
    with connection.cursor() as cursor:
        cursor.execute(RANGES, [carrier, currency, now])
        for group_id, direction, low, high in cursor:
            groups.setdefault(group_id, {})[direction] = PriceRange(low, high, currency)
    coming = CallRate.objects.filter(network_group__carrier=carrier, currency=currency, valid_from__gt=now)
    until = coming.aggregate(first=Min("valid_from"))["first"]
    return PriceRanges(groups, _typical(groups), version, now, until)


def _typical(groups: Mapping[str, Mapping[str, PriceRange]]) -> Decimal | None:
    outbound = CallRate.Direction.OUTBOUND.value
    lows = [prices[outbound].low for prices in groups.values() if outbound in prices]
    return median(lows) if len(lows) >= TYPICAL_FROM else None
