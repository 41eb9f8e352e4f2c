"""``manage.py reseal`` …"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from datetime import datetime

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from dialnexa.sealing import place, seal, unseal
from kyc.documents import open_document
from phone_numbers.linking.resealing import reseal_files, reseal_passwords
from phone_numbers.models import SipTrunk
from tests.kyc.papers import make_document
from tests.numbers.rows import make_number

OLD, NEW = bytes(range(32)), bytes(range(32, 64))


@pytest.fixture
def make_trunk(workspace: Workspace, settings: LazySettings) -> Callable[[str], SipTrunk]:
    settings.SEALING_KEYS = {1: OLD}

    def make(password: str) -> SipTrunk:
        number = make_number(workspace, carrier="sip")
        trunk = SipTrunk(number=number, workspace=workspace, host="sip.example.com", username="me")
        trunk.sealed_password = seal(password, **place(trunk, "sealed_password"))
        trunk.save()
        return trunk

    return make


def opened(trunk: SipTrunk) -> tuple[int, str]:
    """The key and the password as they are in the database now."""
    trunk.refresh_from_db()
    assert trunk.sealed_password is not None
    return bytes(trunk.sealed_password)[1], unseal(trunk.sealed_password, **place(trunk, "sealed_password"))


def reseal() -> str:
    said = io.StringIO()
    call_command("reseal", stdout=said)
    return said.getvalue()


def test_moves_every_password_under_the_first_key(
    make_trunk: Callable[[str], SipTrunk], settings: LazySettings
) -> None:
    trunks = [make_trunk(f"secret {n}") for n in range(5)]
    settings.SEALING_KEYS = {2: NEW, 1: OLD}
    assert reseal_passwords(batch=2).done == 5
    settings.SEALING_KEYS = {2: NEW}
    assert [opened(trunk) for trunk in trunks] == [(2, f"secret {n}") for n in range(5)]


def test_moves_every_file_of_a_document(workspace: Workspace, settings: LazySettings, now: datetime) -> None:
    settings.SEALING_KEYS = {1: OLD}
    case = workspace.kyc_cases.get(country="IN")
    papers = [make_document(case, kind, kind.encode()) for kind in ("pan", "gst", "passport")]
    settings.SEALING_KEYS = {2: NEW, 1: OLD}
    assert reseal_files(batch=2).done == 3
    settings.SEALING_KEYS = {2: NEW}
    assert [open_document(paper, by=SYSTEM, now=now) for paper in papers] == [b"pan", b"gst", b"passport"]


def test_changes_nothing_the_second_time(
    make_trunk: Callable[[str], SipTrunk], settings: LazySettings
) -> None:
    trunk = make_trunk("secret")
    settings.SEALING_KEYS = {2: NEW, 1: OLD}
    done = "Sealed anew under key 2: 1 passwords.\nSealed anew under key 2: 0 files.\n"
    done += "Sealed anew under key 2: 0 second steps.\n"
    assert reseal() == f"{done}Nothing is left under another key.\n"
    before = SipTrunk.objects.get(pk=trunk.pk).sealed_password
    assert reseal().startswith("Sealed anew under key 2: 0 passwords.\n")
    assert SipTrunk.objects.get(pk=trunk.pk).sealed_password == before


def test_leaves_what_does_not_open_names_it_and_goes_on(
    make_trunk: Callable[[str], SipTrunk], settings: LazySettings
) -> None:
    broken, sound = make_trunk("one"), make_trunk("two")
    strange = make_trunk("three").sealed_password
    SipTrunk.objects.filter(pk=broken.pk).update(sealed_password=strange)
    settings.SEALING_KEYS = {2: NEW, 1: OLD}
    with pytest.raises(CommandError, match=rf"1 passwords don't open.*: {broken.pk}$"):
        reseal()
    assert opened(sound) == (2, "two")
    assert SipTrunk.objects.get(pk=broken.pk).sealed_password == strange


def test_leaves_trunks_without_a_password_alone(
    make_trunk: Callable[[str], SipTrunk], settings: LazySettings
) -> None:
    trunk = make_trunk("secret")
    SipTrunk.objects.filter(pk=trunk.pk).update(auth_mode="ip", username="", sealed_password=None)
    settings.SEALING_KEYS = {2: NEW, 1: OLD}
    assert reseal().startswith("Sealed anew under key 2: 0 passwords.\n")


@pytest.mark.django_db(transaction=True)
def test_passes_over_a_row_somebody_holds_and_asks_to_be_run_again(
    make_trunk: Callable[[str], SipTrunk], settings: LazySettings
) -> None:
    held, free = make_trunk("one"), make_trunk("two")
    settings.SEALING_KEYS = {2: NEW, 1: OLD}
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            SipTrunk.objects.select_for_update().get(pk=held.pk)
            locked.set()
            done.wait(20)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert locked.wait(20)
        with pytest.raises(CommandError, match=r"1 passwords were being changed by somebody: run it again"):
            reseal()
    finally:
        done.set()
        holder.join()
    assert (opened(held), opened(free)) == ((1, "one"), (2, "two"))
    assert reseal().endswith("Nothing is left under another key.\n")
    assert opened(held) == (2, "one")
