"""Whether rent renewed one by one and in batches has left the same rows."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.figures import say

# Everything a renewal writes, without ids and with moments counted from the rental's anchor: so the effect of
# one renewal is the effect of each, apart from whether a server listens.
EFFECTS = """
SELECT r.id = ANY(%(plainly)s) AS plainly, hears.id IS NOT NULL AS heard, count(*) AS renewals,
    array_agg(DISTINCT jsonb_build_array(
        r.paid_periods, r.paid_through - r.anchor, r.next_run_at - r.anchor, r.remind_at - r.anchor,
        r.monthly_price, r.short_since,
        e.kind, replace(e.reference, r.number_id, ''), replace(e.memo, n.e164, ''), e.amount, e.currency,
        e.actor_name, e.created_at, e.subject_id = r.number_id, e.workspace_id = r.workspace_id,
        purse.kind, purse.workspace_id = r.workspace_id, purse.currency, revenue.kind, revenue.currency,
        c.k, c.starts_at - r.anchor, c.ends_at - r.anchor, c.amount, c.currency,
        h.subject_type, h.event, h.before, h.after - 'paid_through', h.channel, h.actor_name, h.reason, h.at,
        (h.after ->> 'paid_through')::timestamptz - r.anchor, h.workspace_id = r.workspace_id,
        m.type, m.subject_id = r.number_id, m.created_at, m.payload -> 'timestamp',
        m.payload #- '{data,number_id}' #- '{data,phone_number}' #- '{data,paid_through}'
            #- '{data,period_start}' #- '{data,period_end}' #- '{timestamp}',
        (m.payload #>> '{data,period_end}')::timestamptz - r.anchor, d.state, d.next_try_at, d.created_at
    )) AS effects
FROM numbers_rental r
JOIN numbers_phonenumber n ON n.id = r.number_id
JOIN numbers_rentalcharge c ON c.rental_id = r.id
JOIN dialnexa_ledgerentry e ON e.id = c.entry_id
JOIN dialnexa_ledgeraccount purse ON purse.id = e.debit_id
JOIN dialnexa_ledgeraccount revenue ON revenue.id = e.credit_id
JOIN dialnexa_auditentry h ON h.subject_id = r.id
LEFT JOIN dialnexa_webhookendpoint hears ON hears.workspace_id = r.workspace_id
LEFT JOIN dialnexa_webhookmessage m ON m.reference = 'rental.renewed:' || r.id || ':' || c.k
LEFT JOIN dialnexa_webhookdelivery d ON d.message_id = m.id
GROUP BY 1, 2
"""
WRONG = """
SELECT count(*) FROM dialnexa_ledgeraccount a WHERE workspace_id IS NOT NULL AND balance <>
    coalesce((SELECT sum(amount) FROM dialnexa_ledgerentry WHERE credit_id = a.id), 0)
    - coalesce((SELECT sum(amount) FROM dialnexa_ledgerentry WHERE debit_id = a.id), 0)
"""
MADE = """
SELECT count(*) FROM numbers_rentalcharge UNION ALL
SELECT count(*) FROM dialnexa_ledgerentry WHERE kind = 'capture' UNION ALL
SELECT count(*) FROM dialnexa_auditentry WHERE event = 'renew'
"""


def compare_effects(plainly: Sequence[str]) -> None:
    """Say how many renewals of either kind had the same effects; raises AssertionError where they differ."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(EFFECTS, {"plainly": list(plainly)})
        rows = cursor.fetchall()
        cursor.execute(WRONG)
        wrong = cursor.fetchone()[0]
        cursor.execute(MADE)
        made = {count for (count,) in cursor.fetchall()}
    counts = {one: sum(count for plain, _, count, _ in rows if plain is one) for one in (True, False)}
    effects = {heard: {repr(of) for _, it, _, of in rows if it is heard} for heard in (True, False)}
    assert all(len(of) == 1 for _, _, _, of in rows), "renewals of one kind differ"
    assert all(len(one) <= 1 for one in effects.values()), "one by one and in batches differ"
    assert counts[True] == len(plainly), "a renewal is missing"
    assert made == {sum(counts.values())}, "there is more or less than one row of each"
    assert wrong == 0, "a balance is not the sum of its entries"
    say(f"    the same rows and balances after {counts[True]:,} one by one and {counts[False]:,} in batches")
