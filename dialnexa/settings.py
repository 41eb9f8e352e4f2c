"""Settings, from the environment. Every name begins with DIALNEXA_, beside DATABASE_URL and REDIS_URL.

Without DATABASE_URL or REDIS_URL the project starts its own servers (see ``embedded``); with them set,
nothing embedded is imported. Without DIALNEXA_DEBUG=1 this is production, which refuses to start without
its secrets.
"""

import re
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import Env

from dialnexa.database import database_settings
from dialnexa.mail import smtp_settings
from dialnexa.sealing import parse_keys

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("DIALNEXA_DATA_DIR", str(BASE_DIR / ".data"))).absolute()
DEBUG = env.bool("DIALNEXA_DEBUG", False)


def secret(name: str, *, in_debug: str) -> str:
    """A value production can't do without; development gets one that says what it is."""
    value = env.str(name, "")
    if not value and not DEBUG:
        raise ImproperlyConfigured(
            f"{name} is not set. Production needs it; set DIALNEXA_DEBUG=1 to run on this machine only."
        )
    return value or in_debug


SECRET_KEY = secret("DIALNEXA_SECRET_KEY", in_debug="development-only-not-a-secret-" + "x" * 30)
ALLOWED_HOSTS = env.list("DIALNEXA_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("DIALNEXA_TRUSTED_ORIGINS", [])
PUBLIC_BASE_URL = secret("DIALNEXA_PUBLIC_BASE_URL", in_debug="http://localhost:8000").rstrip("/")
PRODUCT_NAME = "DialNexa Numbers"
SUPPORT_EMAIL = env.str("DIALNEXA_SUPPORT_EMAIL", "support@dialnexa.example")

# --- the application ---------------------------------------------------------------------------------

INSTALLED_APPS = [
    "dialnexa.admin_site.SupportAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_htmx",
    "allauth",
    "allauth.account",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "dialnexa",
    "kyc",
    "telephony",
    "phone_numbers",
]
MIDDLEWARE = [
    "dialnexa.health.answer_first",
    "dialnexa.middleware.request_id",
    "dialnexa.middleware.straight_to_carriers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dialnexa.middleware.time_zone",
    "dialnexa.middleware.refusals",
]
ROOT_URLCONF = "dialnexa.urls"
WSGI_APPLICATION = "dialnexa.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["dialnexa.templatetags.dialnexa"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dialnexa.shell.context",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["dialnexa.formats"]

# --- data -------------------------------------------------------------------------------------------


def database_url() -> str:
    url = env.str("DATABASE_URL", "")
    if url:
        return url
    from dialnexa import embedded

    return embedded.postgres_url(DATA_DIR)


def redis_url() -> str:
    url = env.str("REDIS_URL", "")
    if url:
        return url
    from dialnexa import embedded

    return embedded.redis_url(DATA_DIR)


DATABASE_URL = database_url()
REDIS_URL = redis_url()
PGBOUNCER = env.bool("DIALNEXA_PGBOUNCER", False)  # in transaction mode, between us and PostgreSQL
DATABASES: dict[str, dict[str, Any]] = {
    "default": database_settings(DATABASE_URL, behind_pgbouncer=PGBOUNCER)
}
# Signing in counts attempts in the cache. It is in the database, so that nobody is locked out without Redis.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "dialnexa_cache"}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEBUG

# --- people -----------------------------------------------------------------------------------------

AUTH_USER_MODEL = "dialnexa.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
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
    globals().update(smtp_settings(EMAIL_URL) if EMAIL_URL else {})
DEFAULT_FROM_EMAIL = env.str("DIALNEXA_FROM_EMAIL", "DialNexa <numbers@dialnexa.example>")
SESSION_ENGINE = "dialnexa.sessions"
SESSION_COOKIE_AGE = 12 * 60 * 60

# --- safety -----------------------------------------------------------------------------------------

BEHIND_TLS = not DEBUG and env.bool("DIALNEXA_TLS", True)
SECURE_SSL_REDIRECT = BEHIND_TLS
BEHIND_PROXY = env.bool("DIALNEXA_BEHIND_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
ALLAUTH_TRUSTED_PROXY_COUNT = int(BEHIND_PROXY)  # else all who sign in share the proxy's address and limit
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SESSION_COOKIE_NAME = "__Host-sessionid" if BEHIND_TLS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if BEHIND_TLS else "csrftoken"
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = BEHIND_TLS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
FILE_UPLOAD_HANDLERS = ["dialnexa.uploads.RefuseFiles"]
BATCH_MOST_BYTES = env.int("DIALNEXA_BATCH_MOST_BYTES", 10_000_000)  # of an uploaded list
BATCH_MOST_ROWS = env.int("DIALNEXA_BATCH_MOST_ROWS", 1_000_000)
BATCH_READ_AT_ONCE = env.int("DIALNEXA_BATCH_READ_AT_ONCE", 50_000)  # rows; longer lists are left to a worker
BATCH_READ_LIMIT = env.str("DIALNEXA_BATCH_READ_LIMIT", "30/minute")  # lists of a workspace, in requests
DEFAULT_EXCEPTION_REPORTER_FILTER = "dialnexa.reporting.SecretsHidden"

# --- the broker is a doorbell; PostgreSQL is the queue (see phone_numbers.sweeping) -------------------


def broker_url(redis: str) -> str:
    """The same Redis as Celery writes it, which has words of its own for sockets: ``unix:///path?db=0``."""
    parts = urlsplit(redis)
    if parts.scheme != "unix":
        return redis
    number = dict(parse_qsl(parts.query)).get("db", "0")
    return f"redis+socket://{parts.path}?virtual_host={number}"


CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "retry_on_timeout": False,
    "max_retries": 0,
    "global_keyprefix": "numbers:",
}
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20.0
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]

