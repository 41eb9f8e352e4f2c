"""The mail that carries an invitation's link. It says the same to everybody, account or not."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from dialnexa.models import Invitation, User
from dialnexa.translations.choosing import language_of

log = logging.getLogger(__name__)


def mail_invitation(invitation: Invitation, token: str) -> bool:
    """Hand the mail over, outside of a transaction. False when the mail server did not take it."""
    author = invitation.invited_by
    receiver = User.objects.filter(email__iexact=invitation.email).first()
    context = {
        "invitation": invitation,
        "workspace": invitation.workspace,
        "author": author.get_full_name() or author.email if author else "",
        "author_email": author.email if author else "",
        "url": f"{settings.PUBLIC_BASE_URL}{reverse('invitation-link', args=[token])}",
        "product_name": settings.PRODUCT_NAME,
    }
    with override(language_of(receiver, language_of(author))):
        context["author"] = context["author"] or _("Somebody")
        subject = _("%(author)s invites you to %(workspace)s on %(product_name)s") % context
        body = render_to_string("settings/invitation_mail.txt", context)
    message = EmailMessage(" ".join(subject.split()), body, to=[invitation.email])
    try:
        message.send()
    except (SMTPException, OSError) as error:
        log.warning("The mail of %s was not taken: %s", invitation.pk, type(error).__name__)
        return False
    return True
