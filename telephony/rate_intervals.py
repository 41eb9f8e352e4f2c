"""Rates for a batch: sorted arrays that answer a million numbers by bisection, for one moment.

Every prefix is an interval of the numbers that begin with it, filled up to 15 digits, with its country in
front; a country's own rate is the interval of the whole country. Where intervals lie in each other the
longest prefix has the innermost. 500,000 prefixes take about 20 MB.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from telephony.rate_tables import Shared, Terms, stream_rates
from telephony.rating import OUTBOUND, CallPrice

WIDTH = 15  # digits of the longest number
POWERS = 10 ** np.arange(WIDTH - 1, -1, -1, dtype=np.float64)  # a double holds 15 digits exactly
COUNTRY = 10**WIDTH
AT_ONCE = 20_000  # numbers: what is worked on stays in the processor's cache
Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class RateIntervals:
    """``owners[i]`` is the row that prices the numbers from ``bounds[i]`` up to the next; -1: none does."""

    currency: str
    numbers: NDArray[np.int64]  # of the countries, by the two letters as one number; 0: not here
    bounds: NDArray[np.int64]
    owners: Rows
    ids: NDArray[np.int64]
    terms_of: Rows
    lengths: NDArray[np.uint8]  # of the prefixes
    terms: tuple[Terms, ...]

    @property
    def size(self) -> int:
        """The bytes its arrays take."""
        return sum(
            kept.nbytes
            for kept in (self.numbers, self.bounds, self.owners, self.ids, self.terms_of, self.lengths)
        )

    def find(self, digits: Sequence[str], countries: Sequence[str]) -> Rows:
        """For each number (digits with the calling code, no ``+``) of each country (ISO) the row that decides
        its price; -1 where there is none. ``terms_of`` gives a row's terms, ``price`` all of it.
        """
        found = np.empty(len(digits), dtype=np.int32)
        for start in range(0, len(digits), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            found[part] = self._find(digits[part], countries[part])
        return found

    def _find(self, digits: Sequence[str], countries: Sequence[str]) -> Rows:
        letters = np.array(digits, dtype=f"S{WIDTH}").view(np.uint8).reshape(len(digits), WIDTH)
        values = np.where(letters, letters - 48, 0) @ POWERS  # short numbers end in zeros, as prefixes do
        of_country = self.numbers[_pairs(countries)]
        keys = values.astype(np.int64) + of_country * COUNTRY
        order = np.argsort(keys)  # neighbours are looked for one after the other, in memory that is near
        found = np.empty(len(keys), dtype=np.int32)
        found[order] = self.owners[np.searchsorted(self.bounds, keys[order], side="right") - 1]
        found[of_country == 0] = -1
        return found

    def price(self, row: int, digits: str) -> CallPrice | None:
        """What ``find`` found for a number."""
        if row < 0:
            return None
        terms = self.terms[self.terms_of[row]]
        return CallPrice(
            int(self.ids[row]),
            digits[: self.lengths[row]],
            terms.network_group,
            terms.group_name,
            terms.per_minute,
            terms.pulse_seconds,
            terms.connection_fee,
            terms.valid_from,
            self.currency,
        )


def _pairs(countries: Sequence[str]) -> NDArray[np.uint16]:
    """Two letters as one number each; what has not two letters as nothing."""
    text = "".join(countries)
    if len(text) != 2 * len(countries) or not text.isascii() or not all(countries):
        text = "".join(iso if len(iso) == 2 and iso.isascii() else "\0\0" for iso in countries)
    return np.frombuffer(text.encode(), dtype=np.uint16) if text else np.zeros(0, dtype=np.uint16)


def _numbers(countries: dict[str, int]) -> NDArray[np.int64]:
    numbers = np.zeros(2**16, dtype=np.int64)
    numbers[_pairs(list(countries))] = list(countries.values())
    return numbers


def build_intervals(carrier: str, currency: str, direction: str = OUTBOUND, *, at: datetime) -> RateIntervals:
    """What counts there at the moment ``at`` (aware), for ``carrier`` (slug) and ``currency`` (ISO 4217)."""
    read = _Read(at.timestamp())
    for shared in stream_rates(carrier, currency, direction, now=at):
        read.add(shared)
    starts, lengths = np.array(read.starts, dtype=np.int64), np.array(read.lengths, dtype=np.uint8)
    ids = np.array(read.ids, dtype=np.int64)
    begins = np.array([terms.start for terms in read.terms])[read.terms_of] if len(ids) else ids
    order = np.lexsort((ids, begins, np.array(read.explicit, dtype=np.uint8), lengths, starts))
    starts, lengths = starts[order], lengths[order]
    last = np.append((starts[1:] != starts[:-1]) | (lengths[1:] != lengths[:-1]), True)[: len(ids)]
    order, starts, lengths = order[last], starts[last], lengths[last]
    bounds, owners = _flatten(starts, lengths)
    terms_of = np.array(read.terms_of, dtype=np.int32)[order]
    return RateIntervals(
        currency, _numbers(read.countries), bounds, owners, ids[order], terms_of, lengths, tuple(read.terms)
    )


class _Read:
    """The rates that have begun, column by column."""

    def __init__(self, moment: float) -> None:
        self.moment = moment
        self.countries: dict[str, int] = {}
        self.terms: list[Terms] = []
        self.starts, self.ids, self.terms_of = array("q"), array("q"), array("i")
        self.lengths, self.explicit = array("B"), array("B")

    def add(self, shared: Shared) -> None:
        if shared.terms.start > self.moment:
            return
        country = self.countries.setdefault(shared.keys[0][:2], len(self.countries) + 1) * COUNTRY
        self.starts.extend(country + int(key[2:].ljust(WIDTH, "0")) for key in shared.keys)
        self.lengths.extend(len(key) - 2 for key in shared.keys)
        self.ids.extend(shared.ids)
        self.terms_of.extend(repeat(len(self.terms), len(shared.ids)))
        self.explicit.extend(repeat(shared.explicit, len(shared.ids)))
        self.terms.append(shared.terms)


def _flatten(starts: NDArray[np.int64], lengths: NDArray[np.uint8]) -> tuple[NDArray[np.int64], Rows]:
    """The pieces into which all the intervals cut the numbers, and whose each is: the innermost's."""
    ends = starts + 10 ** (WIDTH - lengths.astype(np.int64))
    bounds = np.unique(np.concatenate((np.zeros(1, dtype=np.int64), starts, ends)))
    owners = np.full(len(bounds), -1, dtype=np.int32)
    for length in np.unique(lengths):  # the shortest first: longer ones take their part of it
        rows = np.flatnonzero(lengths == length).astype(np.int32)
        first, until = np.searchsorted(bounds, starts[rows]), np.searchsorted(bounds, ends[rows])
        pieces = until - first
        offsets = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        owners[np.repeat(first, pieces) + offsets] = np.repeat(rows, pieces)
    return bounds, owners
