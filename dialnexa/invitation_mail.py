"""The mail that carries an invitation's link. It says the same to everybody, account or not."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from dialnexa.models import Invitation

log = logging.getLogger(__name__)


def mail_invitation(invitation: Invitation, token: str) -> bool:
    """Hand the mail over, outside of a transaction. False when the mail server did not take it."""
    author = invitation.invited_by
    context = {
        "invitation": invitation,
        "workspace": invitation.workspace,
        "author": author.get_full_name() or author.email if author else "Somebody",
        "author_email": author.email if author else "",
        "url": f"{settings.PUBLIC_BASE_URL}{reverse('invitation-link', args=[token])}",
        "product_name": settings.PRODUCT_NAME,
    }
    subject = f"{context['author']} invites you to {invitation.workspace.name} on {settings.PRODUCT_NAME}"
    body = render_to_string("settings/invitation_mail.txt", context)
    message = EmailMessage(" ".join(subject.split()), body, to=[invitation.email])
    try:
        message.send()
    except (SMTPException, OSError) as error:
        log.warning("The mail of %s was not taken: %s", invitation.pk, type(error).__name__)
        return False
    return True
