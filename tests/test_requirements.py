"""requirements/run.txt …"""

from __future__ import annotations

import re
from importlib.metadata import packages_distributions

from tests.processes import ROOT, clean_env, run

EVERYTHING = """
import importlib, sys
import django
django.setup()
names = "dialnexa.urls dialnexa.embedded dialnexa.process_manager celery.bin.celery celery.bin.worker"
names += " celery.bin.beat celery.apps.worker celery.concurrency.prefork kombu.transport.redis granian.cli"
for name in names.split():
    importlib.import_module(name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
# What is used if it happens to be there, and not missed.
OPTIONAL = {"greenlet", "pip", "pygments", "setuptools"}


def test_names_everything_that_running_imports() -> None:
    env = clean_env(
        DJANGO_SETTINGS_MODULE="dialnexa.settings",
        DIALNEXA_DEBUG="1",
        DATABASE_URL="postgres://nobody@127.0.0.1:9/none",
        REDIS_URL="redis://127.0.0.1:9",
    )
    imported = run("-c", EVERYTHING, env=env)
    assert imported.returncode == 0, imported.stderr
    owners = packages_distributions()
    needed = {owner.lower() for name in imported.stdout.split() for owner in owners.get(name, [])}
    lines = (ROOT / "requirements/run.txt").read_text().splitlines()
    pinned = {match[1].lower() for line in lines if (match := re.match(r"([A-Za-z0-9_.-]+)==", line))}
    assert {name.replace("_", "-") for name in needed} - OPTIONAL <= pinned
