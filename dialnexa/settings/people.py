"""Signing in, and mail to people."""

from pathlib import Path
from typing import Any

from dialnexa.mail import smtp_settings
from dialnexa.settings.application import PRODUCT_NAME
from dialnexa.settings.environment import checked, env, refuse, secret

AUTH_USER_MODEL = "dialnexa.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
BREACHED_PASSWORDS = env.str(
    "DIALNEXA_BREACHED_PASSWORDS", ""
)  # a sorted file of SHA-1 hashes; empty: not asked
if BREACHED_PASSWORDS and not Path(BREACHED_PASSWORDS).is_file():
    refuse(f"DIALNEXA_BREACHED_PASSWORDS names {BREACHED_PASSWORDS}, which is not a file.")
elif BREACHED_PASSWORDS:
    AUTH_PASSWORD_VALIDATORS.append(
        {
            "NAME": "dialnexa.breached_passwords.BreachedPasswordValidator",
            "OPTIONS": {"path": BREACHED_PASSWORDS},
        }
    )
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_ADAPTER = "dialnexa.accounts.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "dialnexa.account_forms.SignIn",
    "signup": "dialnexa.account_forms.SignUp",
    "add_email": "dialnexa.account_forms.AddAddress",
    "change_password": "dialnexa.account_forms.ChangePassword",
    "set_password": "dialnexa.account_forms.SetPassword",
    "reset_password": "dialnexa.account_forms.AskForReset",
    "reset_password_from_key": "dialnexa.account_forms.ResetPassword",
    "reauthenticate": "dialnexa.account_forms.Reauthenticate",
}
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{PRODUCT_NAME}] "
ACCOUNT_EMAIL_NOTIFICATIONS = True  # of every change that would lock somebody out
PASSWORD_RESET_TIMEOUT = 2 * 60 * 60
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
EMAIL_BACKEND = env.str("DIALNEXA_EMAIL_BACKEND", "")
if not EMAIL_BACKEND:  # the console is for development: its log would hold the links that reset passwords
    EMAIL_URL = secret("DIALNEXA_EMAIL_URL", in_debug="")
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    nowhere: dict[str, Any] = {}
    globals().update(checked(lambda: smtp_settings(EMAIL_URL), nowhere) if EMAIL_URL else {})
DEFAULT_FROM_EMAIL = env.str("DIALNEXA_FROM_EMAIL", "DialNexa <numbers@dialnexa.example>")
