"""``python -m tests.scale``: see the package."""

from __future__ import annotations

import argparse
import contextlib
import os
import queue
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import httpx

from dialnexa.keeper import free_port
from tests.chaos.sabotage import Sabotage
from tests.scale.buyers import Storm, Wish
from tests.scale.installation import DOOMED, Installation, carrier, settle_in
from tests.scale.readers import Look, Readers, Reading
from tests.scale.sabotage import SABOTAGES
from tests.scale.servers import Servers, missing, serving
from tests.scale.verdict import PHASES, Outcome, judge_outcome

WORKSPACES, BUYERS = 4, 6
READERS = 2  # of the workspaces also have somebody who looks, at a page and at a list of the API
CARRIERS = ("plivo", "twilio", "signalwire")
FINAL_WITHIN = 60.0  # seconds for the next order to end
WARM_UP = 3.0  # seconds
ALONE = 5.0  # seconds of everybody through one session


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # who is told to end leaves nothing running
    parser = argparse.ArgumentParser("make scale")
    parser.add_argument(
        "--n", type=int, default=300, help="numbers bought; a web server and more die after N/3"
    )
    parser.add_argument("--sabotage", choices=sorted(SABOTAGES), help="take this guard away")
    options = parser.parse_args()
    if packages := " ".join(missing()):
        print(f"NOT MEASURED: {packages} not installed (Debian: apt-get install {packages}).")
        return 1 if os.environ.get("CI") else 0
    try:
        with tempfile.TemporaryDirectory(prefix="scale-") as folder:
            return run(options, Path(folder))
    except KeyboardInterrupt:
        print("Stopped: nothing was judged, and nothing is left running.")
        return 130


def run(options: argparse.Namespace, base: Path) -> int:
    sabotage = SABOTAGES[options.sabotage] if options.sabotage else Sabotage("")
    began, sandbox_url = time.monotonic(), f"http://127.0.0.1:{free_port()}"
    base.chmod(0o711)
    (base / "servers").mkdir(mode=0o711)
    with serving(base / "servers") as servers:
        world = settle_in(base, servers, sabotage, sandbox_url)
        set_up_django(world, servers, sabotage)
        with carrier(world, sandbox_url, max(100, options.n)), running(world, options.n) as (storm, looks):
            say(f"{len(world.alive)} processes ready after {time.monotonic() - began:.0f} s")
            return play(options.n, world, servers, storm, looks, sandbox_url)


def set_up_django(world: Installation, servers: Servers, sabotage: Sabotage) -> None:
    """For us, who judge: the owner of the tables, straight at PostgreSQL."""
    os.environ |= world.env | {"DATABASE_URL": servers.direct("owner"), "PATH": os.environ["PATH"]}
    os.environ["DJANGO_SETTINGS_MODULE"] = "dialnexa.settings"
    import django

    django.setup()
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in sabotage.sql:
            cursor.execute(statement)


@contextlib.contextmanager
def running(world: Installation, n: int) -> Iterator[tuple[Storm, list[Look]]]:
    from tests.chaos import shop

    shop.open_shop(WORKSPACES)
    wanted, looks = visitors(n)
    try:
        world.start()
        yield Storm(world.urls, wanted), looks
    finally:
        world.stop()


def visitors(n: int) -> tuple[queue.Queue[Wish], list[Look]]:
    """What is bought by whom, and who looks at what."""
    from django.conf import settings

    from dialnexa.actors import SYSTEM
    from dialnexa.api_keys import SCOPES, create_api_key
    from dialnexa.clock import now
    from dialnexa.models import User, Workspace
    from tests.chaos import shop
    from tests.conftest import client_of

    shops = list(Workspace.objects.filter(slug__startswith="shop-").order_by("slug"))
    keys = [create_api_key(one, "Scale", list(SCOPES), by=SYSTEM, now=now()) for one in shops]
    wanted: queue.Queue[Wish] = queue.Queue()
    for k, (slug, offer) in enumerate(shop.pick_offers(n, CARRIERS, random.Random(1))):
        key, secret = keys[k % WORKSPACES]
        wanted.put(Wish(offer.e164, slug, shops[k % WORKSPACES].slug, key.pk, secret))
    looks = []
    for k in range(READERS):
        session = client_of(User.objects.get(email=f"owner-{k}@chaos.example")).session.session_key
        cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"}
        looks.append(Look(f"shop-{k}", f"/w/shop-{k}/numbers/", cookie))
        bearer = {"Authorization": f"Bearer {keys[k][1]}"}
        looks.append(Look(f"shop-{k}", "/v1/organization-phone-numbers", bearer))
    return wanted, looks


