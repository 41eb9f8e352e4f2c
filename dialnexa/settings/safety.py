"""What browsers may do, secrets in the database, uploads."""

from dialnexa.sealing import parse_keys
from dialnexa.settings.environment import DEBUG, checked, env, rate, secret

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
BATCH_READ_LIMIT = rate("DIALNEXA_BATCH_READ_LIMIT", "30/minute")  # lists of a workspace, in requests
DEFAULT_EXCEPTION_REPORTER_FILTER = "dialnexa.reporting.SecretsHidden"

# Secrets in the database: 2:<base64 of 32 bytes>,1:<…>; the first seals, all open (see dialnexa.sealing).
SEALING_KEYS: dict[int, bytes] = checked(
    lambda: parse_keys(
        secret("DIALNEXA_SEALING_KEYS", in_debug="1:ZGV2ZWxvcG1lbnQtb25seS1ub3QtYS1zZWNyZXQtISE=")
    ),
    {},
)
