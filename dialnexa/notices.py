"""Telling members: a notice in the application, and the same by e-mail (see ``notice_mail``).

Each member has a copy of their own, and reads that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet

from dialnexa.access import RIGHTS, Right
from dialnexa.models import Membership, Notice, NoticeCopy, User, Workspace

COUNTED_MOST = 100  # unread ones; the bell says 99+


@dataclass(frozen=True, slots=True)
class Telling:
    """What ``tell`` tells, for ``tell_all``: the same arguments."""

    workspace: Workspace
    reference: str
    right: Right
    title: str
    body: str
    page: str = ""
    tone: Notice.Tone = Notice.Tone.WAITING


def tell(
    workspace: Workspace,
    *,
    reference: str,
    right: Right,
    title: str,
    body: str,
    page: str = "",
    tone: Notice.Tone = Notice.Tone.WAITING,
    now: datetime,
) -> Notice | None:
    """Tell every active member who has ``right``; None when ``reference`` has been told before.

    Call it in the transaction of what it tells, which it neither fails nor outlives: of two at once the
    second waits for the first, and tells only if that one is rolled back. ``page``: the path that shows or
    mends it, beginning with ``/``. Too long a title (160) or body (1000) is cut. Raises ValueError for a page
    elsewhere.
    """
    told = tell_all([Telling(workspace, reference, right, title, body, page, tone)], now=now)
    return told[0] if told else None


def tell_all(tellings: Iterable[Telling], *, now: datetime) -> list[Notice]:
    """``tell`` for many at once, in a few statements; the notices of those that were not told before."""
    ordered = sorted(tellings, key=lambda one: one.reference)  # of two at once, one waits for the other
    notices = [_notice(one, now) for one in ordered]
    if not notices:
        return []
    with transaction.atomic():
        Notice.objects.bulk_create(notices, ignore_conflicts=True)
        new = set(Notice.objects.filter(pk__in=[one.pk for one in notices]).values_list("pk", flat=True))
        told = [notice for notice in notices if notice.pk in new]
        whose = {(one.workspace, one.right) for one in told}
        hear = {(of.pk, right): list(addressees(of, Right(right)).order_by("pk")) for of, right in whose}
        NoticeCopy.objects.bulk_create(
            NoticeCopy(notice=one, user=user, next_mail_at=now)
            for one in told
            for user in hear[one.workspace_id, one.right]
        )
    return told


def _notice(telling: Telling, now: datetime) -> Notice:
    page = telling.page
    if page and (not page.startswith("/") or page.startswith("//")):
        raise ValueError(f"{page!r} is not a path of ours")
    return Notice(
        workspace=telling.workspace,
        reference=telling.reference,
        right=telling.right,
        title=_fitted(telling.title, 160),
        body=_fitted(telling.body, 1000),
        page=page,
        tone=telling.tone,
        created_at=now,
    )


def addressees(workspace: Workspace, right: Right) -> QuerySet[User]:
    """The active members whose role has ``right``."""
    roles = [role for role, rights in RIGHTS.items() if right in rights]
    return User.objects.filter(is_active=True, memberships__workspace=workspace, memberships__role__in=roles)


def notices_of(member: Membership) -> QuerySet[Notice]:
    """What this member was told, each with ``read_at`` of their copy."""
    mine = Notice.objects.filter(workspace=member.workspace_id, copies__user=member.user_id)
    return mine.annotate(read_at=F("copies__read_at"))


def count_unread(member: Membership) -> int:
    """How many this member has not read; COUNTED_MOST stands for that many or more."""
    return _unread(member)[:COUNTED_MOST].count()


def mark(notice: Notice, member: Membership, *, read: bool, now: datetime) -> None:
    """Mark this member's copy as read or as not read. Doing it twice changes nothing more."""
    mine = notice.copies.filter(user=member.user_id, read_at__isnull=read)
    mine.update(read_at=now if read else None)


def mark_all_read(member: Membership, *, now: datetime) -> int:
    """Mark everything this member was told as read; how many that were."""
    return _unread(member).update(read_at=now)


def _unread(member: Membership) -> QuerySet[NoticeCopy]:
    mine = NoticeCopy.objects.filter(user=member.user_id, read_at=None)
    return mine.filter(notice__workspace=member.workspace_id)


def _fitted(text: str, most: int) -> str:
    text = text.replace("\x00", "").strip()
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