PURCHASE_LEASE = env.float("DIALNEXA_PURCHASE_LEASE", 45.0)  # seconds one worker may hold an order

# --- carriers ---------------------------------------------------------------------------------------

CARRIERS: dict[str, dict[str, Any]] = {}
CARRIER_DEADLINE = env.float("DIALNEXA_CARRIER_DEADLINE", 20.0)  # seconds for one request, in all
if env.str("DIALNEXA_PLIVO_AUTH_ID", ""):
    CARRIERS["plivo"] = {
        "class": "telephony.carriers.plivo.PlivoCarrier",
        "base_url": env.str("DIALNEXA_PLIVO_BASE_URL", "https://api.plivo.com"),
        "auth_id": env.str("DIALNEXA_PLIVO_AUTH_ID"),
        "auth_token": env.str("DIALNEXA_PLIVO_AUTH_TOKEN", ""),
        "deadline": CARRIER_DEADLINE,
    }
if env.str("DIALNEXA_TWILIO_ACCOUNT_SID", ""):
    CARRIERS["twilio"] = {
        "class": "telephony.carriers.twilio.TwilioCarrier",
        "base_url": env.str("DIALNEXA_TWILIO_BASE_URL", "https://api.twilio.com"),
        "pricing_url": env.str("DIALNEXA_TWILIO_PRICING_URL", "https://pricing.twilio.com"),
        "account_sid": env.str("DIALNEXA_TWILIO_ACCOUNT_SID"),
        "auth_token": env.str("DIALNEXA_TWILIO_AUTH_TOKEN", ""),
        "deadline": CARRIER_DEADLINE,
    }
