"""``python -m tests.bench.walls``: what row-level security costs, on pages, in the API and for a carrier.

Two web processes of one installation take turns: one is the tables' owner, the other the role that policies
hold for (docs/isolation.md). Counted is processor time of the web process and of all of PostgreSQL.
"""

from __future__ import annotations

import argparse
import http.client
from collections.abc import Callable, Iterator
from statistics import median
from urllib.parse import urlsplit

import psutil

from dialnexa import embedded
from tests.bench.api import CALLS, furnish
from tests.bench.api import NUMBERS as API_NUMBERS
from tests.bench.figures import head
from tests.bench.inbound import PATH, Request, calls, free_port, spent, tell_one
from tests.numbers.inbound.furnish import NUMBERS
from tests.numbers.inbound.installation import Installation, Web, installed
from tests.processes import run

ROUNDS = 3
WEB_ROLE = "dialnexa_web"  # as make_roles calls it
SIGN_IN = """
import django
django.setup()
from django.test import Client
from dialnexa.models import User
client = Client(SERVER_NAME="127.0.0.1")
client.force_login(User.objects.get(email="alice@example.com"))
print(client.cookies["sessionid"].value)
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.walls", description=__doc__)
    parser.add_argument("--requests", type=int, default=60, help="of one turn")
    requests = parser.parse_args().requests
    plenty = {"DIALNEXA_API_LIMIT_READ": "100000000/minute", "DIALNEXA_LOG_LEVEL": "ERROR"}
    with installed(200, DJANGO_SETTINGS_MODULE="tests.bench.bare_settings", **plenty) as here:
        here.env["REDIS_URL"] = embedded.redis_url(here.folder)
        asked = questions(here, requests)
        owner, walled = here.start_web(free_port()), behind_the_wall(here)
        tell(measure(here, owner, walled, asked))


def questions(here: Installation, requests: int) -> dict[str, Callable[[], Iterator[Request]]]:
    """What is asked in a turn, by name."""
    secret, number = furnish(here)
    key, cookie = {"Authorization": f"Bearer {secret}"}, {"Cookie": f"sessionid={signed_in(here)}"}
    same = {
        "numbers page": ("/w/acme/numbers/", cookie),
        "number page": (f"/w/acme/numbers/{number}/", cookie),
        "API, one number": (f"{API_NUMBERS}/{number}", key),
        "API, 50 calls": (f"{CALLS}?limit=50", key),
    }
    asked = {name: _repeat(path, headers, requests) for name, (path, headers) in same.items()}
    return asked | {"inbound call and its rows": lambda: calls(PATH, [NUMBERS[0]] * requests)}


def _repeat(path: str, headers: dict[str, str], times: int) -> Callable[[], Iterator[Request]]:
    return lambda: iter([(path, b"", headers)] * times)


def signed_in(here: Installation) -> str:
    done = run("-c", SIGN_IN, env=here.env, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()[-1]


def behind_the_wall(here: Installation) -> Web:
    """A web process of the role that policies hold for, as ``make run`` starts them."""
    done = run("manage.py", "make_roles", env=here.env, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    parts = urlsplit(here.url)
    url = parts._replace(netloc=f"{WEB_ROLE}@{parts.netloc.rpartition('@')[2]}").geturl()
    here.env |= {"DATABASE_URL": url, "DIALNEXA_WALLED": "1"}
    return here.start_web(free_port())


def measure(
    here: Installation, owner: Web, walled: Web, asked: dict[str, Callable[[], Iterator[Request]]]
) -> dict[str, tuple[float, float]]:
    """Microseconds of one request without and with the wall, by name."""
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in asked}
    for turn in range(ROUNDS + 1):
        for name, requests in asked.items():
            each = cost(here, owner, list(requests())), cost(here, walled, list(requests()))
            if turn:  # the first warms everything
                took[name].append(each)
    return {
        name: (median(one for one, _ in all_), median(two for _, two in all_)) for name, all_ in took.items()
    }


def cost(here: Installation, web: Web, requests: list[Request]) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", web.port)
    began = spent(web) + spent_on_data(here)
    for path, body, headers in requests:
        connection.request("POST" if body else "GET", path, body or None, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, (path, answer.status)
    connection.close()
    return (spent(web) + spent_on_data(here) - began) * 1e6 / len(requests)


def spent_on_data(here: Installation) -> float:
    """Seconds of processor time so far, of PostgreSQL: its processes that are, and those that were."""
    server = psutil.Process(int(next(here.folder.rglob("postmaster.pid")).read_text().splitlines()[0]))
    own = server.cpu_times()
    ended = own.user + own.system + own.children_user + own.children_system
    return ended + sum(sum(each.cpu_times()[:2]) for each in server.children())


def tell(took: dict[str, tuple[float, float]]) -> None:
    head("walls: one request with row-level security, processor time of web process and PostgreSQL")
    for name, (without, behind) in took.items():
        tell_one(f"walls: {name}", {"without": without, "behind": behind}, "behind", "without")


if __name__ == "__main__":
    main()
