"""``python -m tests.lighthouse``: see the package."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from dialnexa.keeper import free_port
from tests.processes import ROOT, run, wait_for

HERE = Path(__file__).parent
LEAST = 95
AN_ERROR = re.compile("nothing-here|nonsense")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
PRODUCTION = {
    "DIALNEXA_SECRET_KEY": "x" * 50,
    "DIALNEXA_PUBLIC_BASE_URL": "https://numbers.example",
    "DIALNEXA_EMAIL_URL": "smtp+tls://user:password@mail.example",
    "DIALNEXA_SEALING_KEYS": f"1:{'A' * 43}=",
    "DIALNEXA_ALLOWED_HOSTS": "127.0.0.1,testserver",
    "DIALNEXA_TLS": "0",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.lighthouse")
    parser.add_argument("--pages", default="", help="only those whose path has this in it (a pattern)")
    options = parser.parse_args()
    os.environ |= PRODUCTION | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    import django

    django.setup()
    with database(), served() as site:
        low = [judge(measured(pages), 2 * len(pages)) for pages in visits(site, options.pages)]
    return int(any(low))


@contextmanager
def database() -> Iterator[None]:
    """One of our own on the tests' servers."""
    from django.db import connection

    from tests.databases import drop_database, make_database

    name = f"lighthouse_{os.getpid()}"
    make_database(name)
    try:
        yield
    finally:
        connection.close()
        drop_database(name)


@contextmanager
def served() -> Iterator[str]:
    """The server as in production: no debugging, compressed static files, Granian. Its address."""
    from django.db import connection

    port, name = free_port(), connection.settings_dict["NAME"]
    env = {key: value for key, value in os.environ.items() if key != "DIALNEXA_DEBUG"}
    env |= {"DJANGO_SETTINGS_MODULE": "dialnexa.settings"}
    env |= {"DATABASE_URL": f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"}
    done = run("manage.py", "collectstatic", "--noinput", env=env)
    assert done.returncode == 0, done.stderr
    command = (sys.executable, "-m", "granian", "--interface", "wsgi", "dialnexa.wsgi:application")
    where = ("--no-ws", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning")
    web = subprocess.Popen(
        [*command, *where], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        assert wait_for(lambda: _answers(f"http://127.0.0.1:{port}/healthz"), 60), "it does not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        web.terminate()
        web.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def visits(site: str, pattern: str) -> Iterator[list[dict[str, Any]]]:
    """Every page, by who may see it, with the headers of that person."""
    for client, paths in people():
        pages = [path for path in paths if re.search(pattern, path) and not AN_ERROR.search(path)]
        if pages:
            yield [{"url": site + path, "headers": _headers(client)} for path in pages]


def people() -> Iterator[tuple[Any, list[str]]]:
    """Each with what they see. What the support desk sees is about a workspace of its own."""
    from django.test import Client

    from kyc.reviews import open_case
    from tests.browser import every_page
    from tests.conftest import furnish_acme, make_catalogue, make_user, make_workspace

    now = datetime.now(UTC)
    make_catalogue()
    alice, carol = make_user("Alice"), make_user("Carol")
    workspace = furnish_acme(alice, now)
    workspace.memberships.create(user=carol, role="member")
    yield every_page.entered(alice), every_page.of_product(every_page.fill(workspace, now))
    yield every_page.entered_twice(carol), every_page.OF_SECOND_STEP
    yield Client(), every_page.of_strangers(workspace, carol, now)
    sam = make_user("Sam", is_staff=True, is_superuser=True)
    other = make_workspace(make_user("Charlie"), "chocolate", "Chocolate Factory", now)
    open_case(other, "IN")
    yield every_page.entered_twice(sam), every_page.of_desk(other, now)


def _headers(client: Any) -> dict[str, str]:
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    return {"Cookie": cookies} if cookies else {}


def measured(pages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What Lighthouse says of each page, as it says it."""
    from tests.conftest import chromium

    if not shutil.which("npm"):
        raise SystemExit("Node and npm are needed, and were not found.")
    if not (HERE / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, check=True)
    node = subprocess.Popen(
        ["node", "measure.mjs"],
        cwd=HERE,
        env=os.environ | {"CHROME_PATH": chromium()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert node.stdin is not None
    assert node.stdout is not None
    node.stdin.write(json.dumps(pages))
    node.stdin.close()
    yield from map(json.loads, node.stdout)
    if node.wait():
        raise SystemExit("Lighthouse broke off.")


def judge(results: Iterator[dict[str, Any]], wanted: int) -> bool:
    """Print a line for each; whether one is below, or missing."""
    print(f"{'perf':>5}{'acc':>5}{'best':>5}{'seo':>5}  page")
    seen = low = 0
    for result in results:
        scores = [round(100 * result["scores"][category]) for category in CATEGORIES]
        bad = min(scores) < LEAST or bool(result["error"])
        why = f"  BELOW {LEAST}: {', '.join(result['failed'])} {result['error']}" if bad else ""
        figures = "".join(f"{score:5}" for score in scores)
        print(f"{figures}  {result['preset']:8}{urlsplit(result['url']).path}{why}", flush=True)
        seen, low = seen + 1, low + bad
    print(f"{seen} of {wanted} measured, {low} below {LEAST}")
    return low > 0 or seen != wanted


if __name__ == "__main__":
    sys.exit(main())