if env.str("DIALNEXA_SIGNALWIRE_PROJECT_ID", ""):
    CARRIERS["signalwire"] = {
        "class": "telephony.carriers.signalwire.SignalWireCarrier",
        "base_url": env.str("DIALNEXA_SIGNALWIRE_BASE_URL", ""),
        "project_id": env.str("DIALNEXA_SIGNALWIRE_PROJECT_ID"),
        "api_token": env.str("DIALNEXA_SIGNALWIRE_API_TOKEN", ""),
        "signing_key": env.str("DIALNEXA_SIGNALWIRE_SIGNING_KEY", ""),
        "local_rate": env.str("DIALNEXA_SIGNALWIRE_LOCAL_RATE", ""),
        "toll_free_rate": env.str("DIALNEXA_SIGNALWIRE_TOLL_FREE_RATE", ""),
        "deadline": CARRIER_DEADLINE,
    }
for slug, carrier in CARRIERS.items():
    # A worker holds an order for PURCHASE_LEASE seconds; a call that may outlast it would never be made.
    if not carrier["deadline"] + 3 <= min(PURCHASE_LEASE, CELERY_TASK_SOFT_TIME_LIMIT + 1):
        raise ImproperlyConfigured(
            f"DIALNEXA_CARRIER_DEADLINE ({carrier['deadline']:g} s, {slug}) must be at least 3 s less than "
            f"DIALNEXA_PURCHASE_LEASE ({PURCHASE_LEASE:g} s), and below {CELERY_TASK_SOFT_TIME_LIMIT - 2} s."
        )
# Who calls people to speak a code, and with which number of that carrier (see phone_numbers.verifying)
VERIFICATION_CARRIER = env.str("DIALNEXA_VERIFICATION_CARRIER", "")
VERIFICATION_CALLER_ID = env.str("DIALNEXA_VERIFICATION_CALLER_ID", "")
VERIFICATION_CALLS_AN_HOUR = env.int("DIALNEXA_VERIFICATION_CALLS_AN_HOUR", 200)  # of everybody together
if VERIFICATION_CARRIER and VERIFICATION_CARRIER not in CARRIERS:
    raise ImproperlyConfigured(
        f"DIALNEXA_VERIFICATION_CARRIER is {VERIFICATION_CARRIER}: there is no account of such a carrier."
    )
if VERIFICATION_CARRIER and not re.fullmatch(r"\+[1-9][0-9]{6,14}", VERIFICATION_CALLER_ID, re.ASCII):
    raise ImproperlyConfigured("DIALNEXA_VERIFICATION_CALLER_ID must be a number like +918035340000.")
SANDBOX_URL = env.str("DIALNEXA_SANDBOX_URL", "")  # set: the carriers are the sandbox, and pages say so
MOVABLE_CLOCK = env.bool("DIALNEXA_MOVABLE_CLOCK", False)  # the demo's; see dialnexa.clock
if MOVABLE_CLOCK and not (DEBUG and SANDBOX_URL):
    raise ImproperlyConfigured(
        "DIALNEXA_MOVABLE_CLOCK is for the demo: it needs DIALNEXA_DEBUG=1 and DIALNEXA_SANDBOX_URL. Real "
        "money and real carriers go by the real time; leave it out."
    )

# --- SIP trunks ---------------------------------------------------------------------------------------

# Secrets in the database: 2:<base64 of 32 bytes>,1:<…>; the first seals, all open (see dialnexa.sealing).
SEALING_KEYS = parse_keys(
    secret("DIALNEXA_SEALING_KEYS", in_debug="1:ZGV2ZWxvcG1lbnQtb25seS1ub3QtYS1zZWNyZXQtISE=")
)


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    texts: list[str] = env.list(name, [])
    try:
        return [ip_network(text.strip()) for text in texts]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must be networks like 10.20.0.0/16 or fd00:20::/32, separated by commas: {error}."
        ) from error


