"""The mail that tells staff that the books are not in order: once for each new failure. The row is the job.

As with notices, the claim is committed before the mail server is spoken to; who dies in between leaves the
row to be mailed once more, LEASE later: twice is better than never.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

from dialnexa.models import User
from phone_numbers.models import LedgerProof

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)


def mail_failures(now: datetime) -> int:
    """Mail staff what new proofs found wrong; how many proofs that were. What is not taken is tried again."""
    told = 0
    while proof := _claim(now):
        try:
            message_of(proof).send()
        except (SMTPException, OSError, ValueError) as error:
            log.error("The mail about %s was not taken: %s", proof.pk, type(error).__name__)
            break
        LedgerProof.objects.filter(pk=proof.pk).update(mailed_at=now, next_mail_at=None)
        told += 1
    return told


def message_of(proof: LedgerProof) -> EmailMessage:
    """One mail to everybody who may see proofs; nobody learns who else that is."""
    page = reverse("admin:numbers_ledgerproof_change", args=[proof.pk])
    context = {"proof": proof, "url": f"{settings.PUBLIC_BASE_URL}{page}"}
    context |= {"wrong": [check for check in proof.checks if check["count"]]}
    body = render_to_string("admin/proof_mail.txt", context)
    addresses = list(overseers().values_list("email", flat=True))
    subject = f"{settings.PRODUCT_NAME}: the books are not in order"
    return EmailMessage(subject, body, bcc=addresses, headers={"Auto-Submitted": "auto-generated"})


def overseers() -> QuerySet[User]:
    """The staff who may see proofs of the books."""
    named = {"content_type__app_label": "numbers", "codename": "view_ledgerproof"}
    mine = Q(**{f"user_permissions__{key}": value for key, value in named.items()})
    group = Q(**{f"groups__permissions__{key}": value for key, value in named.items()})
    staff = User.objects.filter(is_active=True, is_staff=True)
    return staff.filter(Q(is_superuser=True) | mine | group).order_by("pk").distinct()


def _claim(now: datetime) -> LedgerProof | None:
    due = LedgerProof.objects.filter(next_mail_at__lte=now).order_by("next_mail_at", "pk")
    with transaction.atomic():
        proof = due.select_for_update(skip_locked=True, no_key=True).first()
        if proof is not None:
            LedgerProof.objects.filter(pk=proof.pk).update(next_mail_at=now + LEASE)
    return proof
