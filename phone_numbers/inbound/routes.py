"""Who takes a call to a number: the facts that decide, read in one query, and what follows from them.

The questions are those of ``explaining.explain_inbound``, so that a page's "why?" and the carrier's answer
can't differ. Identity papers are not among them: they decide about renting and dialling.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from phone_numbers.routes.explaining import Asked, active_step, answering_step, rental_step
from telephony.destinations import Step

FACTS = """
SELECT n.id, n.country, n.status, w.id, w.currency, coalesce(r.id, ''), coalesce(r.rental_status, ''),
    coalesce(v.id, ''), coalesce(v.runtime_url, ''), coalesce(a.title || ' v' || v.number, ''),
    concat_ws(' ', t.transport, t.host, t.port), coalesce(t.sources, '{}')
FROM numbers_phonenumber n
JOIN dialnexa_workspace w ON w.id = n.workspace_id
LEFT JOIN numbers_rental r ON r.number_id = n.id
LEFT JOIN telephony_agentversion v ON v.id = n.inbound_version_id AND v.status = 'published'
LEFT JOIN telephony_agent a ON a.id = v.agent_id
LEFT JOIN numbers_siptrunk t ON t.number_id = n.id
WHERE n.e164 = %s AND n.carrier = %s AND n.status IN ('pending', 'active', 'releasing')
"""


@dataclass(frozen=True, slots=True)
class Route:
    """Everything that answering a call needs to know. ``steps`` are the questions it passed or failed."""

    carrier: str
    e164: str
    number_id: str
    country: str
    workspace_id: str
    currency: str
    version_id: str  # empty: no agent answers
    runtime_url: str
    version: str  # its name
    steps: tuple[Step, ...]
    refusal: Step | None  # the first that failed
    origin: str = ""  # transport, host and port of the SIP trunk; empty: it is none
    sources: tuple[str, ...] = ()  # where the trunk's calls must come from; none: from its host


def resolve_route(carrier: str, e164: str) -> Route | None:
    """The route of a number of ours at this carrier (a slug) as it is now; None when nobody has the number.

    Raises OperationalError when the database is away.
    """
    with connection.cursor() as cursor:
        cursor.execute(FACTS, [e164, carrier])
        rows = cursor.fetchall()
    return _route(carrier, e164, *rows[0]) if rows else None


def _route(
    carrier: str,
    e164: str,
    number_id: str,
    country: str,
    status: str,
    workspace_id: str,
    currency: str,
    rental_id: str,
    rental_status: str,
    version_id: str,
    runtime_url: str,
    version: str,
    origin: str,
    sources: Iterable[str],
) -> Route:
    asked = Asked(e164, number_id)
    steps = (
        active_step(asked, status),
        rental_step(asked, rental_status, rental_id),
        answering_step(asked, version, version_id),
    )
    failed = next((step for step in steps if step.failed), None)
    return Route(
        carrier=carrier,
        e164=e164,
        number_id=number_id,
        country=country,
        workspace_id=workspace_id,
        currency=currency,
        version_id=version_id,
        runtime_url=runtime_url,
        version=version,
        steps=steps,
        refusal=failed,
        origin=origin,
        sources=tuple(sources),
    )