SIP_ALLOWED_NETWORKS = networks("DIALNEXA_SIP_ALLOWED_NETWORKS")  # called although they are private
SIP_DENIED_NETWORKS = networks("DIALNEXA_SIP_DENIED_NETWORKS")  # never called: our own public addresses
SIP_SIGNALLING_ADDRESSES: list[str] = env.list("DIALNEXA_SIP_SIGNALLING_ADDRESSES", [])  # where we call from
SIP_INBOUND_DOMAIN = env.str("DIALNEXA_SIP_INBOUND_DOMAIN", "")  # carriers send calls to number@this
SIP_CA_FILE = env.str("DIALNEXA_SIP_CA_FILE", "")  # certificates trusted beside the system's, as PEM
if SIP_CA_FILE and not Path(SIP_CA_FILE).is_file():
    raise ImproperlyConfigured(f"DIALNEXA_SIP_CA_FILE names {SIP_CA_FILE}, which is not a file.")


def engine_secrets(name: str) -> list[tuple[str, str]]:
    """Names and secrets; a name may come twice while its secret changes."""
    pairs: list[tuple[str, str]] = []
    entries: list[str] = env.list(name, [])
    for nth, entry in enumerate(entries, 1):
        engine, _, told = entry.strip().partition("=")
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,19}", engine) or not re.fullmatch(r"[!-~]{32,200}", told):
            raise ImproperlyConfigured(
                f"{name} must look like kamailio=<secret>,…; entry {nth} needs a name of small letters and a "
                "secret of at least 32 characters without spaces."
            )
        pairs.append((engine, told))
    return pairs


SIP_ENGINES = engine_secrets("DIALNEXA_SIP_ENGINES")  # may ask who takes a call (see phone_numbers.inbound)


def livekit_engine() -> dict[str, Any]:
    """The options of telephony.sip_engines.livekit; all or nothing, and passwords never in the clear."""
    names = ("URL", "API_KEY", "API_SECRET")
    told = {name.lower(): env.str(f"DIALNEXA_LIVEKIT_{name}", "").strip() for name in names}
    if missing := [f"DIALNEXA_LIVEKIT_{name}" for name in names if not told[name.lower()]]:
        raise ImproperlyConfigured(
            f"DIALNEXA_SIP_ENGINE is livekit, which needs {' and '.join(missing)} as well."
        )
    url = urlsplit(told["url"])
    if url.scheme not in (("https", "wss", "http", "ws") if DEBUG else ("https", "wss")) or not url.hostname:
        raise ImproperlyConfigured(
            "DIALNEXA_LIVEKIT_URL must be the server's address and begin with https:// or wss://: "
            "trunks' passwords are sent there."
        )
    agent = env.str("DIALNEXA_LIVEKIT_AGENT", "dialnexa")
    return {"class": "telephony.sip_engines.livekit.LiveKitEngine", "agent": agent, **told}


SIP_ENGINE: dict[str, Any] = {}  # who dials over customers' own carriers (see telephony.sip_engines)
match env.str("DIALNEXA_SIP_ENGINE", ""):
    case "livekit":
        SIP_ENGINE = livekit_engine()
    case "":
        pass
    case other_engine:
        raise ImproperlyConfigured(
            f"DIALNEXA_SIP_ENGINE is {other_engine}. Set livekit, or leave it out: then nothing (or the "
            "sandbox, where there is one) dials over customers' own carriers."
        )
if not SIP_ENGINE and SANDBOX_URL and (sandbox_token := env.str("DIALNEXA_SANDBOX_ENGINE_TOKEN", "")):
    SIP_ENGINE = {
        "class": "telephony.sip_engines.sandbox.SandboxEngine",
        "base_url": SANDBOX_URL,
        "token": sandbox_token,
    }

TRUNK_CHECK_EVERY = env.float("DIALNEXA_TRUNK_CHECK_EVERY", 300.0)  # seconds, while it answers
TRUNK_RETRY_SOONEST = env.float("DIALNEXA_TRUNK_RETRY_SOONEST", 30.0)  # when it does not: doubled each time
TRUNK_RETRY_LATEST = env.float("DIALNEXA_TRUNK_RETRY_LATEST", 3600.0)  # up to this
TRUNKS_SILENT_MOST = env.int("DIALNEXA_TRUNKS_SILENT_MOST", 10)  # linked numbers of a workspace, unanswered
TRUNK_CHECKS_AT_ONCE = env.int("DIALNEXA_TRUNK_CHECKS_AT_ONCE", 1)  # in the background: fewer than workers
TRUNK_TEST_LIMIT = env.str("DIALNEXA_TRUNK_TEST_LIMIT", "20/minute")  # of a workspace's people and keys

