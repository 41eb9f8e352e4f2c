"""The forms before the door, in our words."""

from __future__ import annotations

from typing import Any

from allauth.account import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LEAST = 12  # characters; the settings say it to the validator
HELP = _("At least %(least)s characters. No common password, and nothing like your name or address.")


class Worded:
    """Labels by field name; ``labels`` has a form's own."""

    labels: dict[str, str | Promise] = {}
    common: dict[str, str | Promise] = {
        "login": _("E-mail address"),
        "email": _("E-mail address"),
        "password": _("Password"),
        "password1": _("New password"),
        "password2": _("New password again"),
        "oldpassword": _("Current password"),
    }
    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (self.common | self.labels).items():
            if name in self.fields:
                self.fields[name].label = label
        if "password1" in self.fields:
            self.fields["password1"].help_text = HELP % {"least": LEAST}


class SignIn(Worded, forms.LoginForm):
    pass


class SignUp(Worded, forms.SignupForm):
    labels = {"password1": _("Password"), "password2": _("Password again")}


class AddAddress(Worded, forms.AddEmailForm):
    labels = {"email": _("Another e-mail address")}


class ChangePassword(Worded, forms.ChangePasswordForm):
    pass


class SetPassword(Worded, forms.SetPasswordForm):
    labels = {"password1": _("Password"), "password2": _("Password again")}


class AskForReset(Worded, forms.ResetPasswordForm):
    pass


class ResetPassword(Worded, forms.ResetPasswordKeyForm):
    pass


class Reauthenticate(Worded, forms.ReauthenticateForm):
    pass
