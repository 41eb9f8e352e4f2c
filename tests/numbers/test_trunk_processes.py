"""A trunk, with real processes that are killed …"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from dialnexa import clock
from dialnexa.models import Workspace
from phone_numbers.linking.trunks import end_interrupted_link
from phone_numbers.models import PhoneNumber, SipTrunk
from tests.numbers.test_crashes import kill, running, wait_until
from tests.numbers.trunks import SECRET, link, trunk_of
from tests.pbx import Pbx

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

LINK = """
import os, django
django.setup()
from dialnexa import clock
from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.linking.trunks import link_number
link_number(
    Workspace.objects.get(slug="acme"), phone_number="+918047182200", termination_uri=os.environ["PBX"],
    username="desk", password=os.environ["SECRET"], check=True, by=SYSTEM, now=clock.now(),
)
"""


@pytest.fixture
def env(process_env: dict[str, str], pbx: Pbx) -> dict[str, str]:
    return process_env | {
        "DIALNEXA_DEBUG": "1",
        "DIALNEXA_SIP_ALLOWED_NETWORKS": "127.0.0.0/8",
        "DIALNEXA_SWEEP_EVERY": "0.2",
        "PBX": pbx.uri,
        "SECRET": SECRET,
    }


def test_killed_while_it_is_linked_leaves_a_number_that_can_be_linked_again(
    workspace: Workspace, env: dict[str, str], pbx: Pbx
) -> None:
    pbx.silent = True
    with running("-c", LINK, env=env) as process:
        wait_until(lambda: pbx.calls > 0)
        kill(process)
    trunk = SipTrunk.objects.select_related("number").get()
    assert (trunk.status, trunk.number.status) == ("linking", "pending")
    end_interrupted_link(trunk.pk, now=clock.now() + timedelta(minutes=1))
    trunk = trunk_of(PhoneNumber.objects.get())
    assert (trunk.status, trunk.number.status, trunk.sealed_password) == ("failed", "failed", None)
    pbx.silent = False
    again = link(workspace, clock.now(), phone_number="+918047182200", termination_uri=pbx.uri, check=True)
    assert again.status == "active"


def test_is_checked_by_real_workers_and_sweepers(workspace: Workspace, env: dict[str, str], pbx: Pbx) -> None:
    """Two trunks nobody rang for: one whose link died, one that was never checked."""
    pbx.secret = SECRET
    trunk = trunk_of(link(workspace, clock.now(), termination_uri=pbx.uri))
    dead = trunk_of(link(workspace, clock.now(), termination_uri=pbx.uri))
    long_ago = clock.now() - timedelta(minutes=2)
    _make_pending(dead, created_at=long_ago, next_check_at=long_ago)
    celery = ("-m", "celery", "-A", "dialnexa", "worker", "-c", "1", "--without-gossip", "--without-mingle")
    with running("manage.py", "sweep", env=env), running(*celery, env=env):
        wait_until(lambda: SipTrunk.objects.get(pk=trunk.pk).health == "healthy", 40)
        wait_until(lambda: SipTrunk.objects.get(pk=dead.pk).status == "failed", 40)


def _make_pending(trunk: SipTrunk, **fields: Any) -> None:
    """As a process that died left it. The triggers know no way back, so they look away."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        SipTrunk.objects.filter(pk=trunk.pk).update(status="linking", **fields)
        PhoneNumber.objects.filter(pk=trunk.number_id).update(status="pending", activated_at=None)
