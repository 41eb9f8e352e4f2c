"""Where things are kept: PostgreSQL, Redis, files."""

from typing import Any

from dialnexa.database import database_settings
from dialnexa.settings.environment import BASE_DIR, DATA_DIR, DEBUG, env, refuse
from dialnexa.wires import open_wires, strict_redis


def database_url() -> str:
    url = env.str("DATABASE_URL", "")
    if url:
        return url
    from dialnexa import embedded

    return embedded.postgres_url(DATA_DIR)


def redis_url() -> str:
    url = env.str("REDIS_URL", "")
    if url:
        return strict_redis(url)
    from dialnexa import embedded

    return embedded.redis_url(DATA_DIR)


DATABASE_URL = database_url()
REDIS_URL = redis_url()
PLAIN_HOSTS = env.list("DIALNEXA_PLAIN_HOSTS", [])  # reached without TLS, or without its certificate
if not DEBUG:
    for sentence in open_wires(DATABASE_URL, REDIS_URL, plain=PLAIN_HOSTS):
        refuse(sentence)
PGBOUNCER = env.bool("DIALNEXA_PGBOUNCER", False)  # in transaction mode, between us and PostgreSQL
WALLED = env.bool("DIALNEXA_WALLED", False)  # our role is one that policies hold for (see dialnexa.isolation)
DATABASES: dict[str, dict[str, Any]] = {
    "default": database_settings(DATABASE_URL, behind_pgbouncer=PGBOUNCER, walled=WALLED)
}
# Signing in counts attempts in the cache. It is in the database, so that nobody is locked out without Redis,
# and large: a full one forgets counts, so 300 made-up addresses (Django's default) would buy a new guess.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "dialnexa_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
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
WHITENOISE_ALLOW_ALL_ORIGINS = False
