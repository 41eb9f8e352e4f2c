"""The forms before the door, in our words."""

from __future__ import annotations

from typing import Any

from allauth.account import forms

LEAST = 12  # characters; the settings say it to the validator
HELP = f"At least {LEAST} characters. No common password, and nothing like your name or address."


class Worded:
    """Labels by field name; ``labels`` has a form's own."""

    labels: dict[str, str] = {}
    common = {
        "login": "E-mail address",
        "email": "E-mail address",
        "password": "Password",
        "password1": "New password",
        "password2": "New password again",
        "oldpassword": "Current password",
    }
    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (self.common | self.labels).items():
            if name in self.fields:
                self.fields[name].label = label
        if "password1" in self.fields:
            self.fields["password1"].help_text = HELP


class SignIn(Worded, forms.LoginForm):
    pass


class SignUp(Worded, forms.SignupForm):
    labels = {"password1": "Password", "password2": "Password again"}


class AddAddress(Worded, forms.AddEmailForm):
    labels = {"email": "Another e-mail address"}


class ChangePassword(Worded, forms.ChangePasswordForm):
    pass


class SetPassword(Worded, forms.SetPasswordForm):
    labels = {"password1": "Password", "password2": "Password again"}


class AskForReset(Worded, forms.ResetPasswordForm):
    pass


class ResetPassword(Worded, forms.ResetPasswordKeyForm):
    pass


class Reauthenticate(Worded, forms.ReauthenticateForm):
    pass
