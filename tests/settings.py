"""The project's own settings, against throw-away servers.

The first process of a test run starts them (unless DATABASE_URL and REDIS_URL name others) and says so in the
environment, which pytest-xdist's workers inherit: one PostgreSQL and one Redis for all. pytest-django gives
each worker a database of its own, and each gets one of Redis' numbered ones here.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")


def start_servers() -> None:
    folder = Path(tempfile.mkdtemp(prefix="dialnexa-test-"))
    if os.geteuid() == 0:
        folder.chmod(0o711)  # as root the servers run under an id of their own
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["DIALNEXA_DATA_DIR"] = os.environ["DIALNEXA_TEST_RUN"] = str(folder)
    os.environ["DIALNEXA_EMBEDDED_FSYNC"] = "off"
    if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        from dialnexa import embedded

        atexit.register(embedded.leave, folder)
        os.environ["DATABASE_URL"] = os.environ.get("DATABASE_URL") or embedded.postgres_url(folder)
        os.environ["REDIS_URL"] = os.environ.get("REDIS_URL") or embedded.redis_url(folder)


def redis_database(number: int) -> str:
    url = os.environ["REDIS_URL"].partition("?")[0]
    return (
        f"{url}?db={number}"
        if url.startswith("unix:")
        else urlsplit(url)._replace(path=f"/{number}").geturl()
    )


os.environ.setdefault("DIALNEXA_DEBUG", "1")
if "DIALNEXA_TEST_RUN" not in os.environ:
    start_servers()

from dialnexa.settings import *  # noqa: E402, F403
from dialnexa.settings.broker import broker_url  # noqa: E402
from dialnexa.translations.catalogues import compile_catalogues  # noqa: E402

if not WORKER:
    compile_catalogues(LOCALE_PATHS[0])  # noqa: F405
N = int(WORKER.removeprefix("gw") or 0)
REDIS_URL = redis_database(N)
CELERY_BROKER_URL = broker_url(REDIS_URL)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick, not safe
STAFF_MFA = False  # the tests of the second step ask for it
INBOUND_IN_MEMORY = False  # tests see one database connection: nothing is kept aside
CALLS_A_SECOND = CALLS_A_MINUTE = PURCHASES_AN_HOUR = NEW_COUNTRY_CALLS = 100_000  # tests set theirs
