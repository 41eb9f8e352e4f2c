"""Somebody tries password after password at an account: its owner hears of it."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from dialnexa.models import User
from dialnexa.translations.choosing import language_of

log = logging.getLogger(__name__)


def tell_owner(email: str, address: str) -> bool:
    """Mail whoever signs in with ``email`` that ``address`` is kept out for a while.

    False when nobody does, or the mail server did not take it.
    """
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        return False
    context = {
        "email": user.email,
        "address": address,
        "product_name": settings.PRODUCT_NAME,
        "home_url": settings.PUBLIC_BASE_URL,
        "support_email": settings.SUPPORT_EMAIL,
        "security_url": f"{settings.PUBLIC_BASE_URL}{reverse('mfa_index')}",
    }
    with override(language_of(user)):
        subject = settings.ACCOUNT_EMAIL_SUBJECT_PREFIX + _("Somebody is guessing your password")
        body = render_to_string("account/email/guessing.txt", context)
    message = EmailMessage(subject, body, to=[user.email])
    try:
        message.send()
    except (SMTPException, OSError) as error:
        log.warning("The mail about guessing was not taken: %s", type(error).__name__)
        return False
    return True
