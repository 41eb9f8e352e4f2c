"""The locked requirements …"""

from __future__ import annotations

import re
from importlib.metadata import distribution, packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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
OPTIONAL = {
    "charset-normalizer",
    "greenlet",
    "msgpack",
    "pip",
    "pygments",
    "pyyaml",
    "requests",
    "rich",
    "setuptools",
    "urllib3",
}


def test_name_everything_that_running_imports() -> None:
    env = clean_env(
        DJANGO_SETTINGS_MODULE="dialnexa.settings",
        DIALNEXA_DEBUG="1",
        DATABASE_URL="postgres://nobody@127.0.0.1:9/none",
        REDIS_URL="redis://127.0.0.1:9",
    )
    imported = run("-c", EVERYTHING, env=env)
    assert imported.returncode == 0, imported.stderr
    owners = packages_distributions()
    needed = {owner for name in imported.stdout.split() for owner in owners.get(name, [])}
    assert {canonicalize_name(name) for name in needed} - OPTIONAL <= pinned("run")


@pytest.mark.parametrize("lock", ["run", "dev"])
@pytest.mark.parametrize("python", ["3.11.0", "3.12.0", "3.13.0", "3.14.0"])
def test_fit_every_python_they_may_be_installed_with(lock: str, python: str) -> None:
    pins = pinned(lock)
    environment = {
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "extra": "",
    }
    wanted = [Requirement(line) for name in pins for line in distribution(name).requires or []]
    asked = {item.name for item in wanted if item.marker is None or item.marker.evaluate(environment)}
    assert {canonicalize_name(name) for name in asked} <= pins


def pinned(lock: str) -> set[str]:
    lines = (ROOT / f"requirements/{lock}.txt").read_text().splitlines()
    return {canonicalize_name(match[1]) for line in lines if (match := re.match(r"([\w.-]+)==", line))}
