"""Who reads in which language."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language_from_request

from dialnexa.models import User

ENGLISH = "en"
STABLE = ("/v1/", "/api/", "/admin/")  # what programs and the support desk read


def choose_for(request: HttpRequest) -> str:
    """The language of the answer: the person's own; else what the browser was told here, or asks for.

    Empty where there is no choice: with one language, and for what programs and the support desk read.
    """
    if len(settings.LANGUAGES) == 1 or request.path_info.startswith(STABLE):
        return ""
    own = getattr(request.user, "language", "")
    return own if is_offered(own) else get_language_from_request(request)


def language_of(user: User | None, otherwise: str | None = None) -> str:
    """For mail. To whoever has chosen nothing: ``otherwise``, or English."""
    return user.language if user and is_offered(user.language) else otherwise or ENGLISH


def is_offered(language: str) -> bool:
    return language in dict(settings.LANGUAGES)
