"""The history chained: each entry that matters carries a digest of itself and of the one before.

Whoever may pass the triggers by (a superuser, somebody with the disk) can change or delete rows of the
history, but not without it being told: ``WRONG`` finds it, in the daily proof of the books and in ``manage.py
prove_audit``. A sweeper makes the links, so that nothing that is recorded waits for the entry before. There
is a chain for each workspace, and one for what is nobody's.

What no table can tell is that all was written anew from some point on: for that, keep what ``prove_audit`` or
the log says of the chains' ends where the database's masters don't get.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict

from django.db import connection, transaction

from dialnexa.models import AuditLink

CHAINED = (  # money, keys, roles, papers and what support decides; not the millions of calls
    *("apikey", "approvalrequest", "invitation", "kyccase", "kycdocument", "ledgerproof", "limitoverride"),
    *("membership", "numberorder", "rental", "user", "webhookendpoint", "workspace"),
)
AT_ONCE = 2_000  # entries in one transaction
ROUND = 10  # transactions in one round of a sweeper, which has other work
LATE = 20_000  # ids that others may be ahead of an entry when it is committed
TEXT = """jsonb_build_array(e.id, e.workspace_id, e.subject_type, e.subject_id, e.event, e.before, e.after,
    e.channel, e.actor_id, e.actor_name, e.api_key_id, e.reason, e.request_id,
    extract(epoch FROM e.at))::text"""
NEW = f"""
SELECT e.id, coalesce(e.workspace_id, ''), {TEXT} FROM dialnexa_auditentry e
WHERE e.subject_type = ANY(%(chained)s)
  AND e.id > coalesce((SELECT max(entry_id) FROM dialnexa_auditlink), 0) - %(late)s
  AND NOT EXISTS (SELECT FROM dialnexa_auditlink l WHERE l.entry_id = e.id)
ORDER BY e.id LIMIT %(most)s
"""  # noqa: S608  constants
ENDS = """
SELECT DISTINCT ON (chain) chain, n, digest FROM dialnexa_auditlink
WHERE chain = ANY(%s) ORDER BY chain, n DESC
"""
WRONG = f"""
SELECT coalesce(subject_id, nullif(chain, ''), 'nobody'), 'Entry ' || entry_id || ' of the history '
    || CASE WHEN subject_id IS NULL THEN 'is gone.'
            WHEN torn THEN 'does not follow the one before: links between them are gone.'
            ELSE 'is not what it was when it was recorded.' END
FROM (
    SELECT l.entry_id, l.chain, e.subject_id, l.n <> lag(l.n, 1, 0::bigint) OVER links + 1 AS torn,
        l.digest <> encode(sha256(convert_to(lag(l.digest, 1, '') OVER links || {TEXT}, 'UTF8')), 'hex')
            AS changed
    FROM dialnexa_auditlink l LEFT JOIN dialnexa_auditentry e ON e.id = l.entry_id
    WINDOW links AS (PARTITION BY l.chain ORDER BY l.n)) link
WHERE subject_id IS NULL OR torn OR changed
UNION ALL
SELECT e.subject_id,
    'Entry ' || e.id || ' of the history is in no chain: it came in later than its number says.'
FROM dialnexa_auditentry e
WHERE e.subject_type IN ({", ".join(f"'{each}'" for each in CHAINED)})
  AND e.id <= (SELECT max(entry_id) FROM dialnexa_auditlink) - {LATE}
  AND NOT EXISTS (SELECT FROM dialnexa_auditlink l WHERE l.entry_id = e.id)
"""  # noqa: S608  constants


def link_new() -> int:
    """Link what has been recorded since, in order of id; how many there were. For a sweeper's round: what a
    long history holds beyond it is linked in the next ones.

    An entry that is committed late is linked when it is seen: a chain's order is that of its links.
    """
    linked = 0
    for _ in range(ROUND):
        linked += (count := _link_some())
        if count < AT_ONCE:
            break
    return linked


def _link_some() -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('audit chain', 0))")
        if not (cursor.fetchone() or (False,))[0]:
            return 0  # another sweeper is at it
        cursor.execute(NEW, {"chained": list(CHAINED), "late": LATE, "most": AT_ONCE})
        rows = cursor.fetchall()
        links = _links(rows, _ends({chain for _, chain, _ in rows}))
        AuditLink.objects.bulk_create(links)
    return len(links)


def _links(rows: list[tuple[int, str, str]], ends: dict[str, tuple[int, str]]) -> list[AuditLink]:
    links = []
    for entry_id, chain, text in rows:
        n, before = ends[chain]
        digest = hashlib.sha256(f"{before}{text}".encode()).hexdigest()
        ends[chain] = n + 1, digest
        links.append(AuditLink(entry_id=entry_id, chain=chain, n=n + 1, digest=digest))
    return links


def _ends(chains: set[str]) -> dict[str, tuple[int, str]]:
    """How long each chain is, and its last digest."""
    ends: dict[str, tuple[int, str]] = defaultdict(lambda: (0, ""))
    with connection.cursor() as cursor:
        cursor.execute(ENDS, [sorted(chains)])
        ends.update({chain: (n, digest) for chain, n, digest in cursor.fetchall()})
    return ends


def find_wrong() -> list[tuple[str, str]]:
    """What was changed, deleted or put in: ids of what the entries are about, each with a sentence."""
    with connection.cursor() as cursor:
        cursor.execute(WRONG)
        return cursor.fetchall()


def end_of_all() -> str:
    """One digest over the ends of all chains, to be kept elsewhere: it says which history this was."""
    last = AuditLink.objects.order_by("chain", "-n").distinct("chain")
    ends = "".join(f"{link.chain}:{link.n}:{link.digest}\n" for link in last)
    return hashlib.sha256(ends.encode()).hexdigest()