# --- buying: seconds (see phone_numbers.buying.fulfilment) -------------------------------------------

SETTLE_WINDOW = env.float("DIALNEXA_SETTLE_WINDOW", 900.0)  # how late a carrier may still act on a request
SETTLE_SPACING = env.float("DIALNEXA_SETTLE_SPACING", 60.0)  # between the two look-ups that prove an absence
LOOK_UP_SOONEST = env.float("DIALNEXA_LOOK_UP_SOONEST", 5.0)  # asking about a doubt: as long again as it has
LOOK_UP_LATEST = env.float("DIALNEXA_LOOK_UP_LATEST", 300.0)  # lasted, within these bounds
RETRY_SOONEST = env.float("DIALNEXA_RETRY_SOONEST", 2.0)  # nothing was sent: try again, later each time
RETRY_LATEST = env.float("DIALNEXA_RETRY_LATEST", 30.0)
PURCHASE_GIVE_UP = env.float(
    "DIALNEXA_PURCHASE_GIVE_UP", 600.0
)  # nothing could be sent for this long: refuse
PURCHASE_MAX_ATTEMPTS = env.int("DIALNEXA_PURCHASE_MAX_ATTEMPTS", 3)
REVIEW_AFTER = env.float("DIALNEXA_REVIEW_AFTER", 24 * 60 * 60.0)  # uncertain for this long: a person looks
PAPERS_CHECK_EVERY = env.float(
    "DIALNEXA_PAPERS_CHECK_EVERY", 300.0
)  # a sold number whose papers are outstanding
PAPERS_GRACE = env.float(
    "DIALNEXA_PAPERS_GRACE", 24 * 60 * 60.0
)  # a refusal of papers that stands for this long is final: number and money go back
RELEASE_SOONEST = env.float("DIALNEXA_RELEASE_SOONEST", 30.0)  # telling a carrier again that a number is
RELEASE_LATEST = env.float("DIALNEXA_RELEASE_LATEST", 3600.0)  # given back: as long again as it has taken
SWEEP_EVERY = env.float("DIALNEXA_SWEEP_EVERY", 1.0)
MAIL_EVERY = env.float("DIALNEXA_MAIL_EVERY", 5.0)  # the sweeper looks for notices to mail
RING_AGAIN = env.float("DIALNEXA_RING_AGAIN", 6.0)  # an order nobody took: ring once more
OFFER_VALID = env.int("DIALNEXA_OFFER_VALID", 30 * 60)  # how long a search result may be bought

# --- rent (see phone_numbers.renting) -----------------------------------------------------------------

RENT_GRACE_DAYS = env.int("DIALNEXA_RENT_GRACE_DAYS", 7)  # unpaid, the number keeps working for so long
RENT_HOLD_DAYS = env.int("DIALNEXA_RENT_HOLD_DAYS", 30)  # expired, it is kept for its owner for so long
RENT_RETRY_HOURS = env.int("DIALNEXA_RENT_RETRY_HOURS", 24)  # in grace: the wallet is tried again
RENT_CATCH_UP = env.int("DIALNEXA_RENT_CATCH_UP", 1)  # missed periods charged at once; more: a person looks
RENT_AHEAD_MOST = env.int("DIALNEXA_RENT_AHEAD_MOST", 12)  # months that can be paid in advance
RENT_EVERY = env.float("DIALNEXA_RENT_EVERY", 5.0)  # seconds between two looks for rent that is due
RENT_BATCH = env.int("DIALNEXA_RENT_BATCH", 500)  # rentals renewed in one transaction
REASSIGN_AFTER_DAYS = env.int("DIALNEXA_REASSIGN_AFTER_DAYS", 15)  # cool-off before another workspace gets it
GIVE_BACK_MARGIN_HOURS = env.int("DIALNEXA_GIVE_BACK_MARGIN_HOURS", 24)  # before the carrier renews

