"""Where mail goes, as one address."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
PATIENCE = 10  # seconds: a mail server that hangs must not hold up a page


def smtp_settings(url: str) -> dict[str, Any]:
    """Django's settings for ``smtp+tls://user:password@host:587`` (STARTTLS), ``smtps://…`` or ``smtp://…``.

    User and password are percent-encoded. Raises ImproperlyConfigured, without quoting the password.
    """
    parts = urlsplit(url)
    try:
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        port = 0
    if not (port and parts.hostname):
        raise ImproperlyConfigured(
            "DIALNEXA_EMAIL_URL must look like smtp+tls://user:password@host:587, smtps://… or smtp://…"
        )
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": PATIENCE,
    }
