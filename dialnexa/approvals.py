"""What is too much for one of the staff: one asks, another one approves, then it is done.

Credits are here; other apps ``teach`` what else there is (releases of many numbers, verifications without all
papers).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Sum

from dialnexa import audit, wallet
from dialnexa.actors import Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.ids import new_id
from dialnexa.models import ApprovalRequest, AuditEntry, LedgerEntry, Membership, User, Workspace
from dialnexa.money import format_money

WINDOW = timedelta(days=1)
Kind = ApprovalRequest.Kind


@dataclass(frozen=True, slots=True)
class Deed:
    """``do(request, by=…, now=…)`` does what was asked for, in the approval's transaction, and says what it
    did. ``permission`` is needed for deciding, beside that for deciding at all.
    """

    permission: str
    do: Callable[..., str]


_deeds: dict[str, Deed] = {}


def teach(kind: str, deed: Deed) -> None:
    """Once for each kind, when the app that knows how is ready."""
    _deeds[kind] = deed


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
        if is_own(workspace, by) or needs_approval(amount, workspace.currency, by=by, now=now):
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
    together = approved_by(by, Kind.CREDIT, now=now).filter(currency=currency).aggregate(sum=Sum("amount"))
    return sum(map(Decimal, amounts), Decimal(0)) - (together["sum"] or Decimal(0))


def approved_by(by: Actor, kind: str, *, now: datetime) -> QuerySet[ApprovalRequest]:
    """What ``by`` did within WINDOW because another person had asked for it: that is nobody's alone."""
    approved = ApprovalRequest.objects.filter(kind=kind, status=ApprovalRequest.Status.APPROVED)
    return approved.filter(decided_by=by.user, decided_at__gt=now - WINDOW)


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


def ask(
    kind: str, customer: Workspace, details: Mapping[str, Any], *, reason: str, by: Actor, now: datetime
) -> ApprovalRequest:
    """Write down what is asked for; nothing is done. ``details["what"]`` names it for people.

    Raises Refusal 409 ``asked_before`` while the same waits already.
    """
    assert by.user is not None
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=customer.pk)  # the same is asked for once
        same = ApprovalRequest.objects.filter(customer=customer, kind=kind, details=dict(details))
        if waiting := same.filter(status=ApprovalRequest.Status.OPEN).first():
            sentence = f"{waiting.requested_by} asked for this already. Another person has to approve it."
            raise Refusal("asked_before", sentence, status=409)
        asked = ApprovalRequest.objects.create(
            kind=kind,
            customer=customer,
            details=dict(details),
            reference=new_id("ask"),
            reason=reason[:200],
            requested_by=by.user,
            created_at=now,
        )
        audit.record(asked, "ask", after={"what": str(asked)}, by=by, now=now, reason=reason)
    return asked


def approve(asked: ApprovalRequest, *, by: Actor, now: datetime, reason: str) -> str:
    """Do it, as asked; says what was done.

    Raises Refusal 403 for who asked, for who belongs to the workspace and for who may not do such things
    themselves; IllegalTransition when it was decided before; and whatever the deed raises.
    """
    _refuse_unfit(asked, by)
    with transaction.atomic():
        asked.transition("approve", by=by, now=now, reason=reason, decided_by=by.user, decided_at=now)
        return _deeds[asked.kind].do(asked, by=by, now=now)


def decline(asked: ApprovalRequest, *, by: Actor, now: datetime, reason: str) -> None:
    """Leave it. Raises as ``approve`` does."""
    _refuse_unfit(asked, by)
    asked.transition("decline", by=by, now=now, reason=reason, decided_by=by.user, decided_at=now)


def _credit(asked: ApprovalRequest, *, by: Actor, now: datetime) -> str:
    assert asked.amount is not None
    entry = wallet.credit(
        asked.customer, asked.amount, reference=asked.reference, memo=asked.reason, by=by, now=now
    )
    return f"credited {format_money(entry.amount, entry.currency)} ({entry.pk})."


teach(Kind.CREDIT, Deed("dialnexa.add_ledgerentry", _credit))


def _refuse_unfit(asked: ApprovalRequest, by: Actor) -> None:
    _refuse_oneself(asked, by)
    if by.user is None or not by.user.has_perm(_deeds[asked.kind].permission):
        sentence = "Somebody else has to decide: what is asked for is not among what you may do yourself."
        raise Refusal("not_yours_to_decide", sentence, status=403)


def _refuse_oneself(asked: ApprovalRequest, by: Actor) -> None:
    if by.user is None or by.user.pk == asked.requested_by_id:
        sentence = "Somebody else has to decide: you asked for it yourself."
        raise Refusal("second_person_needed", sentence, status=403)
    if is_own(asked.customer, by):
        sentence = "Somebody else has to decide: you are a member of this workspace."
        raise Refusal("second_person_needed", sentence, status=403)


def is_own(workspace: Workspace, by: Actor) -> bool:
    """Whether ``by`` is a member of it."""
    return Membership.objects.filter(workspace=workspace, user=by.user).exists()
