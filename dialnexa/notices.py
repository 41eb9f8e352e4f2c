"""Telling members: a notice in the application, and the same by e-mail (see ``notice_mail``)."""

from __future__ import annotations

from datetime import datetime

from dialnexa.access import RIGHTS, Right
from dialnexa.models import Notice, NoticeCopy, User, Workspace


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
    mends it, beginning with ``/``. Too long a title (160) or body (1000) is cut.
    """
    notice = Notice(
        workspace=workspace,
        reference=reference,
        right=right,
        title=_fitted(title, 160),
        body=_fitted(body, 1000),
        page=page,
        tone=tone,
        created_at=now,
    )
    Notice.objects.bulk_create([notice], ignore_conflicts=True)
    if not Notice.objects.filter(pk=notice.pk).exists():
        return None
    copies = (NoticeCopy(notice=notice, user=user, next_mail_at=now) for user in addressees(workspace, right))
    NoticeCopy.objects.bulk_create(copies, ignore_conflicts=True)
    return notice


def addressees(workspace: Workspace, right: Right) -> list[User]:
    """The active members whose role has ``right``."""
    roles = [role for role, rights in RIGHTS.items() if right in rights]
    users = User.objects.filter(is_active=True, memberships__workspace=workspace, memberships__role__in=roles)
    return list(users.order_by("pk"))


def _fitted(text: str, most: int) -> str:
    text = text.replace("\x00", "").strip()
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
