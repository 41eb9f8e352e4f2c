"""The wallet: prepaid money that moves only by named transfers.

Every effect has a ``reference`` that PostgreSQL keeps unique, so it happens once however often it is tried.
A purchase holds money first (wallet → held); it is then captured (held → revenue) or voided (held → wallet),
both under the one reference ``resolve:<order>``, so never both. What was captured can be refunded once
(revenue → wallet, ``refund:<order>``). A call holds the most it may cost, and at its end pays a part of that:
``settle`` captures the part under ``resolve:<call>`` and gives back the rest under ``rest:<call>``. A call
that came in holds nothing: at its end it is charged at once (wallet → revenue, ``call:<call>``). A call that
was charged for more than its carrier bills gets the difference back, once (``unbill:<call>``).
"""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.isolation.scope import everywhere
from dialnexa.models import LedgerAccount, LedgerEntry, Workspace
from dialnexa.money import format_money
from dialnexa.signals import wallet_credited

Kind = LedgerAccount.Kind


class AlreadyBooked(Exception):
    """An entry with this reference exists: the effect has happened before."""


def open_accounts(workspace: Workspace) -> None:
    """Make the workspace's wallet and its account for held money. Safe to call again."""
    for kind in LedgerAccount.WORKSPACE_KINDS:
        account(kind, workspace.currency, workspace)


def account(kind: str, currency: str, workspace: Workspace | None = None) -> LedgerAccount:
    """The one account of this kind, made if missing."""
    with nullcontext() if workspace else everywhere("The platform's accounts are no workspace's."):
        return LedgerAccount.objects.get_or_create(workspace=workspace, kind=kind, currency=currency)[0]


def balance(workspace: Workspace) -> Decimal:
    """What the workspace can spend now, in its own currency."""
    return _balance(workspace, Kind.WALLET)


def held(workspace: Workspace) -> Decimal:
    """What is reserved for open orders, in the workspace's currency."""
    return _balance(workspace, Kind.HELD)


def _balance(workspace: Workspace, kind: str) -> Decimal:
    rows = LedgerAccount.objects.filter(workspace=workspace, kind=kind, currency=workspace.currency)
    return rows.values_list("balance", flat=True).first() or Decimal(0)


def hold(
    workspace: Workspace, amount: Decimal, *, subject: str, memo: str, by: Actor, now: datetime
) -> LedgerEntry:
    """Reserve ``amount`` for ``subject`` (an order's id). Raises Refusal 402 when the wallet is short."""
    purse, reserve = (account(kind, workspace.currency, workspace) for kind in (Kind.WALLET, Kind.HELD))
    entry = _entry(LedgerEntry.Kind.HOLD, purse, reserve, amount, subject, memo, by, now)
    return _book(entry, f"hold:{subject}", workspace)


def capture(workspace: Workspace, *, subject: str, memo: str, by: Actor, now: datetime) -> LedgerEntry:
    """Take what was held for ``subject``. Raises AlreadyBooked when it was captured or voided before."""
    held = _hold_of(subject)
    revenue = account(Kind.REVENUE_NUMBERS, held.currency)
    entry = _entry(LedgerEntry.Kind.CAPTURE, held.credit, revenue, held.amount, subject, memo, by, now)
    return _book(entry, f"resolve:{subject}", workspace)


def void(workspace: Workspace, *, subject: str, memo: str, by: Actor, now: datetime) -> LedgerEntry:
    """Give back what was held for ``subject``. Raises AlreadyBooked when it was captured or voided before."""
    held = _hold_of(subject)
    entry = _entry(LedgerEntry.Kind.VOID, held.credit, held.debit, held.amount, subject, memo, by, now)
    return _book(entry, f"resolve:{subject}", workspace)


