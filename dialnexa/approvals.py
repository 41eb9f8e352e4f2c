"""Credits above what one of the staff may give alone: one asks, another one approves, then it is booked."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum

from dialnexa import audit, wallet
from dialnexa.actors import Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.models import ApprovalRequest, AuditEntry, LedgerEntry, Membership, User, Workspace

WINDOW = timedelta(days=1)


def credit_or_ask(
    workspace: Workspace, amount: Decimal, *, reference: str, reason: str, by: Actor, now: datetime
) -> LedgerEntry | ApprovalRequest:
    """Book what one of the staff may give alone; ask for the rest, and for all to a workspace of their own.

    Raises wallet.AlreadyBooked for a used reference.
    """
    assert by.user is not None
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=by.user.pk)  # a person's credits one by one
        if LedgerEntry.objects.filter(reference=f"credit:{reference}").exists():
            raise wallet.AlreadyBooked
        if _is_own(workspace, by) or needs_approval(amount, workspace.currency, by=by, now=now):
            return ask_for_credit(workspace, amount, reference=reference, reason=reason, by=by, now=now)
        return wallet.credit(workspace, amount, reference=reference, memo=reason, by=by, now=now)


def needs_approval(amount: Decimal, currency: str, *, by: Actor, now: datetime) -> bool:
    """Whether a second person has to agree: small credits of a day count together, to whomever they went.

    Always in a currency for which no limit is set.
    """
    alone = settings.CREDIT_ALONE.get(currency)
    return alone is None or amount + credited_alone(currency, by=by, now=now) > alone


def credited_alone(currency: str, *, by: Actor, now: datetime) -> Decimal:
    """What ``by`` credited within WINDOW without a second person."""
    booked = AuditEntry.objects.filter(
        actor=by.user, channel=Channel.STAFF, event="wallet_credited", at__gt=now - WINDOW
    )
    amounts = booked.filter(after__currency=currency).values_list("after__amount", flat=True)
    approved = ApprovalRequest.objects.filter(
        decided_by=by.user, status=ApprovalRequest.Status.APPROVED, decided_at__gt=now - WINDOW
    )
    together = approved.filter(currency=currency).aggregate(sum=Sum("amount"))["sum"]
    return sum(map(Decimal, amounts), Decimal(0)) - (together or Decimal(0))


def ask_for_credit(
    workspace: Workspace, amount: Decimal, *, reference: str, reason: str, by: Actor, now: datetime
) -> ApprovalRequest:
    """Write down what is asked for; nothing is booked. Raises wallet.AlreadyBooked for a used reference."""
    assert by.user is not None
    asked = ApprovalRequest(
        customer=workspace,
        amount=amount,
        currency=workspace.currency,
        reference=reference,
        reason=reason,
        requested_by=by.user,
        created_at=now,
    )
    try:
        with transaction.atomic():
            asked.save(force_insert=True)
            after = {"amount": str(amount), "currency": asked.currency}
            audit.record(asked, "ask_for_credit", after=after, by=by, now=now, reason=reason)
    except IntegrityError as error:
        raise wallet.AlreadyBooked(reference) from error
    return asked


def approve(asked: ApprovalRequest, *, by: Actor, now: datetime, reason: str) -> LedgerEntry:
    """Book it, as asked.

    Raises Refusal 403 for who asked and for who belongs to the workspace, IllegalTransition when it was
    decided before.
    """
    _refuse_oneself(asked, by)
    with transaction.atomic():
        asked.transition("approve", by=by, now=now, reason=reason, decided_by=by.user, decided_at=now)
        return wallet.credit(
            asked.customer, asked.amount, reference=asked.reference, memo=asked.reason, by=by, now=now
        )


def decline(asked: ApprovalRequest, *, by: Actor, now: datetime, reason: str) -> None:
    """Leave it. Raises as ``approve`` does."""
    _refuse_oneself(asked, by)
    asked.transition("decline", by=by, now=now, reason=reason, decided_by=by.user, decided_at=now)


def _refuse_oneself(asked: ApprovalRequest, by: Actor) -> None:
    if by.user is None or by.user.pk == asked.requested_by_id:
        sentence = "Somebody else has to decide: you asked for it yourself."
        raise Refusal("second_person_needed", sentence, status=403)
    if _is_own(asked.customer, by):
        sentence = "Somebody else has to decide: you are a member of this workspace."
        raise Refusal("second_person_needed", sentence, status=403)


def _is_own(workspace: Workspace, by: Actor) -> bool:
    return Membership.objects.filter(workspace=workspace, user=by.user).exists()
