"""A call deck beside the rates there are, as temporary tables: half a million lines in bounded memory.

``stage`` copies the lines in, ``judge`` decides in two statements what each means; then they are counted,
read for the lint (``deck_lint``) and written, a statement each. All within one transaction, by one caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection

from telephony.call_lines import CallLine
from telephony.deck_files import MOST_BAD, show
from telephony.deck_lint import Priced
from telephony.decks import Deck, in_force_since
from telephony.models import NetworkGroup

LONGEST = "120s"  # a statement, for the largest decks
AT_ONCE = 5_000  # rows for the lint
LINES = """
CREATE TEMPORARY TABLE deck_line (line integer, country varchar, name varchar, prefix varchar,
    direction varchar, per_minute numeric(20, 6), pulse smallint, fee numeric(20, 6)) ON COMMIT DROP
"""
PRESENT = """
CREATE TEMPORARY TABLE deck_present ON COMMIT DROP AS
SELECT DISTINCT ON (r.network_group_id, r.prefix, r.direction) r.id, r.network_group_id AS group_id, r.prefix,
    r.direction, r.per_minute, r.pulse_seconds AS pulse, r.connection_fee AS fee, r.valid_from
FROM telephony_callrate r JOIN telephony_networkgroup g ON g.id = r.network_group_id
WHERE g.carrier = %(carrier)s AND r.currency = %(currency)s AND r.valid_from <= %(start)s
ORDER BY r.network_group_id, r.prefix, r.direction, r.valid_from DESC
"""
JUDGED = """
CREATE TEMPORARY TABLE deck_judged ON COMMIT DROP AS
WITH owner AS (
    SELECT p.digits, min(g.name) AS name, array_agg(g.id) AS ids
    FROM telephony_prefix p JOIN telephony_networkgroup g ON g.id = p.network_group_id
    WHERE g.carrier = %(carrier)s GROUP BY p.digits
), begun AS (
    SELECT r.network_group_id AS group_id, r.prefix, r.direction, max(r.valid_from) AS since,
        bool_or(r.valid_from = %(start)s) AS taken
    FROM telephony_callrate r JOIN telephony_networkgroup g ON g.id = r.network_group_id
    WHERE g.carrier = %(carrier)s AND r.currency = %(currency)s AND r.valid_from <= %(now)s
    GROUP BY r.network_group_id, r.prefix, r.direction
), deck AS (
    SELECT l.*, g.id AS group_id,
        min(l.line) OVER (PARTITION BY l.prefix, l.direction, l.country, l.name) AS first_line,
        first_value(l.country) OVER claims AS first_country, first_value(l.name) OVER claims AS first_name
    FROM deck_line l LEFT JOIN telephony_networkgroup g
        ON g.carrier = %(carrier)s AND g.country_id = l.country AND g.name = l.name
    WINDOW claims AS (PARTITION BY l.prefix ORDER BY l.line)
)
SELECT d.line, d.country, d.name, d.prefix, d.direction, d.per_minute, d.pulse, d.fee, d.group_id,
    d.first_line, coalesce(owner.name, d.first_name) AS owner, begun.since, was.per_minute AS was,
    CASE
        WHEN d.first_line <> d.line THEN 'second'
        WHEN owner.ids IS NOT NULL AND coalesce(d.group_id <> ALL (owner.ids), true) THEN 'claimed'
        WHEN owner.ids IS NULL AND d.prefix <> ''
            AND (d.country, d.name) <> (d.first_country, d.first_name) THEN 'claimed'
        WHEN (d.per_minute, d.pulse, d.fee) = (was.per_minute, was.pulse, was.fee) THEN 'unchanged'
        WHEN begun.since IS NOT NULL AND (%(start)s < %(now)s OR begun.taken) THEN 'begun'
        WHEN was.group_id IS NULL THEN 'added'
        ELSE 'changed'
    END AS verdict
