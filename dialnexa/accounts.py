"""How people sign in and sign up, and the mails they get about it."""

from __future__ import annotations

import logging
from hashlib import sha256
from smtplib import SMTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from dialnexa import clock
from dialnexa.doorbell import ring
from dialnexa.mfa.rules import was_recent
from dialnexa.models import User
from dialnexa.tasks import mail_about_guessing
from dialnexa.translations.choosing import ENGLISH, is_offered, language_of
from dialnexa.workspaces import create_workspace

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress

log = logging.getLogger(__name__)
WARN_EVERY = 3600  # seconds between two mails about guessing at one account


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up gives a new user a workspace of their own. Mails lead to our public address, whatever address
    the browser used, and one that can't be sent costs nobody their page.
    """

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is switched off. Support can say why."),
        "address_unconfirmed": _(
            "Confirm the address you sign in with first: open the link in our mail to it."
        ),
        "cannot_remove_primary_email": _("You sign in with this address. Make another the main one first."),
        "duplicate_email": _("This address belongs to your account already."),
        "email_password_mismatch": _("No account has this address and this password. Check both."),
        "email_taken": _("There is an account with this address already. Sign in, or choose a new password."),
        "enter_current_password": _("That is not your current password."),
        "incorrect_password": _("That is not your password."),
        "max_email_addresses": _("An account can have %d addresses at most."),
        "rate_limited": _("Too many tries in a short time. Wait a few minutes."),
        "too_many_login_attempts": _("Too many tries in a short time. Try again in a quarter of an hour."),
    }

    def clean_email(self, email: str) -> str:
        """A second address only beside a confirmed one. Else whoever signs up with somebody's address before
        they do could add their own, and take back by it what the owner makes of the account later.
        """
        match = allauth_context.request.resolver_match
        if match and match.view_name == "account_email":
            user = allauth_context.request.user
            if not user.emailaddress_set.filter(verified=True).exists():
                raise self.validation_error("address_unconfirmed")
        cleaned: str = super().clean_email(email)
        return cleaned

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Never the one somebody signs in with, whatever it is marked as."""
        signs_in = email_address.email.lower() == email_address.user.email.lower()
        return not signs_in and super().can_delete_email(email_address)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Somebody who signed in a moment ago is not asked again."""
        return super().is_reauthentication_required(app=app, **kwargs) and not was_recent(
            allauth_context.request
        )

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Guesses count by account and address together: who guesses from elsewhere locks out nobody else."""
        return f"{credentials.get('email', '').lower()}|{self.get_client_ip(request)}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Beside that, an account takes so many guesses from everywhere together. The owner hears of both.

        Nothing here depends on whether there is such an account: answer and time are the same.
        """
        email = credentials.get("email", "").lower()
        try:
            super().pre_authenticate(request, **credentials)
            anywhere = ratelimit.consume(
                request, app="allauth.account", action="login_failed_anywhere", key=email
            )
            if not anywhere:
                raise self.validation_error("too_many_login_attempts")
            self._anywhere = anywhere
        except ValidationError:
            if cache.add(f"guessing:{sha256(email.encode()).hexdigest()}", 1, timeout=WARN_EVERY):
                ring(mail_about_guessing, email=email, address=self.get_client_ip(request))
            raise

    def _rollback_login_failed_rl_usage(self) -> None:
        super()._rollback_login_failed_rl_usage()
        self._anywhere.rollback()

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        with transaction.atomic():
            user = super().save_user(request, user, form, commit=commit)
            if commit:
                _keep_language(user)
                create_workspace(workspace_name(user), user, now=clock.now())
        return user

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        links = {name: public_url(value) for name, value in context.items() if name.endswith("_url")}
        try:
            with override(language_of(context.get("user"), get_language())):
                super().send_mail(template_prefix, email, {**mail_context(), **context, **links})
        except (SMTPException, OSError) as error:
            log.error("The mail %s could not be sent: %s", template_prefix, error)
            sentence = _("Our mail could not be sent just now. Try again in a few minutes.")
            messages.error(allauth_context.request, sentence)


def _keep_language(user: User) -> None:
    """Somebody new goes on in the language they signed up in; in English nothing is chosen yet."""
    language = get_language() or ENGLISH
    if language != ENGLISH and is_offered(language):
        user.language = language
        user.save(update_fields=["language"])


def mail_context() -> dict[str, Any]:
    """What every account mail can say."""
    return {
        "product_name": settings.PRODUCT_NAME,
        "support_email": settings.SUPPORT_EMAIL,
        "home_url": settings.PUBLIC_BASE_URL,
        "reset_url": public_url(reverse("account_reset_password")),
        "reset_hours": settings.PASSWORD_RESET_TIMEOUT // 3600,
        "confirm_days": app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS,
    }


def public_url(url: str) -> str:
    """The same page at the address we are known by: the one of a request is whatever its sender claims."""
    path = urlsplit(url)._replace(scheme="", netloc="").geturl()
    return f"{settings.PUBLIC_BASE_URL}{path}"


def workspace_name(user: User) -> str:
    """What a workspace is called until somebody renames it: ``Asha's workspace``."""
    first = user.first_name or user.email.partition("@")[0].replace(".", " ").replace("_", " ")
    return f"{first.title()[:60]}\N{RIGHT SINGLE QUOTATION MARK}s workspace"
