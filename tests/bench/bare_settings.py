"""The project's settings as in production, with bare views beside its own."""

from dialnexa.settings import *  # noqa: F403

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.bench.bare_urls"