# --- what carriers list against what we show (see phone_numbers.drift) ----------------------------------

DRIFT_HOUR = env.int("DIALNEXA_DRIFT_HOUR", 2)  # UTC: from then on each carrier's whole list is read
DRIFT_RECENT_EVERY = env.float(
    "DIALNEXA_DRIFT_RECENT_EVERY", 900.0
)  # seconds: recent numbers are asked about
DRIFT_RECENT_AT_ONCE = env.int("DIALNEXA_DRIFT_RECENT_AT_ONCE", 100)  # of one carrier, in one round
DRIFT_APART = env.float("DIALNEXA_DRIFT_APART", 600.0)  # seconds between two sweeps that agree
DRIFT_MARGIN = env.float(
    "DIALNEXA_DRIFT_MARGIN", 900.0
)  # what changed so shortly before a sweep is left alone
DRIFT_GHOST_SHARE = env.float(
    "DIALNEXA_DRIFT_GHOST_SHARE", 0.05
)  # of our numbers: a list lacking more is wrong
DRIFT_RELEASES_AN_HOUR = env.int("DIALNEXA_DRIFT_RELEASES_AN_HOUR", 20)  # by staff, of what the sweeps found

# --- calls --------------------------------------------------------------------------------------------

CALLS_AT_ONCE = env.int("DIALNEXA_CALLS_AT_ONCE", 10)  # of one workspace
CALL_LONGEST = env.int("DIALNEXA_CALL_LONGEST", 1800)  # seconds; so much is reserved, where it can be paid
CALL_RING = env.int("DIALNEXA_CALL_RING", 45)  # seconds a phone rings before it counts as not picked up
CALL_DEADLINE = 10.0  # seconds for asking a carrier to dial
CALL_LEASE = 30.0  # seconds one worker has for that
CALL_DOUBT = env.float("DIALNEXA_CALL_DOUBT", 180.0)  # how long a silent carrier may still ring somebody
CALL_GIVE_UP = env.float("DIALNEXA_CALL_GIVE_UP", 60.0)  # a carrier that certainly did nothing is asked again
CALL_LOOK_EVERY = env.float("DIALNEXA_CALL_LOOK_EVERY", 60.0)  # a quiet call is asked about
CALL_UNTOLD = env.float("DIALNEXA_CALL_UNTOLD", 86_400.0)  # so long a carrier may be unable to tell of a call
CALL_COST_LOOKS: list[float] = env.list(  # seconds after a call's end when its record at the carrier is read
    "DIALNEXA_CALL_COST_LOOKS", [300.0, 3600.0], subcast=float
)
BATCH_LAST = 50  # calls: if most of a batch's last ones fail, it stops by itself
BATCH_STOP_FROM = env.int("DIALNEXA_BATCH_STOP_FROM", 20)  # of them have to be over
BATCH_STOP_SHARE = env.float("DIALNEXA_BATCH_STOP_SHARE", 0.8)  # of those that are over
BATCH_LOOK_EVERY = env.float("DIALNEXA_BATCH_LOOK_EVERY", 15.0)  # seconds: whether a waiting batch may begin
INBOUND_IN_MEMORY = env.bool("DIALNEXA_INBOUND_IN_MEMORY", True)  # routes are kept, notes written aside
ROUTES_KEPT = env.float("DIALNEXA_ROUTES_KEPT", 600.0)  # seconds that routes outlive a database that is away
ROUTES_LOOK_EVERY = env.float("DIALNEXA_ROUTES_LOOK_EVERY", 0.3)  # seconds between looks for changed routes
INBOUND_ROUTE = env.str("DIALNEXA_INBOUND_ROUTE", "dialnexa-inbound")  # its name at carriers
CALLS_DAILY_SPEND: dict[str, Decimal] = (
    env.dict(  # of one workspace, by currency: "INR=5000,USD=60"; none: no limit
        "DIALNEXA_CALLS_DAILY_SPEND", {}, subcast_values=Decimal
    )
)