def play(
    n: int, world: Installation, servers: Servers, storm: Storm, looks: list[Look], sandbox_url: str
) -> int:
    from tests.chaos.__main__ import moving
    from tests.chaos.program import settle

    say(f"{n} numbers, {BUYERS} buyers; {len(looks)} readers at each web server")
    warm_up(world.urls, looks)
    storm.start(BUYERS)
    readings = press(n, world, servers, storm, looks)
    alone, sessions = share_one_session(world, servers, looks)
    answered = storm.join()
    settle(moving, FINAL_WITHIN)
    final = time.monotonic() - storm.began
    say(f"the last purchase was answered after {answered:.0f} s, the last order final after {final:.0f} s")
    gone = [name for name in world.parts if name not in (*world.alive, *DOOMED)]
    world.stop()  # so that all rows are of one moment
    outcome = Outcome(storm, readings, alone, sessions, gone, prove())
    return report(outcome, sandbox_url)


def warm_up(urls: list[str], looks: list[Look]) -> None:
    """The first answer of each process takes longest, and counts for nobody."""
    readers = Readers(urls, looks, connections=4)
    time.sleep(WARM_UP)
    readers.stop()


def press(
    n: int, world: Installation, servers: Servers, storm: Storm, looks: list[Look]
) -> dict[str, Reading]:
    """The same load in three phases, a third of the purchases each; one of each kind dies in the second.

    The last buyers are not waited for: who was talking to the server that died hears nothing for a minute.
    """
    readings, urls = {}, world.urls
    for k, phase in enumerate(PHASES, 1):
        readers = Readers(urls, looks)
        if phase == "during":
            time.sleep(1)
            urls = lose(world, readers)
        lasted = storm.wait(max(1, n - BUYERS) * k // len(PHASES))
        readings[phase] = readers.stop()
        tell(phase, readings[phase])
        if phase == "before":
            say(f"sessions of PostgreSQL: {servers.sessions('web')} web, {servers.sessions('owner')} others")
    say(f"{storm.decided} purchases answered in {lasted:.0f} s, {storm.decided / lasted:.1f}/s")
    return readings


def lose(world: Installation, readers: Readers) -> list[str]:
    """A web server, a worker and a sweeper, at once. Returns the web servers that are left."""
    alive, dead = world.urls
    began = time.monotonic()
    killed = ", ".join(world.kill(name) for name in DOOMED)
    readers.move(dead, alive)
    say(f"{killed}, for good; readers were elsewhere after {time.monotonic() - began:.1f} s")
    return [alive]


def share_one_session(world: Installation, servers: Servers, looks: list[Look]) -> tuple[Reading, int]:
    """Every web request of every workspace through one session, in turn. Returns also how many there were."""
    servers.pool(1)
    time.sleep(1)  # PgBouncer closes what is too much when it is idle
    readers = Readers(world.urls[:1], looks, connections=2)
    time.sleep(ALONE)
    sessions = servers.sessions("web")
    reading = readers.stop()
    tell("one session", reading)
    return reading, sessions


def prove() -> str:
    """What the ledger proof found; empty when the books are in order."""
    from django.core.management import CommandError, call_command

    told = StringIO()
    try:
        call_command("prove_ledger", stdout=told)
    except CommandError as error:
        return str(error)
    say(told.getvalue().strip().splitlines()[-1])
    return ""


def tell(phase: str, reading: Reading) -> None:
    count = reading.told
    say(
        f"{phase:>11}  {reading.rate:5.0f} requests/s, p50 {reading.within(0.5):.0f} ms, p99 "
        f"{reading.within(0.99):.0f} ms; {count['broken']} 5xx, {count['marks']} rows, "
        f"{count['strange']} of another workspace"
    )


def report(outcome: Outcome, sandbox_url: str) -> int:
    from tests.chaos import shop
    from tests.chaos.verdict import judge

    storm, state = outcome.storm, httpx.get(f"{sandbox_url}/control/state", timeout=30).json()
    verdict = judge(state, storm.memory, shop.CREDIT)
    say(f"answers to buyers: {', '.join(f'{n} × {said}' for said, n in storm.answers.most_common())}")
    wrong = [*verdict.findings, *judge_outcome(outcome)]
    for sentence in wrong[:20]:
        print(f"  ! {sentence}")
    print(f"{'FAILED' if wrong else 'good'}: {verdict.line}, {len(wrong)} findings")
    return 1 if wrong else 0


def say(sentence: str) -> None:
    print(f"  {sentence}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
