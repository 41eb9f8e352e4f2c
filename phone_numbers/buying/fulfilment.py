"""From the order row to a number that is ours, whatever dies on the way.

The order row is the job. ``advance_order`` moves it one step; anybody may call it, any number of times:

- placed: claim it (compare-and-set), commit the intent to send (a PurchaseAttempt), ask the carrier once;
- buying, lease over: whoever held it did not report back, so nobody knows: uncertain;
- uncertain: ask the carrier what is true (``settling``).

No transaction is open while the carrier is spoken to.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, transaction

from dialnexa import clock
from dialnexa.errors import IllegalTransition
from dialnexa.translations.marking import gettext_noop
from phone_numbers.buying.outcomes import (
    WORKER,
    Attempted,
    doubt,
    end_attempt,
    put_back,
    record_sale,
    reject,
    trying_since,
)
from phone_numbers.buying.quoting import label_of
from phone_numbers.buying.settling import doubt_lost_worker, look_up
from phone_numbers.models import NumberOrder, PurchaseAttempt
from telephony.carriers import get_carrier
from telephony.carriers.base import CarrierError, Exchange, NumberConfig, Outcome, RateLimited, TransportError
from telephony.exchanges import save_exchanges

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
DOUBTFUL = (Attempted.UNKNOWN, Attempted.ABSENT, "")


def advance_order(order_id: str, *, tell: Clock = clock.now) -> None:
    """Move the order one step, if it is due. ``tell`` gives the time (a step may last many seconds)."""
    order = NumberOrder.objects.select_related("workspace", "number").get(pk=order_id)
    if not order.is_open or order.next_run_at > tell():
        return
    if order.status == NumberOrder.Status.PLACED:
        buy_number(order, tell=tell)
    elif order.status == NumberOrder.Status.BUYING:
        doubt_lost_worker(order, now=tell())
    else:
        look_up(order, now=tell())


def buy_number(order: NumberOrder, *, tell: Clock = clock.now) -> None:
    """Claim a placed order and send one purchase request. A second worker is stopped by the claim."""
    deadline = time.monotonic() + settings.PURCHASE_LEASE - 1
    exchanges: list[Exchange] = []
    try:
        carrier = get_carrier(order.carrier, recorder=exchanges.append)
        attempt = claim(order, now=tell())
    except LookupError:
        _refuse_disconnected(order, now=tell())
        return
    except IllegalTransition as error:
        log.info("%s: somebody else has it", error)
        return
    if _woke_too_late(order, deadline):
        settle_failure(order, attempt, HeldUp(), exchanges, now=tell())
        return
    try:
        result = carrier.buy(order.e164, intent_id=order.id, config=NumberConfig())
    except CarrierError as error:
        settle_failure(order, attempt, error, exchanges, now=tell())
    else:
        _until(deadline, lambda: record_sale(order, result, by=WORKER, now=tell(), exchanges=exchanges))


class HeldUp(TransportError):
    """The worker was paused between its claim and the request, which it therefore did not send."""

    outcome = Outcome.NOT_DONE
    code = "worker_held_up"
    sentence = gettext_noop("The worker was held up before it could ask the carrier.")


def _refuse_disconnected(order: NumberOrder, *, now: datetime) -> None:
    """Nothing was sent, and nothing can be: the carrier is not configured any more."""
    gone = gettext_noop("%(carrier)s is not connected any more.")
    sentence = gone % {"carrier": label_of(order.carrier)}
    reject(order, "carrier_not_configured", sentence, by=WORKER, now=now, expect={"fence": order.fence})


def claim(order: NumberOrder, *, now: datetime) -> PurchaseAttempt:
    """Take the order for PURCHASE_LEASE seconds and write down the intent to send, in one commit.

    Raises IllegalTransition when somebody else has it.
    """
    lease = now + timedelta(seconds=settings.PURCHASE_LEASE)
    n = order.fence + 1
    with transaction.atomic():
        order.transition(
            "claim",
            by=WORKER,
            now=now,
            expect={"fence": order.fence},
            fence=n,
            lease_until=lease,
            next_run_at=lease,
        )
        return order.attempts.create(workspace=order.workspace, n=n, sent_at=now)


def _woke_too_late(order: NumberOrder, deadline: float) -> bool:
    """A worker that slept (paused machine) must not send when another may have taken its place."""
    longest_call = settings.CARRIERS[order.carrier]["deadline"]
    return time.monotonic() + longest_call > deadline


def _until(deadline: float, write: Callable[[], None]) -> None:
    """Write, again and again while the database is away, until the lease ends.

    After that the order is due again and the carrier is asked what happened.
    """
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            log.warning("The database is away; the answer of the carrier is kept and written again.")
            close_old_connections()
            time.sleep(0.5)


def settle_failure(
    order: NumberOrder,
    attempt: PurchaseAttempt,
    error: CarrierError,
    exchanges: list[Exchange],
    *,
    now: datetime,
) -> None:
    """What a failed request means: a doubt, another try later, or a refusal with the money returned.

    When somebody else has moved the order meanwhile (the lease was over), only the evidence is kept.
    """
    attempt.error_code, attempt.text = error.code, error.text[:300].replace("\x00", "")
    save_exchanges(exchanges, about=order.id, workspace_id=order.workspace_id, now=now)
    try:
        with transaction.atomic():
            _decide(order, attempt, error, now)
    except IllegalTransition as late:
        log.warning("%s: the answer came after the lease: %s", late, error.sentence)


def _decide(order: NumberOrder, attempt: PurchaseAttempt, error: CarrierError, now: datetime) -> None:
    if error.outcome == Outcome.UNKNOWN:
        end_attempt(attempt, Attempted.UNKNOWN, now)
        why = gettext_noop("%(answer)s It may have sold the number all the same.")
        doubt(order, why % {"answer": error.sentence}, now=now)
    elif isinstance(error, RateLimited | TransportError):
        _try_later(order, attempt, error, now)
    elif _may_be_ours(order, attempt, now):
        end_attempt(attempt, Attempted.REFUSED, now)
        why = gettext_noop("The carrier refused, but an earlier request may have gone through.")
        doubt(order, why, now=now)
    else:
        end_attempt(attempt, Attempted.REFUSED, now)
        reject(order, error.code, error.sentence, by=WORKER, now=now, expect={"fence": attempt.n})


def _may_be_ours(order: NumberOrder, attempt: PurchaseAttempt, now: datetime) -> bool:
    """Whether "not available" may mean that we have it: an earlier request, of any order, was in doubt."""
    earlier = PurchaseAttempt.objects.filter(
        order__carrier=order.carrier,
        order__e164=order.e164,
        outcome__in=DOUBTFUL,
        sent_at__gte=now - timedelta(seconds=settings.REVIEW_AFTER),
    )
    return earlier.exclude(pk=attempt.pk).exists()


def _try_later(order: NumberOrder, attempt: PurchaseAttempt, error: CarrierError, now: datetime) -> None:
    """Nothing was sent: put the order back, or give up when that has gone on for PURCHASE_GIVE_UP seconds."""
    if now - trying_since(order) < timedelta(seconds=settings.PURCHASE_GIVE_UP):
        put_back(order, attempt, error.sentence, now=now, after=error.retry_after)
        return
    end_attempt(attempt, Attempted.NOT_SENT, now)
    tried = gettext_noop("%(answer)s We tried for %(minutes)s minutes.")
    told = tried % {"answer": error.sentence, "minutes": round(settings.PURCHASE_GIVE_UP / 60)}
    reject(order, error.code, told, by=WORKER, now=now, expect={"fence": attempt.n})
