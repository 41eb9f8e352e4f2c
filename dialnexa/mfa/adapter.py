"""What allauth.mfa asks of a project: secrets sealed, our name, our words."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlsplit

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from dialnexa.models import User
from dialnexa.sealing import seal, unseal


class MFAAdapter(DefaultMFAAdapter):
    """Secrets open only for the person they were sealed for: a row copied to another account is worthless."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "add_email_blocked": _("With two steps on, an account keeps its addresses. Turn that off first."),
        "cannot_delete_authenticator": _("You need this second step: your work asks for one."),
        "cannot_generate_recovery_codes": _("Recovery codes come with a second step. Set one up first."),
        "incorrect_code": _("This code is wrong or was used before. Wait for the next one and try again."),
        "unverified_email": _("Confirm your e-mail addresses first: open the links in our mails to them."),
    }

    def encrypt(self, text: str) -> str:
        return seal_for(whose(), text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal_for(whose(), encrypted_text)

    def get_totp_issuer(self) -> str:
        return str(settings.PRODUCT_NAME)

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        known = Authenticator.objects.filter(user=user, type=type).count()
        return _("Passkey %(n)s") % {"n": known + 1} if known else str(_("Passkey"))

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the address we are known by, whatever host a request claims."""
        return {"id": urlsplit(settings.PUBLIC_BASE_URL).hostname or "", "name": settings.PRODUCT_NAME}


def whose() -> User:
    """The person whose secret is being read: who is signing in, or is signed in."""
    request: Any = context.request
    stage = getattr(request, "_login_stage", None)
    user: User = stage.login.user if stage else request.user
    return user


def place_of(user_id: str) -> dict[str, str]:
    """What binds a secret (see ``sealing.place``): accounts belong to no workspace."""
    return {"table": "mfa_authenticator", "column": "data", "workspace_id": "-", "pk": user_id}


def seal_for(user: User, text: str) -> str:
    """``text`` as it is kept in the row's JSON."""
    return base64.b64encode(seal(text, **place_of(user.pk))).decode()


def unseal_for(user: User, sealed: str) -> str:
    """Raises SealBroken for what was sealed for somebody else, or not at all."""
    return unseal(base64.b64decode(sealed), **place_of(user.pk))
