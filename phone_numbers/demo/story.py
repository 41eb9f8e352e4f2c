"""What a workspace lived through between two moments: charges, notices and changes, in their order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain

from django.db.models import Q
from django.utils.translation import gettext as _

from dialnexa import history
from dialnexa.models import AuditEntry, LedgerAccount, LedgerEntry, Notice, Workspace
from dialnexa.translations.retelling import retell

MOST = 300  # of each kind
IN_THE_BOOKS = Q(subject_type="rental", event="renew")  # told by its transfer
TONES = {"credit": "ok", "refund": "ok", "void": "ok"}


@dataclass(frozen=True, slots=True)
class Happening:
    """``amount`` is what came into the wallet, or (below zero) left it; ``kind`` says what this is."""

    at: datetime
    kind: str
    title: str
    more: str = ""
    tone: str = "off"
    url: str = ""
    amount: Decimal | None = None
    currency: str = ""


def read_story(workspace: Workspace, since: datetime, until: datetime) -> list[Happening]:
    """What happened after ``since``, up to ``until``; at most the first MOST of each kind."""
    told = chain(
        _changes(workspace, since, until), _money(workspace, since, until), _notices(workspace, since, until)
    )
    return sorted(told, key=lambda happening: happening.at)


def _changes(workspace: Workspace, since: datetime, until: datetime) -> list[Happening]:
    entries = AuditEntry.objects.filter(workspace=workspace, at__gt=since, at__lte=until)
    rows = entries.exclude(IN_THE_BOOKS).select_related("actor").order_by("at", "id")[:MOST]
    return [
        Happening(
            line.entry.at,
            _("Change"),
            f"{line.word} {line.label}: {line.sentence}",
            more=retell(line.entry.reason),
            tone=line.tone,
            url=line.url,
        )
        for line in history.tell(rows, workspace.slug)
    ]


def _money(workspace: Workspace, since: datetime, until: datetime) -> list[Happening]:
    wallet = LedgerAccount.Kind.WALLET
    entries = LedgerEntry.objects.filter(workspace=workspace, created_at__gt=since, created_at__lte=until)
    entries = entries.filter(Q(debit__kind=wallet) | Q(credit__kind=wallet))
    return [
        Happening(
            entry.created_at,
            entry.get_kind_display(),
            retell(entry.memo),
            tone=TONES.get(entry.kind, "off"),
            amount=-entry.amount if entry.debit.kind == wallet else entry.amount,
            currency=entry.currency,
        )
        for entry in entries.select_related("debit").order_by("created_at", "id")[:MOST]
    ]


def _notices(workspace: Workspace, since: datetime, until: datetime) -> list[Happening]:
    notices = Notice.objects.filter(workspace=workspace, created_at__gt=since, created_at__lte=until)
    return [
        Happening(
            notice.created_at,
            _("Notice"),
            retell(notice.title),
            retell(notice.body),
            notice.tone,
            notice.page,
        )
        for notice in notices.order_by("created_at", "id")[:MOST]
    ]
