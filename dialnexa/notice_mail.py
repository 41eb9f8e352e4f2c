"""The e-mail of a notice. The row is the job: whoever finds it due claims it, in any number of processes.

The claim moves the row's turn ahead and is committed before the mail server is spoken to, outside of any
transaction. A process that dies after the mail was taken and before that is written down leaves the row to
be mailed once more, LEASE later: twice is better than never.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from dialnexa.access import Right
from dialnexa.models import NoticeCopy
from dialnexa.notices import addressees
from dialnexa.translations.choosing import language_of
from dialnexa.translations.retelling import retell

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)  # what a round and its last mail may take, with room
ROUND = 5.0  # seconds: what is due after that waits for the next round, so that stopping takes no longer
SOONEST, LATEST = timedelta(minutes=1), timedelta(hours=2)  # trying again: doubled each time
GIVE_UP = timedelta(days=1)  # after the notice
OF_ONE = (SMTPRecipientsRefused, SMTPDataError, ValueError)  # what says nothing about the next mail


def send_due_mail(now: datetime, limit: int = 100) -> int:
    """Mail at most ``limit`` copies that are due; how many the mail server took.

    Who left the workspace, lost the right or was locked out meanwhile is not mailed. A copy the server does
    not take is tried again from a minute to two hours later, until GIVE_UP. While the server is away, each
    round tries one copy only.
    """
    taken = 0
    for copy in _claimed(now, limit):
        if not _is_wanted(copy):
            NoticeCopy.objects.filter(pk=copy.pk).update(next_mail_at=None)
            continue
        error = _hand_over(copy)
        if error is None:
            NoticeCopy.objects.filter(pk=copy.pk).update(mailed_at=now, next_mail_at=None)
            taken += 1
        else:
            _note_failure(copy, error, now)
            if not isinstance(error, OF_ONE):
                break
    return taken


def _claimed(now: datetime, limit: int) -> Iterator[NoticeCopy]:
    """One after the other, each claimed when its turn comes, until the round is over."""
    until = time.monotonic() + ROUND
    for _ in range(limit):
        copy = _claim(now) if time.monotonic() < until else None
        if copy is None:
            return
        yield copy


def message_of(copy: NoticeCopy) -> EmailMessage:
    """The mail as it leaves: plain text in the reader's language, with the page and whose workspace it is."""
    notice, base = copy.notice, settings.PUBLIC_BASE_URL
    context = {
        "notice": notice,
        "workspace": notice.workspace,
        "url": f"{base}{notice.page}" if notice.page else "",
        "all_url": f"{base}{reverse('notices:list', args=[notice.workspace.slug])}",
        "product_name": settings.PRODUCT_NAME,
    }
    with override(language_of(copy.user)):
        subject = " ".join(f"{retell(notice.title)} · {notice.workspace.name}".split())
        body = render_to_string("notices/mail.txt", context)
    headers = {"Auto-Submitted": "auto-generated"}  # out-of-office programs keep silent
    return EmailMessage(subject, body, to=[copy.user.email], headers=headers)


def _claim(now: datetime) -> NoticeCopy | None:
    """The copy that has waited longest; nobody else has it before LEASE is over."""
    due = NoticeCopy.objects.filter(next_mail_at__lte=now).order_by("next_mail_at", "pk")
    with transaction.atomic():
        free = due.select_for_update(skip_locked=True, of=("self",), no_key=True)
        copy = free.select_related("user", "notice__workspace").first()
        if copy is not None:
            copy.next_mail_at, copy.tries = now + LEASE, copy.tries + 1
            copy.save(update_fields=["next_mail_at", "tries"])
    return copy


def _hand_over(copy: NoticeCopy) -> Exception | None:
    try:
        message_of(copy).send()
    except (SMTPException, OSError, ValueError) as error:
        return error
    return None


def _is_wanted(copy: NoticeCopy) -> bool:
    notice = copy.notice
    return addressees(notice.workspace, Right(notice.right)).filter(pk=copy.user_id).exists()


def _note_failure(copy: NoticeCopy, error: Exception, now: datetime) -> None:
    """Later each time. The log has no address and nothing the server said about it."""
    again: datetime | None = now + min(SOONEST * 2 ** (copy.tries - 1), LATEST)
    log.warning("The mail of %s was not taken: %s", copy.notice_id, type(error).__name__)
    if again and again > copy.notice.created_at + GIVE_UP:
        log.error("The mail of %s is given up after %s tries", copy.notice_id, copy.tries)
        again = None
    NoticeCopy.objects.filter(pk=copy.pk, next_mail_at=copy.next_mail_at).update(next_mail_at=again)
