"""An authenticator app, and people who have one."""

from __future__ import annotations

import re
import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from dialnexa.mfa.adapter import seal_for
from dialnexa.models import User
from tests.conftest import PASSWORD

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
BASE = "/accounts/security/"
SIGN_IN = "/accounts/login/"
PERIOD = 30  # seconds


def code(secret: str = SECRET, *, ahead: int = 0) -> str:
    """What the app shows now, or ``ahead`` periods later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD + ahead))


def give_totp(user: User, secret: str = SECRET) -> Authenticator:
    data = {"secret": seal_for(user, secret)}
    return Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)


def sign_in(client: Client, user: User, password: str = PASSWORD, **extra: Any) -> Any:
    return client.post(SIGN_IN, {"login": user.email, "password": password}, **extra)


def sign_in_with_code(client: Client, user: User, ahead: int = 0) -> Any:
    sign_in(client, user)
    return client.post(f"{BASE}authenticate/", {"code": code(ahead=ahead)})


def set_up_totp(client: Client) -> str:
    """Through the pages, as a person would; the secret."""
    page = client.get(f"{BASE}totp/activate/").content.decode()
    (secret,) = re.findall(r'id="secret"[^>]*>([A-Z2-7]+)<', page)
    assert client.post(f"{BASE}totp/activate/", {"code": code(secret)}).status_code == 302
    return str(secret)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session and client.get(BASE).status_code == 200