def settle(
    workspace: Workspace, amount: Decimal, *, subject: str, memo: str, by: Actor, now: datetime
) -> None:
    """Take ``amount`` of what was held for the call ``subject`` and give back the rest; zero gives back all.

    Raises AlreadyBooked when it was settled or voided before, ValueError for more than was held.
    """
    held = _hold_of(subject)
    if not 0 <= amount <= held.amount:
        raise ValueError(f"{subject} holds {held.amount}, of which {amount} can't be taken")
    if amount == 0:
        void(workspace, subject=subject, memo=memo, by=by, now=now)
        return
    revenue, rest = account(Kind.REVENUE_CALLS, held.currency), held.amount - amount
    with transaction.atomic():
        _lock(held.debit, held.credit)
        entry = _entry(LedgerEntry.Kind.CAPTURE, held.credit, revenue, amount, subject, memo, by, now)
        _book(entry, f"resolve:{subject}", workspace)
        if rest:
            entry = _entry(LedgerEntry.Kind.VOID, held.credit, held.debit, rest, subject, memo, by, now)
            _book(entry, f"rest:{subject}", workspace)


def charge(
    workspace: Workspace, amount: Decimal, *, subject: str, memo: str, by: Actor, now: datetime
) -> Decimal:
    """Take ``amount`` for the call ``subject`` at once, or what the wallet still has. Returns what was taken.

    Nothing was reserved for it, and it is over: so it never fails for want of money, nor goes below zero.
    Raises AlreadyBooked when something was taken for it before.
    """
    purse, revenue = (
        account(Kind.WALLET, workspace.currency, workspace),
        account(Kind.REVENUE_CALLS, workspace.currency),
    )
    with transaction.atomic():
        have = LedgerAccount.objects.select_for_update(no_key=True).get(pk=purse.pk).balance
        taken = min(have, amount)
        if taken:
            entry = _entry(LedgerEntry.Kind.CAPTURE, purse, revenue, taken, subject, memo, by, now)
            _book(entry, f"call:{subject}", workspace)
    return taken


def refund(workspace: Workspace, *, subject: str, memo: str, by: Actor, now: datetime) -> LedgerEntry:
    """Give back what was charged for ``subject`` (revenue → wallet), in full.

    Raises AlreadyBooked when it was given back before, LedgerEntry.DoesNotExist when nothing was charged.
    """
    charges = LedgerEntry.objects.select_related("credit").filter(kind=LedgerEntry.Kind.CAPTURE)
    taken = charges.get(reference=f"resolve:{subject}")
    purse = account(Kind.WALLET, taken.currency, workspace)
    entry = _entry(LedgerEntry.Kind.REFUND, taken.credit, purse, taken.amount, subject, memo, by, now)
    return _book(entry, f"refund:{subject}", workspace)


def unbill(
    workspace: Workspace, amount: Decimal, *, subject: str, memo: str, by: Actor, now: datetime
) -> LedgerEntry:
    """Give back ``amount`` of what the call ``subject`` was charged (revenue → wallet).

    Raises AlreadyBooked when something was given back before, ValueError for more than was charged and
    LedgerEntry.DoesNotExist when nothing was.
    """
    taken = LedgerEntry.objects.select_related("credit").get(
        kind=LedgerEntry.Kind.CAPTURE, reference__in=(f"resolve:{subject}", f"call:{subject}")
    )
    if amount > taken.amount:
        raise ValueError(f"{subject} was charged {taken.amount}, of which {amount} can't be given back")
    purse = account(Kind.WALLET, taken.currency, workspace)
    entry = _entry(LedgerEntry.Kind.REFUND, taken.credit, purse, amount, subject, memo, by, now)
    return _book(entry, f"unbill:{subject}", workspace)


def give_back(
    workspace: Workspace, taken: LedgerEntry, *, reference: str, memo: str, by: Actor, now: datetime
) -> LedgerEntry:
    """Return a charge in full, under a name of its own. Raises AlreadyBooked when it was returned before."""
    entry = _entry(
        LedgerEntry.Kind.REFUND, taken.credit, taken.debit, taken.amount, taken.subject_id, memo, by, now
    )
    return _book(entry, reference, workspace)


