"""How an order ends or is put off: a sale, a refusal, a wait, a doubt. Each is one transaction.

A sale is a fact: whoever learns of one records it, lease or not. The other three are decisions and name the
fence they were taken under.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from dialnexa import audit, wallet
from dialnexa.actors import Actor, system
from dialnexa.translations.marking import gettext_noop
from phone_numbers.buying.activating import activate_number
from phone_numbers.buying.quoting import label_of
from phone_numbers.emitting import emit_refused
from phone_numbers.models import NumberOrder, PhoneNumber, PurchaseAttempt, Rental, RentalCharge, StrayNumber
from phone_numbers.renting.periods import period_start
from phone_numbers.telling import tell_doubt_ended, tell_refused_order
from telephony.carriers.base import BuyResult, BuyStatus, Exchange, OwnedNumber
from telephony.exchanges import save_exchanges

log = logging.getLogger(__name__)
WORKER = system("Purchase worker")
Sale = BuyResult | OwnedNumber
Attempted = PurchaseAttempt.Outcome


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
        if order.status == NumberOrder.Status.FULFILLED:
            return
        save_exchanges(exchanges, about=order.id, workspace_id=order.workspace_id, now=now)
        if order.status == NumberOrder.Status.REJECTED:
            _note_stray(order, sale, now)
            return
        order.transition("fulfil", by=by, now=now, reason=reason, finished_at=now, review_since=None)
        order.attempts.filter(n=order.fence).update(outcome=Attempted.SOLD, ended_at=now)
        memo = gettext_noop("%(number)s: setup and first month") % {"number": order.e164}
        entry = wallet.capture(order.workspace, subject=order.id, memo=memo, by=by, now=now)
        _begin_rental(order, entry.pk, now)
        StrayNumber.objects.filter(carrier=order.carrier, e164=order.e164, resolved_at=None).update(
            resolved_at=now
        )
        _settle_number(order.number, sale, by=by, now=now)
        if order.doubted_at:
            tell_doubt_ended(order, is_active=sale.status == BuyStatus.ACTIVE, now=now)


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
        next_run_at=ends,
    )
    RentalCharge.objects.create(
        rental=rental,
        workspace=order.workspace,
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
        activate_number(number, by=by, now=now)
        return
    told = gettext_noop("Bought. %(carrier)s is checking the papers before switching it on.")
    PhoneNumber.objects.filter(pk=number.pk).update(
        next_check_at=now + timedelta(seconds=settings.PAPERS_CHECK_EVERY),
        status_reason=told % {"carrier": label_of(number.carrier)},
    )


def _note_stray(order: NumberOrder, sale: Sale, now: datetime) -> None:
    if PhoneNumber.objects.filter(
        e164=order.e164, carrier_number_id=sale.number_id, status__in=PhoneNumber.LIVE
    ):
        return  # another order has adopted it in the meantime
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
        audit.record(
            order, "stray_found", by=WORKER, now=now, reason=gettext_noop("Sold after the order was refused.")
        )


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
    told = gettext_noop("%(why)s Nothing was charged.") % {"why": sentence}
    memo = gettext_noop("%(number)s was not bought") % {"number": order.e164}
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
        wallet.void(order.workspace, subject=order.id, memo=memo, by=by, now=now)
        tell_refused_order(order, told, now=now)
        emit_refused(order, now=now)


def put_back(
    order: NumberOrder, attempt: PurchaseAttempt, why: str, *, now: datetime, after: float | None = None
) -> None:
    """It is certain that nothing was sent: the order waits to be claimed again, about ``after`` seconds."""
    usual = clamp(now - trying_since(order), settings.RETRY_SOONEST, settings.RETRY_LATEST)
    wait = usual if after is None else max(settings.RETRY_SOONEST, min(after, settings.RETRY_LATEST))
    with transaction.atomic():
        end_attempt(attempt, Attempted.NOT_SENT, now)
        order.transition(
            "put_back",
            by=WORKER,
            now=now,
            reason=why,
            expect={"fence": attempt.n},
            lease_until=None,
            next_run_at=now + timedelta(seconds=wait),
        )


def trying_since(order: NumberOrder) -> datetime:
    """When the unbroken run of requests that could not be sent began."""
    sent = order.attempts.exclude(outcome__in=(Attempted.NOT_SENT, "")).order_by("-n").first()
    run = order.attempts.filter(n__gt=sent.n if sent else 0).order_by("n").first()
    return run.sent_at if run else order.created_at


def end_attempt(attempt: PurchaseAttempt, outcome: str, now: datetime) -> None:
    attempt.outcome, attempt.ended_at = outcome, now
    attempt.save(update_fields=["outcome", "ended_at", "error_code", "text"])


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


def clamp(elapsed: timedelta, soonest: float, latest: float) -> float:
    return max(soonest, min(latest, elapsed.total_seconds()))
