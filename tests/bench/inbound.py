"""``python -m tests.bench.inbound``: the answer to an inbound call, against a bare view of the same server.

What is compared is the processor time of the web process for a request, with all its threads. The targets are
for the answer: signature, route, XML. Beside it stands the answer with the rows that are written after it.
The views take turns, and the median of the turns counts. The bare view goes the carriers' short way past the
middleware, as ours does; a second one does not.
"""

from __future__ import annotations

import argparse
import http.client
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from math import inf
from statistics import median
from urllib.parse import urlencode

import psutil

from tests.bench.figures import head, micro, told
from tests.numbers.inbound.asking import Asking
from tests.numbers.inbound.furnish import NUMBERS, more_numbers
from tests.numbers.inbound.installation import BASE, Installation, Web, installed

ROUNDS = 7
SETTLE = 0.3  # seconds until what a turn left to be written has been written
PATH = "/carrier/plivo/inbound/answer/"
UNNOTED = "/carrier/plivo/unnoted/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SERIAL = count(1)
Request = tuple[str, bytes, dict[str, str]]  # path, body, headers


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.inbound", description=__doc__)
    parser.add_argument("--requests", type=int, default=1000, help="of one turn")
    parser.add_argument("--cold", type=int, default=300, help="requests of one turn about unknown routes")
    options = parser.parse_args()
    strangers = iter(more_numbers((ROUNDS + 1) * options.cold))
    turns = {
        "bare": lambda: repeat("/carrier/bare/", options.requests),
        "bare, all middleware": lambda: repeat("/bare/", options.requests),
        "warm": lambda: calls(UNNOTED, [NUMBERS[0]] * options.requests),
        "cold": lambda: calls(UNNOTED, islice(strangers, options.cold)),
        "warm, rows written": lambda: calls(PATH, [NUMBERS[0]] * options.requests),
    }
    more, settings = (ROUNDS + 1) * options.cold, "tests.bench.bare_settings"
    with installed(more, DJANGO_SETTINGS_MODULE=settings, DIALNEXA_LOG_LEVEL="ERROR") as here:
        tell(measure(here, turns))


def measure(here: Installation, turns: dict[str, Callable[[], Iterator[Request]]]) -> dict[str, float]:
    """Microseconds of processor time for one request, by the turn's name."""
    web = here.start_web(free_port())
    took: dict[str, list[float]] = {name: [] for name in turns}
    for turn in range(ROUNDS + 1):
        for name, requests in turns.items():
            each = cost(web, list(requests()))
            if turn:  # the first warms everything
                took[name].append(each)
    return {name: median(times) for name, times in took.items()}


def cost(web: Web, requests: list[Request]) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", web.port)
    began = spent(web)
    for path, body, headers in requests:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
    time.sleep(SETTLE)
    connection.close()
    return (spent(web) - began) * 1e6 / len(requests)


def spent(web: Web) -> float:
    """Seconds of processor time so far, of the server and its worker."""
    process = psutil.Process(web.process.pid)
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def repeat(path: str, times: int) -> Iterator[Request]:
    """What a carrier would send, to somebody who does nothing about it."""
    for _, body, headers in calls(PATH, [NUMBERS[0]] * times):
        yield path, body, headers


def calls(path: str, numbers: Iterable[str]) -> Iterator[Request]:
    """One call to each of these, signed."""
    for e164 in numbers:
        call = Asking("plivo", e164, next(SERIAL))
        fields = call.question()
        yield path, urlencode(fields).encode(), {**FORM, **call.signature(f"{BASE}{path}", fields)}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def tell(took: dict[str, float]) -> None:
    head("inbound: one call, processor time of the web process")
    for name, most in (("warm", 2.0), ("cold", 4.0)):
        tell_one(f"inbound: answer, {name}", took, name, "bare", most=most)
    written = "warm, rows written"
    tell_one("inbound: answer and its rows, behind all middleware", took, written, "bare, all middleware")


def tell_one(what: str, took: dict[str, float], ours: str, baseline: str, *, most: float = inf) -> None:
    """``took``: microseconds by name."""
    own, bare = took[ours], took[baseline]
    told(
        what,
        own / bare,
        most=most,
        baseline=f"{baseline.partition(',')[0]} {micro(bare / 1e6)}",
        ours=micro(own / 1e6),
    )


if __name__ == "__main__":
    main()
