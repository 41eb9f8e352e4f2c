"""The wallet: prepaid money that moves only by named transfers.

Every effect has a ``reference`` that PostgreSQL keeps unique, so it happens once however often it is tried.
A purchase holds money first (wallet → held); it is then captured (held → revenue) or voided (held → wallet),
both under the one reference ``resolve:<order>``, so never both.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import LedgerAccount, LedgerEntry, Workspace
from dialnexa.money import format_money

Kind = LedgerAccount.Kind


class AlreadyBooked(Exception):
    """An entry with this reference exists: the effect has happened before."""


def open_accounts(workspace: Workspace) -> None:
    """Make the workspace's wallet and its account for held money. Safe to call again."""
    for kind in LedgerAccount.WORKSPACE_KINDS:
        account(kind, workspace.currency, workspace)


def account(kind: str, currency: str, workspace: Workspace | None = None) -> LedgerAccount:
    """The one account of this kind, made if missing."""
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
    return _transfer(
        f"hold:{subject}",
        LedgerEntry.Kind.HOLD,
        Kind.WALLET,
        Kind.HELD,
        workspace,
        amount,
        subject,
        memo,
        by,
        now,
    )


def capture(workspace: Workspace, *, subject: str, memo: str, by: Actor, now: datetime) -> LedgerEntry:
    """Take what was held for ``subject``. Raises AlreadyBooked when it was captured or voided before."""
    return _transfer(
        f"resolve:{subject}",
        LedgerEntry.Kind.CAPTURE,
        Kind.HELD,
        Kind.REVENUE_NUMBERS,
        workspace,
        _held_for(subject),
        subject,
        memo,
        by,
        now,
    )


def void(workspace: Workspace, *, subject: str, memo: str, by: Actor, now: datetime) -> LedgerEntry:
    """Give back what was held for ``subject``. Raises AlreadyBooked when it was captured or voided before."""
    return _transfer(
        f"resolve:{subject}",
        LedgerEntry.Kind.VOID,
        Kind.HELD,
        Kind.WALLET,
        workspace,
        _held_for(subject),
        subject,
        memo,
        by,
        now,
    )


def credit(
    workspace: Workspace, amount: Decimal, *, reference: str, memo: str, by: Actor, now: datetime
) -> LedgerEntry:
    """Put money into the wallet (a payment, or staff with a reason). ``reference`` makes it happen once."""
    if amount <= 0:
        raise Refusal("amount_not_positive", "A credit must be more than zero.")
    with transaction.atomic():
        entry = _transfer(
            f"credit:{reference}",
            LedgerEntry.Kind.CREDIT,
            Kind.EXTERNAL,
            Kind.WALLET,
            workspace,
            amount,
            "",
            memo,
            by,
            now,
        )
        after = {"amount": str(amount), "currency": workspace.currency, "entry": entry.id}
        audit.record(workspace, "wallet_credited", after=after, by=by, now=now, reason=memo)
    return entry


def _held_for(subject: str) -> Decimal:
    return LedgerEntry.objects.values_list("amount", flat=True).get(reference=f"hold:{subject}")


def _transfer(
    reference: str,
    kind: str,
    source: str,
    target: str,
    workspace: Workspace,
    amount: Decimal,
    subject: str,
    memo: str,
    by: Actor,
    now: datetime,
) -> LedgerEntry:
    """One transfer between two kinds of account, in the workspace's currency."""
    currency = workspace.currency
    debit, credit_ = (
        account(name, currency, workspace if name in LedgerAccount.WORKSPACE_KINDS else None)
        for name in (source, target)
    )
    try:
        with transaction.atomic():
            return LedgerEntry.objects.create(
                reference=reference,
                kind=kind,
                debit=debit,
                credit=credit_,
                amount=amount,
                currency=currency,
                workspace=workspace,
                subject_id=subject,
                memo=memo,
                actor_name=by.name,
                created_at=now,
            )
    except IntegrityError as error:
        raise _explain(error, workspace, amount) from error


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
    return Refusal(
        "wallet_insufficient",
        f"The wallet holds {holds}, and this needs {needs} now. Add {missing} or more.",
        status=402,
        fix="wallet",
        needed=str(needed),
        balance=str(have),
    )
