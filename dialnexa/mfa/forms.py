"""The forms of the second step, in our words; codes count once."""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from dialnexa.account_forms import Worded
from dialnexa.mfa.codes import spend

NAME_MOST = 60  # characters


class Coded(Worded, BaseAuthenticateForm):
    labels = {"code": _("Code")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"placeholder": "", "autofocus": True, "spellcheck": "false"}
        self.fields["code"].help_text = _("Six digits from your app, or one of your recovery codes.")

    def clean_code(self) -> str:
        code: str = super().clean_code()
        is_totp = self.authenticator.type == Authenticator.Type.TOTP
        if is_totp and not spend(self.authenticator, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class Authenticate(Coded, AuthenticateForm):
    pass


class Reauthenticate(Coded, ReauthenticateForm):
    pass


class ActivateTotp(Worded, ActivateTOTPForm):
    labels = {"code": _("The code it shows now")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"placeholder": "", "inputmode": "numeric", "spellcheck": "false"}


class Named(Worded):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].validators.append(MaxLengthValidator(NAME_MOST))
        self.fields["name"].widget.attrs |= {"maxlength": NAME_MOST, "autocomplete": "off"}


class AddPasskey(Named, AddWebAuthnForm):
    labels = {"name": _("Name"), "passwordless": _("Sign in with it alone, without the password")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = _("To tell it apart later: this laptop, blue security key, …")
        self.fields["passwordless"].initial = True


class RenamePasskey(Named, EditWebAuthnForm):
    labels = {"name": _("Name")}
