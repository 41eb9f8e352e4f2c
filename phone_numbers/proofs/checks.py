"""What has to be true of the books, each as a query for the rows that break it.

A query gives the id of what is wrong and a sentence about it. They are read in one snapshot, so a purchase
that happens meanwhile is seen whole or not at all. What was due before ``%(late)s`` has been looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

from dialnexa.audit_chain import WRONG


@dataclass(frozen=True, slots=True)
class Check:
    """``code`` is stable, ``title`` what is true when it holds, ``sql`` selects an id and a sentence."""

    code: str
    title: str
    sql: str


BALANCES = Check(
    "balances",
    "Every wallet and hold stands at what its transfers add up to.",
    """
    SELECT a.id, 'It stands at ' || a.balance || ', its transfers add up to ' || coalesce(s.total, 0) || '.'
    FROM dialnexa_ledgeraccount a LEFT JOIN (
        SELECT account, sum(amount) AS total FROM (
            SELECT credit_id AS account, amount FROM dialnexa_ledgerentry
            UNION ALL SELECT debit_id, -amount FROM dialnexa_ledgerentry) moved
        GROUP BY account) s ON s.account = a.id
    WHERE a.workspace_id IS NOT NULL AND a.balance <> coalesce(s.total, 0)
    """,
)

SUM = Check(
    "sum",
    "Wallets, holds and the platform's accounts add up to zero in every currency.",
    """
    SELECT currency, 'Everything together comes to ' || sum(amount) || ', not to zero.' FROM (
        SELECT currency, balance AS amount FROM dialnexa_ledgeraccount WHERE workspace_id IS NOT NULL
        UNION ALL SELECT e.currency, e.amount FROM dialnexa_ledgerentry e
            JOIN dialnexa_ledgeraccount a ON a.id = e.credit_id WHERE a.workspace_id IS NULL
        UNION ALL SELECT e.currency, -e.amount FROM dialnexa_ledgerentry e
            JOIN dialnexa_ledgeraccount a ON a.id = e.debit_id WHERE a.workspace_id IS NULL) everything
    GROUP BY currency HAVING sum(amount) <> 0
    """,
)

SIDES = Check(
    "sides",
    "Every transfer has two accounts, of its currency and of its workspace.",
    """
    SELECT e.id, e.reference || ' does not stand between two accounts of its currency and workspace.'
    FROM dialnexa_ledgerentry e
    LEFT JOIN dialnexa_ledgeraccount d ON d.id = e.debit_id
    LEFT JOIN dialnexa_ledgeraccount c ON c.id = e.credit_id
    WHERE d.id IS NULL OR c.id IS NULL OR d.id = c.id OR e.amount <= 0
       OR d.currency <> e.currency OR c.currency <> e.currency
       OR d.workspace_id <> e.workspace_id OR c.workspace_id <> e.workspace_id
    """,
)

PERIODS = Check(
    "periods",
    "Every rental has one charge for each of its paid months, without a gap.",
    """
    SELECT r.id, 'It counts ' || r.paid_periods || ' paid months and has ' || count(c.id)
        || ' charges, the last for month ' || coalesce((max(c.k) + 1)::text, 'none') || '.'
    FROM numbers_rental r LEFT JOIN numbers_rentalcharge c ON c.rental_id = r.id
    GROUP BY r.id HAVING count(c.id) <> r.paid_periods OR coalesce(max(c.k) + 1, 0) <> r.paid_periods
    """,
)

SPANS = Check(
    "spans",
    "Months follow each other, from the purchase to the day until which the number is paid.",
    """
    SELECT rental_id, 'Month ' || k + 1 || ' runs from ' || starts_at || ' to ' || ends_at
        || ', expected from ' || from_ || ' and, if it is the last, to ' || paid_through || '.'
    FROM (
        SELECT c.rental_id, c.k, c.starts_at, c.ends_at, r.paid_through,
            lag(c.ends_at, 1, r.anchor) OVER months AS from_, lead(c.k) OVER months AS next_k
        FROM numbers_rentalcharge c JOIN numbers_rental r ON r.id = c.rental_id
        WINDOW months AS (PARTITION BY c.rental_id ORDER BY c.k)) month
    WHERE starts_at <> from_ OR (next_k IS NULL AND ends_at <> paid_through)
    """,
)

ELAPSED = Check(
    "elapsed",
    "No month of a working number has begun uncharged, but for those that are known to be unpaid.",
    """
    SELECT r.id, 'It is paid until ' || r.paid_through || ', and nobody has looked since.'
    FROM numbers_rental r JOIN numbers_phonenumber n ON n.id = r.number_id
    WHERE r.ended_at IS NULL AND r.rental_status = 'active' AND r.paid_through < %(late)s
      AND r.short_since IS NULL AND r.review_since IS NULL AND n.missing_since IS NULL
    """,
)

CHARGES = Check(
    "charges",
    "Every charge of rent has its transfer: of its number and month, and of the same amount.",
    """
    SELECT c.rental_id, 'Month ' || c.k + 1 || ' costs ' || c.amount || ' and is booked as '
        || coalesce(e.reference || ' over ' || e.amount, 'nothing') || '.'
    FROM numbers_rentalcharge c
    JOIN numbers_rental r ON r.id = c.rental_id
    LEFT JOIN dialnexa_ledgerentry e ON e.id = c.entry_id
    LEFT JOIN numbers_numberorder o ON o.number_id = r.number_id AND c.k = 0
    WHERE CASE
        WHEN e.id IS NULL THEN c.amount <> 0
        WHEN e.workspace_id IS DISTINCT FROM c.workspace_id OR e.currency <> c.currency THEN true
        WHEN e.reference = 'rent:' || r.number_id || ':' || c.k THEN e.amount <> c.amount
        WHEN e.reference = 'resolve:' || o.id THEN
            e.amount <> o.setup_price + o.monthly_price OR c.amount <> o.monthly_price
        ELSE true END
    """,
)

RENT = Check(
    "rent",
    "Every transfer of rent has its charge.",
    """
    SELECT e.id, e.reference || ' took ' || e.amount || ' for no month of any number.'
    FROM dialnexa_ledgerentry e LEFT JOIN numbers_rentalcharge c ON c.entry_id = e.id
    WHERE e.reference LIKE 'rent:%%' AND c.id IS NULL
    """,
)

ENDED = Check(
    "ended",
    "Nothing is charged for months that begin after a rental has ended, or it was returned.",
    """
    SELECT c.rental_id, 'Month ' || c.k + 1 || ' begins after the end, and ' || c.amount
        || ' was not returned.'
    FROM numbers_rentalcharge c
    JOIN numbers_rental r ON r.id = c.rental_id
    LEFT JOIN dialnexa_ledgerentry b ON b.reference = 'unrent:' || r.number_id || ':' || c.k
    WHERE c.starts_at > r.ended_at AND c.amount <> coalesce(b.amount, 0)
    """,
)

HOLDS = Check(
    "holds",
    "Every hold is the sum of what open orders and open calls have reserved.",
    """
    SELECT coalesce(a.id, s.workspace_id), 'It stands at ' || coalesce(a.balance, 0)
        || ', open orders and calls reserve ' || coalesce(s.total, 0) || '.'
    FROM (SELECT * FROM dialnexa_ledgeraccount WHERE kind = 'held') a
    FULL JOIN (
        SELECT workspace_id, currency, sum(amount) AS total FROM (
            SELECT workspace_id, currency, setup_price + monthly_price AS amount FROM numbers_numberorder
            WHERE status IN ('placed', 'buying', 'uncertain')
            UNION ALL SELECT workspace_id, currency, held FROM telephony_call
            WHERE direction = 'outbound' AND status IN ('created', 'initiated', 'sent', 'received')) live
        GROUP BY workspace_id, currency) s ON s.workspace_id = a.workspace_id AND s.currency = a.currency
    WHERE coalesce(a.balance, 0) <> coalesce(s.total, 0)
    """,
)

RESERVED = Check(
    "reserved",
    "What an order or a call reserved is there while it is open, and has left the hold once it is over.",
    """
    SELECT h.subject_id, h.amount || ' was reserved, of which ' || coalesce(o.gone, 0)
        || ' has left the hold, and it is ' || CASE WHEN live.id IS NULL THEN 'over.' ELSE 'open.' END
    FROM dialnexa_ledgerentry h
    LEFT JOIN (
        SELECT e.subject_id, e.debit_id, sum(e.amount) AS gone FROM dialnexa_ledgerentry e
        JOIN dialnexa_ledgeraccount a ON a.id = e.debit_id AND a.kind = 'held'
        GROUP BY e.subject_id, e.debit_id) o ON o.subject_id = h.subject_id AND o.debit_id = h.credit_id
    LEFT JOIN (
        SELECT id FROM numbers_numberorder WHERE status IN ('placed', 'buying', 'uncertain')
        UNION ALL SELECT id FROM telephony_call
        WHERE status IN ('created', 'initiated', 'sent', 'received')) live ON live.id = h.subject_id
    WHERE h.kind = 'hold'
      AND coalesce(o.gone, 0) <> CASE WHEN live.id IS NULL THEN h.amount ELSE 0 END
    """,
)

ORDERS = Check(
    "orders",
    "Every order that was charged has its number and its rental; no other was charged.",
    """
    SELECT o.id, CASE WHEN o.status = 'fulfilled'
        THEN 'It is fulfilled without a charge, a number or a rental.'
        ELSE 'It is ' || o.status || ' and was charged.' END
    FROM numbers_numberorder o
    JOIN numbers_phonenumber n ON n.id = o.number_id
    LEFT JOIN numbers_rental r ON r.number_id = n.id
    LEFT JOIN dialnexa_ledgerentry e ON e.reference = 'resolve:' || o.id AND e.kind = 'capture'
    WHERE CASE WHEN o.status = 'fulfilled'
        THEN e.id IS NULL OR r.id IS NULL OR n.status = 'failed' OR n.carrier_number_id = ''
        ELSE e.id IS NOT NULL END
    """,
)

CALLS = Check(
    "calls",
    "Every call was charged what its transfers say.",
    """
    SELECT c.id, 'It says ' || coalesce(c.charged, 0)
        || ', its transfers come to ' || coalesce(s.total, 0) || '.'
    FROM telephony_call c
    LEFT JOIN (
        SELECT subject_id, sum(CASE kind WHEN 'capture' THEN amount ELSE -amount END) AS total
        FROM dialnexa_ledgerentry WHERE kind IN ('capture', 'refund') AND subject_id LIKE 'call\\_%%'
        GROUP BY subject_id) s ON s.subject_id = c.id
    WHERE coalesce(c.charged, 0) <> coalesce(s.total, 0)
    """,
)

REFUNDS = Check(
    "refunds",
    "Nothing was returned beyond what was charged.",
    """
    SELECT about, sum(amount) FILTER (WHERE kind = 'refund') || ' was returned of '
        || coalesce(sum(amount) FILTER (WHERE kind = 'capture'), 0) || ' that was charged.'
    FROM (
        -- an order's charge holds its number's first month, which comes back to the number
        SELECT e.workspace_id, e.kind, e.amount, coalesce(o.number_id, e.subject_id) AS about
        FROM dialnexa_ledgerentry e LEFT JOIN numbers_numberorder o ON o.id = e.subject_id
        WHERE e.kind IN ('capture', 'refund')) e
    GROUP BY workspace_id, about
    HAVING coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0)
         > coalesce(sum(amount) FILTER (WHERE kind = 'capture'), 0)
    """,
)

HISTORY = Check("history", "The history of money, keys, roles and papers is what was recorded.", WRONG)

CHECKS = (
    *(BALANCES, SUM, SIDES, PERIODS, SPANS, ELAPSED, CHARGES, RENT, ENDED),
    *(HOLDS, RESERVED, ORDERS, CALLS, REFUNDS, HISTORY),
)