FROM deck d
LEFT JOIN owner ON owner.digits = d.prefix
LEFT JOIN begun ON (begun.group_id, begun.prefix, begun.direction) = (d.group_id, d.prefix, d.direction)
LEFT JOIN deck_present was ON (was.group_id, was.prefix, was.direction) = (d.group_id, d.prefix, d.direction)
"""
KEPT = """
SELECT count(*) FROM deck_present p WHERE NOT EXISTS (SELECT FROM deck_judged j
    WHERE (j.group_id, j.prefix, j.direction) = (p.group_id, p.prefix, p.direction))
"""
REFUSED = """
SELECT line, verdict, first_line, prefix, owner, since FROM deck_judged
WHERE verdict IN ('second', 'claimed', 'begun') ORDER BY line LIMIT %s
"""
# What would count then, by country and digits, and (without a price) what is known to exist: see deck_lint.
THEN = """
WITH rate AS (
    SELECT country, name, direction, prefix, per_minute, pulse, fee, line, %(start)s AS valid_from, 0 AS id
    FROM deck_judged WHERE verdict IN ('added', 'changed', 'unchanged')
    UNION ALL
    SELECT g.country_id, g.name, p.direction, p.prefix, p.per_minute, p.pulse, p.fee, 0, p.valid_from, p.id
    FROM deck_present p JOIN telephony_networkgroup g ON g.id = p.group_id
    WHERE NOT EXISTS (SELECT FROM deck_judged j
        WHERE (j.group_id, j.prefix, j.direction) = (p.group_id, p.prefix, p.direction))
), known AS (
    SELECT g.country_id AS country, g.name, p.digits
    FROM telephony_prefix p JOIN telephony_networkgroup g ON g.id = p.network_group_id
    WHERE g.carrier = %(carrier)s
    UNION
    SELECT country, name, prefix FROM deck_judged WHERE prefix <> ''
), whole AS (
    SELECT g.country_id AS country, g.name, '' AS digits FROM telephony_networkgroup g
    WHERE g.carrier = %(carrier)s UNION SELECT country, name, '' FROM deck_judged
    EXCEPT SELECT country, name, '' FROM known
), matched AS (
    SELECT rate.*, prefix AS digits, true AS explicit FROM rate WHERE prefix <> ''
    UNION ALL
    SELECT rate.*, place.digits, false
    FROM rate JOIN (TABLE known UNION ALL TABLE whole) place USING (country, name) WHERE prefix = ''
)
SELECT country, direction, digits, name, explicit, per_minute, pulse, fee, line
FROM (
    TABLE matched
    UNION ALL
    SELECT place.country, place.name, 'outbound', '', NULL, NULL, NULL, 0, NULL, 0, place.digits, false
    FROM (TABLE known UNION ALL TABLE whole) place JOIN telephony_country c ON c.iso = place.country
    WHERE c.is_offered
        AND NOT EXISTS (SELECT FROM rate WHERE (rate.country, rate.name, rate.prefix, rate.direction)
            = (place.country, place.name, place.digits, 'outbound'))
) row
ORDER BY country, direction, digits COLLATE "C", per_minute IS NULL, explicit DESC, valid_from DESC,
    line DESC, id DESC
"""
PREFIXES = """
INSERT INTO telephony_prefix (network_group_id, digits)
SELECT DISTINCT g.id, j.prefix FROM deck_judged j
JOIN telephony_networkgroup g ON g.carrier = %(carrier)s AND g.country_id = j.country AND g.name = j.name
WHERE j.prefix <> '' ON CONFLICT DO NOTHING
"""
# Only a row that has not begun can have this start: the others were refused as 'begun'.
RATES = """
INSERT INTO telephony_callrate (network_group_id, prefix, direction, currency, per_minute, pulse_seconds,
    connection_fee, valid_from)