def give_back_part(
    workspace: Workspace,
    taken: LedgerEntry,
    amount: Decimal,
    *,
    subject: str,
    reference: str,
    memo: str,
    by: Actor,
    now: datetime,
) -> LedgerEntry:
    """Return ``amount`` of a charge to the wallet (revenue → wallet), under a name of its own.

    Raises AlreadyBooked when something was returned under it before, ValueError for more than was charged.
    """
    if amount > taken.amount:
        raise ValueError(f"{taken.pk} took {taken.amount}, of which {amount} can't be given back")
    purse = account(Kind.WALLET, taken.currency, workspace)
    entry = _entry(LedgerEntry.Kind.REFUND, taken.credit, purse, amount, subject, memo, by, now)
    return _book(entry, reference, workspace)


def credit(
    workspace: Workspace, amount: Decimal, *, reference: str, memo: str, by: Actor, now: datetime
) -> LedgerEntry:
    """Put money into the wallet (a payment, or staff with a reason). ``reference`` makes it happen once."""
    if amount <= 0:
        raise Refusal("amount_not_positive", _("A credit must be more than zero."))
    outside = account(Kind.EXTERNAL, workspace.currency)
    purse = account(Kind.WALLET, workspace.currency, workspace)
    with transaction.atomic():
        entry = _entry(LedgerEntry.Kind.CREDIT, outside, purse, amount, "", memo, by, now)
        _book(entry, f"credit:{reference}", workspace)
        after = {"amount": str(amount), "currency": workspace.currency, "entry": entry.id}
        audit.record(workspace, "wallet_credited", after=after, by=by, now=now, reason=memo)
        wallet_credited.send(sender=Workspace, workspace=workspace, now=now)
    return entry


def _lock(*accounts: LedgerAccount) -> None:
    """In the order of their ids, as the database locks those of one entry: for two entries that touch them
    one after the other, and would wait in a circle with one that touches both.
    """
    rows = LedgerAccount.objects.select_for_update(no_key=True).order_by("pk")
    list(rows.filter(pk__in=[one.pk for one in accounts]).values_list("pk"))


def _hold_of(subject: str) -> LedgerEntry:
    return LedgerEntry.objects.select_related("debit", "credit").get(reference=f"hold:{subject}")


def _entry(
    kind: str,
    debit: LedgerAccount,
    credit_: LedgerAccount,
    amount: Decimal,
    subject: str,
    memo: str,
    by: Actor,
    now: datetime,
) -> LedgerEntry:
    """A transfer, not yet booked, in the currency of the account the money leaves."""
    return LedgerEntry(
        kind=kind,
        debit=debit,
        credit=credit_,
        amount=amount,
        currency=debit.currency,
        subject_id=subject,
        memo=memo,
        actor_name=by.name,
        api_key=by.api_key,
        created_at=now,
    )


def _book(entry: LedgerEntry, reference: str, workspace: Workspace) -> LedgerEntry:
    """Book it under its reference, or say why it can't be: AlreadyBooked, or Refusal 402."""
    entry.reference, entry.workspace = reference, workspace
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError as error:
        raise _explain(error, workspace, entry.amount) from error
    return entry


def _explain(error: IntegrityError, workspace: Workspace, amount: Decimal) -> Exception:
    """What a refused entry means to the caller; anything unforeseen stays what it was."""
    constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    if constraint == "balance_not_negative":
        return wallet_short(workspace, amount)
    if "reference" in constraint:
        return AlreadyBooked()
    return error


def wallet_short(workspace: Workspace, needed: Decimal) -> Refusal:
    """The refusal for a wallet that does not cover ``needed``."""
    have = balance(workspace)
    holds, needs, missing = (format_money(x, workspace.currency) for x in (have, needed, needed - have))
    sentence = _("The wallet holds %(holds)s, and this needs %(needs)s now. Add %(missing)s or more.")
    return Refusal(
        "wallet_insufficient",
        sentence % {"holds": holds, "needs": needs, "missing": missing},
        status=402,
        fix="wallet",
        needed=str(needed),
        balance=str(have),
    )