# --- webhooks to customers (see dialnexa.webhooks) ----------------------------------------------------

WEBHOOK_ALLOWED_NETWORKS = networks("DIALNEXA_WEBHOOK_ALLOWED_NETWORKS")  # although they are private
WEBHOOK_DEADLINE = env.float("DIALNEXA_WEBHOOK_DEADLINE", 10.0)  # seconds for one request, in all
WEBHOOKS_AT_ONCE = env.int("DIALNEXA_WEBHOOKS_AT_ONCE", 16)  # requests of one sweeper
WEBHOOKS_EVERY = env.float("DIALNEXA_WEBHOOKS_EVERY", 0.5)  # seconds between looks for messages to send
WEBHOOK_ENDPOINTS_MOST = env.int("DIALNEXA_WEBHOOK_ENDPOINTS_MOST", 10)  # of one workspace

# --- the REST API (see dialnexa.api) ------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["dialnexa.api.keys.BearerKey"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "dialnexa.api.schema.EndpointSchema",
    "UNAUTHENTICATED_USER": None,
    "UNICODE_JSON": True,
}
API_LIMITS = {  # of one key, in a moving window
    "read": env.str("DIALNEXA_API_LIMIT_READ", "600/minute"),
    "write": env.str("DIALNEXA_API_LIMIT_WRITE", "120/minute"),
    "search": env.str("DIALNEXA_API_LIMIT_SEARCH", "60/minute"),
    "purchase": env.str("DIALNEXA_API_LIMIT_PURCHASE", "30/minute"),
    "call": env.str("DIALNEXA_API_LIMIT_CALL", "120/minute"),
}
API_WAIT = env.float("DIALNEXA_API_WAIT", 10.0)  # seconds a purchase waits for the carrier, unless told
API_WAIT_LONGEST = 30.0
API_WAITERS = env.int("DIALNEXA_API_WAITERS", 2)  # purchases that may wait at once in one web process
SPECTACULAR_SETTINGS = {
    "TITLE": f"{PRODUCT_NAME} API",
    "DESCRIPTION": (
        "Buy, link, connect and release phone numbers.\n\n"
        "- **Keys** are made under Settings → API keys and sent as `Authorization: Bearer dnx_…`.\n"
        "- **Errors** have a sentence for people (`message`) and a stable word for programs (`code`).\n"
        "- **Limits** count for each key; answers say what is left, and a 429 says when to go on.\n"
        "- **Every POST** takes an `Idempotency-Key`: sent again within 24 hours, nothing happens twice.\n"
        "- **Clients of SignalWire's number API** work with this host, under `/api/relay/rest/phone_numbers`."
    ),
    "TAGS": [
        {"name": "Numbers", "description": "Search, buy, link, route and release phone numbers."},
        {"name": "Agents", "description": "Agents and their versions: who speaks."},
        {"name": "Calls", "description": "Place a call, see how it went and what it cost, hang up."},
        {
            "name": "Batch calls",
            "description": "Check a list, call everybody in it, pause it, let it go on, cancel it.",
        },
        {"name": "Telephony", "description": "Where numbers may call, at what price, and why not."},
    ],
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "defaultModelsExpandDepth": 0},
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SCHEMA_PATH_PREFIX": "/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "PREPROCESSING_HOOKS": ["dialnexa.api.schema.only_v1"],
    "POSTPROCESSING_HOOKS": ["dialnexa.api.schema.complete"],
    "SERVERS": [{"url": PUBLIC_BASE_URL}],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("DIALNEXA_LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}, "httpcore": {"level": "WARNING"}},
}