SELECT g.id, j.prefix, j.direction, %(currency)s, j.per_minute, j.pulse, j.fee, %(start)s FROM deck_judged j
JOIN telephony_networkgroup g ON g.carrier = %(carrier)s AND g.country_id = j.country AND g.name = j.name
WHERE j.verdict IN ('added', 'changed') ORDER BY j.line
ON CONFLICT (network_group_id, prefix, direction, currency, valid_from) DO UPDATE SET
    per_minute = EXCLUDED.per_minute, pulse_seconds = EXCLUDED.pulse_seconds,
    connection_fee = EXCLUDED.connection_fee
"""


def stage(lines: Iterable[CallLine]) -> None:
    """Copy the lines into a table of this transaction, in place of one that was there."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{LONGEST}'")
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute("DROP TABLE IF EXISTS deck_line, deck_present, deck_judged")
        cursor.execute(LINES)
        with cursor.copy("COPY deck_line FROM STDIN") as copy:
            for line in lines:
                copy.write_row(line)
        cursor.execute("ANALYZE deck_line")


def judge(deck: Deck) -> dict[str, int]:
    """What every line means, counted: added, changed, unchanged, and what can't be used."""
    with connection.cursor() as cursor:
        cursor.execute(PRESENT, _asked(deck))
        cursor.execute("ANALYZE deck_present")
        cursor.execute(JUDGED, _asked(deck))
        cursor.execute("ANALYZE deck_judged")
        cursor.execute("SELECT verdict, count(*) FROM deck_judged GROUP BY verdict")
        return dict(cursor.fetchall())


def kept() -> int:
    """How many prices count then that the deck does not name."""
    return int(_fetch(KEPT)[0][0])


def refused() -> Iterator[tuple[int, str]]:
    """The first lines that can't be used beside the others, and why."""
    for line, verdict, first, prefix, owner, since in _fetch(REFUSED, [MOST_BAD]):
        if verdict == "second":
            yield line, f"the same network group, prefix and direction as line {first}"
        elif verdict == "claimed":
            yield line, f"prefix +{prefix} is in the network group {show(owner)} already"
        else:
            yield line, in_force_since(since)


def new_groups() -> list[tuple[str, str]]:
    """Country and name of the network groups that the deck would make."""
    return _fetch("SELECT DISTINCT country, name FROM deck_judged WHERE group_id IS NULL ORDER BY 1, 2")


def prices_then(deck: Deck) -> Iterator[Priced]:
    """What ``deck_lint.lint_prices`` reads, in its order; streamed."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(THEN, _asked(deck))
        while rows := cursor.fetchmany(AT_ONCE):
            yield from map(Priced._make, rows)


def jumps(share: Any, most: int) -> tuple[int, list[tuple[Any, ...]]]:
    """Lines whose price changes by more than this share: how many, and the first with what it was."""
    found = "FROM deck_judged WHERE verdict = 'changed' AND abs(per_minute - was) > was * %s AND was > 0"
    count = _fetch(f"SELECT count(*) {found}", [share])[0][0]  # noqa: S608  two constants
    first = f"SELECT line, prefix, name, was, per_minute {found} ORDER BY line LIMIT %s"  # noqa: S608  two constants
    return count, _fetch(first, [share, most])


def write(deck: Deck) -> None:
    """The groups that are missing, the prefixes, the prices."""
    rows = [NetworkGroup(carrier=deck.carrier, country_id=iso, name=name) for iso, name in new_groups()]
    NetworkGroup.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute(PREFIXES, _asked(deck))
        cursor.execute(RATES, _asked(deck))


def countries_with_prefixes() -> list[str]:
    return [iso for (iso,) in _fetch("SELECT DISTINCT country FROM deck_judged WHERE prefix <> ''")]


def _fetch(query: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def _asked(deck: Deck) -> dict[str, Any]:
    return {
        "carrier": deck.carrier,
        "currency": deck.currency,
        "start": deck.valid_from,
        "now": deck.now,
    }
