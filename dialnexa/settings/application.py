"""The application, its pages and where they are."""

from dialnexa.settings.environment import BASE_DIR, DEBUG, env, refuse, secret

SECRET_KEY = secret("DIALNEXA_SECRET_KEY", in_debug="development-only-not-a-secret-" + "x" * 30)
ALLOWED_HOSTS = env.list("DIALNEXA_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("DIALNEXA_TRUSTED_ORIGINS", [])
PUBLIC_BASE_URL = secret("DIALNEXA_PUBLIC_BASE_URL", in_debug="http://localhost:8000").rstrip("/")
if not PUBLIC_BASE_URL.startswith(("https://", "http://")):
    refuse(
        "DIALNEXA_PUBLIC_BASE_URL must begin with https:// (or http://), like https://numbers.example.com."
    )
PRODUCT_NAME = "DialNexa Numbers"
SUPPORT_EMAIL = env.str("DIALNEXA_SUPPORT_EMAIL", "support@dialnexa.example")

INSTALLED_APPS = [
    "dialnexa.admin_site.SupportAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "csp",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "dialnexa",
    "kyc",
    "telephony",
    "phone_numbers",
]
MIDDLEWARE = [
    "dialnexa.headers.tell_browsers",
    "dialnexa.isolation.scope.isolate",
    "dialnexa.health.answer_first",
    "dialnexa.middleware.request_id",
    "dialnexa.middleware.straight_to_carriers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "dialnexa.api.middleware.straight_to_endpoints",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "dialnexa.middleware.language",
    "django.contrib.messages.middleware.MessageMiddleware",
    "dialnexa.sessions.limits.session_limits",
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
TIME_ZONE = "UTC"
USE_TZ = True
