"""From the order row to a number that is ours, whatever dies on the way.

The order row is the job. ``advance_order`` moves it one step; anybody may call it, any number of times:

- placed: claim it (compare-and-set), commit the intent to send (a PurchaseAttempt), ask the carrier once;
- buying, lease over: whoever held it did not report back, so nobody knows: uncertain;
- uncertain: never send again to answer a doubt; ask the carrier whether we own exactly this number.
  Found: it is ours. Missing twice, some time apart, after the settle window: it was not sold, so the same
  number may be tried again, or the order is refused and the money returned.

A sale is a fact: whoever learns of one records it, lease or not. Decisions (send, give up) are fenced.
No transaction is open while the carrier is spoken to.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.db.models import QuerySet

from dialnexa import audit, clock, wallet
from dialnexa.actors import Actor, system
from dialnexa.errors import IllegalTransition, Refusal
from phone_numbers.models import NumberOrder, PhoneNumber, PurchaseAttempt, Rental, RentalCharge, StrayNumber
from phone_numbers.periods import period_start
from phone_numbers.purchasing import label_of
from telephony.carriers import get_carrier
from telephony.carriers.base import (
    BuyResult,
    BuyStatus,
    Carrier,
    CarrierError,
    Exchange,
    NumberConfig,
    Outcome,
    OwnedNumber,
    RateLimited,
    TransportError,
)
from telephony.exchanges import save_exchanges

log = logging.getLogger(__name__)
WORKER = system("Purchase worker")
Clock = Callable[[], datetime]
Sale = BuyResult | OwnedNumber
Attempted = PurchaseAttempt.Outcome
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


# --- sending ----------------------------------------------------------------------------------------


def buy_number(order: NumberOrder, *, tell: Clock = clock.now) -> None:
    """Claim a placed order and send one purchase request. A second worker is stopped by the claim."""
    deadline = time.monotonic() + settings.PURCHASE_LEASE - 1
    try:
        attempt = claim(order, now=tell())
    except IllegalTransition as error:
        log.info("%s: somebody else has it", error)
        return
    exchanges: list[Exchange] = []
    carrier = get_carrier(order.carrier, recorder=exchanges.append)
    if _woke_too_late(order, deadline):
        put_back(order, attempt, "The worker was held up before it could ask.", now=tell())
        return
    try:
        result = carrier.buy(order.e164, intent_id=order.id, config=NumberConfig())
    except CarrierError as error:
        settle_failure(order, attempt, error, exchanges, now=tell())
    else:
        _until(deadline, lambda: record_sale(order, result, by=WORKER, now=tell(), exchanges=exchanges))


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
        return PurchaseAttempt.objects.create(order=order, n=n, sent_at=now)


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


# --- what the carrier said --------------------------------------------------------------------------


def record_sale(
    order: NumberOrder, sale: Sale, *, by: Actor, now: datetime, exchanges: list[Exchange], reason: str = ""
) -> None:
    """The carrier sold us the number: activate it, charge what was held, begin the rental. Safe to repeat.

    A number whose papers are outstanding stays pending and is asked about again. A sale that turns up for an
    order that was refused in the meantime becomes a StrayNumber: the customer is not charged for it.
    """
    with transaction.atomic():
        locked = NumberOrder.objects.select_for_update(of=("self",))  # not its workspace: buyers share that
        order = locked.select_related("workspace").get(pk=order.pk)
        save_exchanges(exchanges, about=order.id, now=now)
        if order.status == NumberOrder.Status.FULFILLED:
            return
        if order.status == NumberOrder.Status.REJECTED:
            _note_stray(order, sale, now)
            return
        order.transition("fulfil", by=by, now=now, reason=reason, finished_at=now, review_since=None)
        order.attempts.filter(n=order.fence).update(outcome=Attempted.SOLD, ended_at=now)
        memo = f"{order.e164}: setup and first month"
        entry = wallet.capture(order.workspace, subject=order.id, memo=memo, by=by, now=now)
        _begin_rental(order, entry.pk, now)
        _settle_number(order.number, sale, by=by, now=now)


def _begin_rental(order: NumberOrder, entry_id: str, now: datetime) -> None:
    zone = order.workspace.time_zone
    ends = period_start(now, 1, zone)
    rental = Rental.objects.create(
        number=order.number,
        workspace=order.workspace,
        monthly_price=order.monthly_price,
        currency=order.currency,
        anchor=now,
        time_zone=zone,
        paid_through=ends,
    )
    RentalCharge.objects.create(
        rental=rental,
        k=0,
        starts_at=now,
        ends_at=ends,
        amount=order.monthly_price,
        currency=order.currency,
        entry_id=entry_id,
    )


def _settle_number(number: PhoneNumber, sale: Sale, *, by: Actor, now: datetime) -> None:
    PhoneNumber.objects.filter(pk=number.pk).update(carrier_number_id=sale.number_id)
    if sale.status == BuyStatus.ACTIVE:
        number.transition("activate", by=by, now=now, activated_at=now, status_reason="", next_check_at=None)
        return
    PhoneNumber.objects.filter(pk=number.pk).update(
        next_check_at=now + timedelta(seconds=settings.PAPERS_CHECK_EVERY),
        status_reason=f"Bought. {label_of(number.carrier)} is checking the papers before switching it on.",
    )


def _note_stray(order: NumberOrder, sale: Sale, now: datetime) -> None:
    log.error("%s: the carrier sold %s after the order was refused", order.id, order.e164)
    _, new = StrayNumber.objects.get_or_create(
        carrier=order.carrier,
        e164=order.e164,
        resolved_at=None,
        defaults={
            "order": order,
            "carrier_number_id": sale.number_id,
            "evidence": "The carrier reported the sale after the order was refused and the money returned.",
            "found_at": now,
        },
    )
    if new:
        audit.record(order, "stray_found", by=WORKER, now=now, reason="Sold after the order was refused.")


def settle_failure(
    order: NumberOrder,
    attempt: PurchaseAttempt,
    error: CarrierError,
    exchanges: list[Exchange],
    *,
    now: datetime,
) -> None:
    """What a failed request means: a doubt, another try later, or a refusal with the money returned."""
    attempt.error_code, attempt.text = error.code, error.text[:300].replace("\x00", "")
    with transaction.atomic():
        save_exchanges(exchanges, about=order.id, now=now)
        if error.outcome == Outcome.UNKNOWN:
            _end(attempt, Attempted.UNKNOWN, now)
            doubt(order, f"{error.sentence} It may have sold the number all the same.", now=now)
        elif isinstance(error, RateLimited | TransportError):
            _try_later(order, attempt, error, now)
        elif order.attempts.filter(n__lt=attempt.n, outcome__in=DOUBTFUL).exists():
            # "Not available" after an attempt in doubt usually means that we are the ones who have it.
            _end(attempt, Attempted.REFUSED, now)
            doubt(order, "The carrier refused, but an earlier request may have gone through.", now=now)
        else:
            _end(attempt, Attempted.REFUSED, now)
            reject(order, error.code, error.sentence, by=WORKER, now=now, expect={"fence": attempt.n})


def _try_later(order: NumberOrder, attempt: PurchaseAttempt, error: CarrierError, now: datetime) -> None:
    """Nothing was sent: put the order back, or give up when that has gone on for PURCHASE_GIVE_UP seconds."""
    if now - _trying_since(order) < timedelta(seconds=settings.PURCHASE_GIVE_UP):
        put_back(order, attempt, error.sentence, now=now, after=error.retry_after)
        return
    _end(attempt, Attempted.NOT_SENT, now)
    sentence = f"{error.sentence} We tried for {round(settings.PURCHASE_GIVE_UP / 60)} minutes."
    reject(order, error.code, sentence, by=WORKER, now=now, expect={"fence": attempt.n})


def put_back(
    order: NumberOrder, attempt: PurchaseAttempt, why: str, *, now: datetime, after: float | None = None
) -> None:
    """It is certain that nothing was sent: the order waits to be claimed again (``after`` seconds)."""
    wait = after or _clamp(now - _trying_since(order), settings.RETRY_SOONEST, settings.RETRY_LATEST)
    with transaction.atomic():
        _end(attempt, Attempted.NOT_SENT, now)
        order.transition(
            "put_back",
            by=WORKER,
            now=now,
            reason=why,
            expect={"fence": attempt.n},
            lease_until=None,
            next_run_at=now + timedelta(seconds=wait),
        )


def _trying_since(order: NumberOrder) -> datetime:
    """When the unbroken run of requests that could not be sent began."""
    sent = order.attempts.exclude(outcome__in=(Attempted.NOT_SENT, "")).order_by("-n").first()
    run = order.attempts.filter(n__gt=sent.n if sent else 0).order_by("n").first()
    return run.sent_at if run else order.created_at


def _end(attempt: PurchaseAttempt, outcome: str, now: datetime) -> None:
    attempt.outcome, attempt.ended_at = outcome, now
    attempt.save(update_fields=["outcome", "ended_at", "error_code", "text"])


def reject(
    order: NumberOrder,
    code: str,
    sentence: str,
    *,
    by: Actor,
    now: datetime,
    expect: dict[str, int] | None = None,
    reason: str = "",
) -> None:
    """The order ends without a number: money returned, the row says why. ``sentence`` is for the customer."""
    told = f"{sentence} Nothing was charged."
    with transaction.atomic():
        order.transition(
            "reject",
            by=by,
            now=now,
            reason=reason or told,
            expect=expect,
            failure_code=code,
            failure_reason=told,
            finished_at=now,
            review_since=None,
        )
        order.number.transition("fail", by=by, now=now, reason=told, status_reason=told)
        wallet.void(order.workspace, subject=order.id, memo=f"{order.e164} was not bought", by=by, now=now)


# --- doubt ------------------------------------------------------------------------------------------


def doubt_lost_worker(order: NumberOrder, *, now: datetime) -> None:
    """The lease is over and nobody reported back: whether the request was sent is not known."""
    try:
        with transaction.atomic():
            order.attempts.filter(n=order.fence, outcome="").update(outcome=Attempted.UNKNOWN, ended_at=now)
            doubt(order, "The worker that was buying did not report back.", now=now)
    except IllegalTransition as error:
        log.info("%s: it did report back", error)


def doubt(order: NumberOrder, why: str, *, now: datetime) -> None:
    """Nobody knows whether the carrier sold it: keep the money reserved and ask, beginning now."""
    order.transition(
        "doubt",
        by=WORKER,
        now=now,
        reason=why,
        expect={"fence": order.fence},
        lease_until=None,
        doubted_at=now,
        missed_at=None,
        next_run_at=now,
    )


def look_up(order: NumberOrder, *, now: datetime, by: Actor = WORKER) -> None:
    """Ask the carrier whether we own exactly this number, and act on a certain answer."""
    exchanges: list[Exchange] = []
    carrier = get_carrier(order.carrier, recorder=exchanges.append)
    try:
        owned = carrier.find_owned(order.e164)
    except CarrierError as error:
        save_exchanges(exchanges, about=order.id, now=now)
        _ask_again(order, now, error.sentence)
        return
    if owned is None:
        save_exchanges(exchanges, about=order.id, now=now)
        note_absence(order, now=now)
    elif _held_before(order, owned):
        save_exchanges(exchanges, about=order.id, now=now)
        _ask_again(order, now, "")
        flag_for_review(order, "The carrier says we owned this number before this order.", now=now)
    else:
        reason = f"{label_of(order.carrier)} confirms that it sold us the number."
        record_sale(order, owned, by=by, now=now, exchanges=exchanges, reason=reason)


def _held_before(order: NumberOrder, owned: OwnedNumber) -> bool:
    """Whether we had the number before this order asked for it (carriers report days, so a day's grace)."""
    return owned.acquired_at is not None and owned.acquired_at < order.created_at - timedelta(days=1)


def note_absence(order: NumberOrder, *, now: datetime) -> None:
    """The carrier does not have it as ours. Before the settle window ends that proves nothing."""
    assert order.doubted_at is not None
    settled = order.doubted_at + timedelta(seconds=settings.SETTLE_WINDOW)
    if now < settled:
        _ask_again(order, now, "", no_later_than=settled)
    elif order.missed_at is None:
        again = now + timedelta(seconds=settings.SETTLE_SPACING)
        _still_uncertain(order).update(missed_at=now, next_run_at=again)
    elif now - order.missed_at >= timedelta(seconds=settings.SETTLE_SPACING):
        _conclude_absence(order, now)


def _conclude_absence(order: NumberOrder, now: datetime) -> None:
    """Missing twice after the settle window: it was not sold. Try the same number again, or end."""
    last = order.attempts.get(n=order.fence)
    refused = last.outcome == Attempted.REFUSED
    try:
        with transaction.atomic():
            order.attempts.filter(outcome__in=(Attempted.UNKNOWN, "")).update(outcome=Attempted.ABSENT)
            tried = order.attempts.exclude(outcome=Attempted.NOT_SENT).count()
            if refused or tried >= settings.PURCHASE_MAX_ATTEMPTS:
                _give_up(order, last, refused, tried, now)
            else:
                why = f"{label_of(order.carrier)} confirms that it did not sell the number. Asking again."
                order.transition(
                    "retry", by=WORKER, now=now, reason=why, expect={"fence": order.fence}, next_run_at=now
                )
    except IllegalTransition as error:
        log.info("%s: settled by somebody else", error)


def _give_up(order: NumberOrder, last: PurchaseAttempt, refused: bool, tried: int, now: datetime) -> None:
    code = last.error_code if refused else "carrier_no_answer"
    sentence = (
        f"{label_of(order.carrier)} refused: {last.text or 'the number is not available'}."
        if refused
        else f"{label_of(order.carrier)} did not complete the purchase after {tried} requests."
    )
    reject(order, code, sentence, by=WORKER, now=now, expect={"fence": order.fence})


def _ask_again(order: NumberOrder, now: datetime, why: str, *, no_later_than: datetime | None = None) -> None:
    assert order.doubted_at is not None
    doubted_for = now - order.doubted_at
    again = now + timedelta(seconds=_clamp(doubted_for, settings.LOOK_UP_SOONEST, settings.LOOK_UP_LATEST))
    _still_uncertain(order).update(next_run_at=min(again, no_later_than or again))
    if doubted_for > timedelta(seconds=settings.REVIEW_AFTER):
        flag_for_review(order, why or "The carrier has given no clear answer.", now=now)


def flag_for_review(order: NumberOrder, why: str, *, now: datetime) -> None:
    """Show the order to support; it stays uncertain and its money reserved."""
    if _still_uncertain(order).filter(review_since=None).update(review_since=now, review_reason=why):
        audit.record(order, "flag_for_review", by=WORKER, now=now, reason=why)


def _still_uncertain(order: NumberOrder) -> QuerySet[NumberOrder]:
    return NumberOrder.objects.filter(pk=order.pk, status=NumberOrder.Status.UNCERTAIN, fence=order.fence)


def _clamp(elapsed: timedelta, soonest: float, latest: float) -> float:
    return max(soonest, min(latest, elapsed.total_seconds()))


# --- numbers whose papers are outstanding -------------------------------------------------------------


def confirm_number(number_id: str, *, tell: Clock = clock.now) -> None:
    """Ask the carrier whether a number it sold us is switched on by now."""
    number = PhoneNumber.objects.get(pk=number_id)
    if number.status != PhoneNumber.Status.PENDING or number.next_check_at is None:
        return
    exchanges: list[Exchange] = []
    carrier = get_carrier(number.carrier, recorder=exchanges.append)
    active = _asked(carrier, number)
    now = tell()
    save_exchanges(exchanges, about=number.id, now=now)
    if active:
        _switch_on(number, now)
    else:
        again = now + timedelta(seconds=settings.PAPERS_CHECK_EVERY)
        PhoneNumber.objects.filter(pk=number.pk, status="pending").update(next_check_at=again)


def _asked(carrier: Carrier, number: PhoneNumber) -> bool:
    try:
        owned = carrier.find_owned(number.e164)
    except CarrierError as error:
        log.warning("%s: %s", number.id, error.sentence)
        return False
    return owned is not None and owned.status == BuyStatus.ACTIVE


def _switch_on(number: PhoneNumber, now: datetime) -> None:
    reason = f"{label_of(number.carrier)} accepted the papers."
    try:
        number.transition(
            "activate",
            by=WORKER,
            now=now,
            reason=reason,
            activated_at=now,
            status_reason="",
            next_check_at=None,
        )
    except IllegalTransition as error:
        log.info("%s: already switched on", error)


# --- staff ------------------------------------------------------------------------------------------


def ask_now(order: NumberOrder, *, by: Actor, now: datetime, reason: str) -> None:
    """Staff want an open order looked at without waiting: it becomes due now."""
    if not NumberOrder.objects.filter(pk=order.pk, status__in=("placed", "uncertain")).update(
        next_run_at=now, rung_until=None
    ):
        raise Refusal("order_not_waiting", f"{order.id} is not waiting for anything.", status=409)
    audit.record(order, "ask_now", by=by, now=now, reason=reason)


def reject_by_staff(order: NumberOrder, *, by: Actor, now: datetime, reason: str) -> None:
    """Staff have made sure that the carrier did not sell it: end the order and return the money.

    Raises Refusal when the order is being bought at this moment or has ended.
    """
    if order.status not in ("placed", "uncertain"):
        raise Refusal("order_not_waiting", f"{order.id} is {order.get_status_display().lower()}.", status=409)
    sentence = "Support checked with the carrier: the number was not sold to us."
    reject(
        order, "rejected_by_support", sentence, by=by, now=now, expect={"fence": order.fence}, reason=reason
    )
