"""``python -m tests.bench.api``: one number, and lists of 50, against a bare view.

What is compared is the processor time of the web process for a request, with all its threads; the views take
turns and the median of the turns counts. The bare view is behind all middleware, as the API is.
"""

from __future__ import annotations

import argparse
import http.client
import json
from statistics import median

from dialnexa import embedded
from tests.bench.figures import head
from tests.bench.inbound import free_port, spent, tell_one
from tests.numbers.inbound.installation import Installation, Web, installed
from tests.processes import run

ROUNDS = 5
TARGETS = {"one number": 8.0, "50 numbers": 20.0, "50 calls": 20.0}
NUMBERS, CALLS = "/v1/organization-phone-numbers", "/v1/calls"
FURNISH = """
import json, django
django.setup()
from datetime import UTC, datetime
from dialnexa.actors import SYSTEM
from dialnexa.api_keys import create_api_key
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber
from telephony.models import Call
workspace, now = Workspace.objects.get(slug="acme"), datetime.now(UTC)
_, secret = create_api_key(workspace, "bench", ["numbers:read", "calls:read"], by=SYSTEM, now=now)
number = PhoneNumber.objects.first()
Call.objects.bulk_create(
    Call(workspace=workspace, number=number, direction="outbound", from_text=number.e164, currency="INR",
         to_text="+442079460018", carrier="plivo", status="completed", agent_version=number.inbound_version)
    for _ in range(1000)
)
print(json.dumps([secret, number.pk]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.api", description=__doc__)
    parser.add_argument("--requests", type=int, default=300, help="of one turn")
    options = parser.parse_args()
    plenty = {"DIALNEXA_API_LIMIT_READ": "100000000/minute", "DIALNEXA_LOG_LEVEL": "ERROR"}
    with installed(200, DJANGO_SETTINGS_MODULE="tests.bench.bare_settings", **plenty) as here:
        here.env["REDIS_URL"] = embedded.redis_url(here.folder)  # requests are counted, as in production
        secret, number = furnish(here)
        paths = {
            "bare": "/bare/",
            "one number": f"{NUMBERS}/{number}",
            "50 numbers": f"{NUMBERS}?limit=50",
            "50 calls": f"{CALLS}?limit=50",
        }
        tell(measure(here.start_web(free_port()), paths, secret, options.requests))


def furnish(here: Installation) -> list[str]:
    """A key, a number's id, and a thousand calls to list."""
    done = run("-c", FURNISH, env=here.env, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    told: list[str] = json.loads(done.stdout.splitlines()[-1])
    return told


def measure(web: Web, paths: dict[str, str], secret: str, requests: int) -> dict[str, float]:
    """Microseconds of processor time for one request, by name."""
    took: dict[str, list[float]] = {name: [] for name in paths}
    for turn in range(ROUNDS + 1):
        for name, path in paths.items():
            each = cost(web, path, secret, requests)
            if turn:  # the first warms everything
                took[name].append(each)
    return {name: median(times) for name, times in took.items()}


def cost(web: Web, path: str, secret: str, requests: int) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", web.port)
    began = spent(web)
    for _ in range(requests):
        connection.request("GET", path, headers={"Authorization": f"Bearer {secret}"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
    connection.close()
    return (spent(web) - began) * 1e6 / requests


def tell(took: dict[str, float]) -> None:
    head("API: one request, processor time of the web process")
    for name, most in TARGETS.items():
        tell_one(f"API: {name}", took, name, "bare", most=most)


if __name__ == "__main__":
    main()
