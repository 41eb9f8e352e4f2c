"""Sessions, the second step, guessing, and who gets into the support desk."""

from decimal import Decimal

from dialnexa.settings.application import PRODUCT_NAME
from dialnexa.settings.environment import DEBUG, env, networks, refuse
from dialnexa.settings.sandbox import SANDBOX_URL

SESSION_ENGINE = "dialnexa.sessions"
SESSION_COOKIE_AGE = env.int("DIALNEXA_SESSION_SECONDS", 12 * 60 * 60)  # from signing in, used or not
SESSION_IDLE = env.int("DIALNEXA_SESSION_IDLE", 60 * 60)  # seconds without a person's request
ACCOUNT_REAUTHENTICATION_TIMEOUT = env.int("DIALNEXA_STEP_UP", 15 * 60)  # seconds "it is really me" holds for
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # for addresses, too: whoever has one can choose a new password
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/15m/key",  # the key is account and address together
    "login_failed_anywhere": "100/h/key",  # of one account, from all addresses
}

MFA_ADAPTER = "dialnexa.mfa.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = PRODUCT_NAME
MFA_TOTP_TOLERANCE = 1  # periods: phones' clocks differ; dialnexa.mfa.codes lets each code count once
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG  # http://localhost
MFA_FORMS = {
    "authenticate": "dialnexa.mfa.forms.Authenticate",
    "reauthenticate": "dialnexa.mfa.forms.Reauthenticate",
    "activate_totp": "dialnexa.mfa.forms.ActivateTotp",
    "add_webauthn": "dialnexa.mfa.forms.AddPasskey",
    "edit_webauthn": "dialnexa.mfa.forms.RenamePasskey",
}

STAFF_MFA = env.bool("DIALNEXA_STAFF_MFA", True)
if not STAFF_MFA and not (DEBUG and SANDBOX_URL):
    refuse(
        "DIALNEXA_STAFF_MFA is 0, which is for the demo: it needs DIALNEXA_DEBUG=1 and "
        "DIALNEXA_SANDBOX_URL. Support staff see everybody's money and papers; leave it out."
    )
CREDIT_ALONE: dict[str, Decimal] = env.dict(  # what one of the staff may credit, by currency; more: two
    "DIALNEXA_CREDIT_ALONE",
    {"INR": Decimal(200_000), "USD": Decimal(2400), "EUR": Decimal(2200), "GBP": Decimal(1900)},
    subcast_values=Decimal,
)
RELEASE_ALONE = env.int("DIALNEXA_RELEASE_ALONE", 20)  # numbers one of the staff may release a day; more: two
ADMIN_NETWORKS = networks("DIALNEXA_ADMIN_NETWORKS")  # from which /admin/ is there at all; empty: everywhere
