"""Ordering one number by its name, as programs do: quote, order, wait for the outcome.

The Buy dialog has searched before and brings its offer; a program names the number, so the carrier is asked
for exactly that one first.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.isolation.scope import everywhere
from dialnexa.models import Workspace
from dialnexa.translations.retelling import retell
from phone_numbers.buying.purchasing import find_order, number_taken, place_order
from phone_numbers.buying.quoting import refuse_switched_off, search_offers
from phone_numbers.models import NumberOrder, PhoneNumber
from phone_numbers.naming import clean_name
from telephony.carriers import carrier_slugs
from telephony.carriers.base import NumberQuery, Offer
from telephony.e164 import E164, parse_e164
from telephony.models import AgentVersion

PATIENCE = 4.0  # seconds to wait for a line to the carrier: a purchase is worth more than a search
SOONEST, LATEST = 0.1, 0.5  # seconds between two looks at an order
# Each request that waits holds a web thread. The others stay free for everybody's pages.
_waiters = threading.BoundedSemaphore(settings.API_WAITERS)
# (code, status) of a refused order; what is not here is trouble of the carrier's or between it and us: 502
REFUSED = {
    "number_unavailable": ("number_taken", 409),
    "carrier_compliance_required": ("carrier_compliance_required", 403),
    "rejected_by_support": ("rejected_by_support", 409),
}


def default_carrier() -> str:
    """The slug of the carrier that is meant when none is named. Raises Refusal 503 without any."""
    slugs = carrier_slugs()
    if not slugs:
        sentence = _("No provider is connected to this installation, so nothing can be bought.")
        raise Refusal("no_carrier", sentence, status=503)
    return slugs[0]


def order_number(
    workspace: Workspace,
    e164: str,
    *,
    carrier: str,
    idempotency_key: str,
    by: Actor,
    now: datetime,
    nickname: str = "",
    label: str = "",
    inbound: AgentVersion | None = None,
) -> NumberOrder:
    """Order exactly this number at the price it has now; ``inbound`` answers it once it is active.

    Speaks to the carrier, so call it outside any transaction. The same ``idempotency_key`` for the same
    number gives the same order again, without asking anybody. Raises Refusal as ``place_order`` and
    ``search_offers`` do, and 400 ``number_unavailable`` when the carrier does not sell it.
    """
    number = parse_e164(e164)
    names = {"nickname": clean_name("nickname", nickname), "label": clean_name("label", label)}
    if earlier := find_order(workspace, idempotency_key, number.e164):
        return earlier
    return place_order(
        workspace,
        find_offer(workspace, number, carrier=carrier, now=now),
        carrier=carrier,
        idempotency_key=idempotency_key,
        expected_total=None,
        **names,
        inbound=inbound,
        by=by,
        now=now,
    )


def find_offer(workspace: Workspace, number: E164, *, carrier: str, now: datetime) -> Offer:
    """The carrier's offer for exactly this number, asked for now."""
    refuse_switched_off(workspace, carrier=carrier, country=number.country, now=now)
    _refuse_taken(workspace, number.e164)
    query = NumberQuery(country=number.country, exact=number.e164)
    found = search_offers(workspace, query, carrier=carrier, now=now, limit=1, patience=PATIENCE)
    if found:
        return found[0].offer
    _refuse_taken(workspace, number.e164)  # somebody may have bought it here while we asked
    sentence = _("%(number)s is not for sale at this provider now. Search again and pick another number.")
    raise Refusal("number_unavailable", sentence % {"number": number.e164})


def _refuse_taken(workspace: Workspace, e164: str) -> None:
    with everywhere("A number is one workspace's of all."):
        is_taken = PhoneNumber.objects.filter(e164=e164, status__in=PhoneNumber.LIVE).exists()
    if is_taken:
        raise number_taken(e164, buyer=workspace)


def wait_for_order(order: NumberOrder, seconds: float) -> NumberOrder:
    """The order as it is when it has ended, or after ``seconds``; at once when too many wait already.

    Looks now and then; nothing is locked and no transaction is open in between.
    """
    if seconds <= 0 or not order.is_open or not _waiters.acquire(blocking=False):
        return order
    try:
        return _look_until(order, time.monotonic() + seconds)
    finally:
        _waiters.release()


def _look_until(order: NumberOrder, end: float) -> NumberOrder:
    pause = SOONEST
    while order.is_open and (left := end - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, LATEST)
        order = NumberOrder.objects.get(pk=order.pk)
    return order


def refuse_rejected(order: NumberOrder) -> None:
    """Raises the Refusal that says why a rejected order came to nothing; its code is the order's."""
    if order.status != NumberOrder.Status.REJECTED:
        return
    code, status = REFUSED.get(order.failure_code, (order.failure_code, 502))
    told = _("%(number)s was not bought. %(why)s")
    sentence = told % {"number": order.e164, "why": retell(order.failure_reason)}
    raise Refusal(code, sentence, status=status, number_id=order.number_id)
