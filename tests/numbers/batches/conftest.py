"""Batches over a real network: lists, workers by hand, and what the carrier saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from dialnexa import wallet
from dialnexa.actors import Actor
from dialnexa.models import LedgerEntry, Workspace
from phone_numbers.batch_dialling.plans import Plan
from phone_numbers.batch_dialling.running import advance_batch
from phone_numbers.batch_dialling.starting import start_batch
from phone_numbers.calls.dialling import advance_call
from phone_numbers.models import PhoneNumber
from telephony.batches.drafts import upload_batch
from telephony.models import AgentVersion, BatchCall, BatchRow, Call
from tests.numbers.calls.carriers import wait_until
from tests.numbers.calls.conftest import network, number, version
from tests.numbers.conftest import Turned

__all__ = ["network", "number", "version"]
GOOD = [f"+1415555{serial:04}" for serial in range(1000, 1020)]
EDGES = ["+14155558001", "+14155558002", "+14155558003"]


def make_list(numbers: Iterable[str]) -> bytes:
    rows = (f"{number},Guest {row}" for row, number in enumerate(numbers, 2))
    return "\n".join(["phone_number,name", *rows]).encode()


@dataclass
class Dialler:
    """The workspace's number and agent, and workers that do what there is to do."""

    workspace: Workspace
    number: PhoneNumber
    version: AgentVersion
    by: Actor
    clock: Turned
    network: Any = None

    def upload(self, numbers: Iterable[str] = (*GOOD, *EDGES), title: str = "Guests") -> BatchCall:
        return upload_batch(
            self.workspace, make_list(numbers), title=title, name="g.csv", by=self.by, now=self.clock()
        )

    def start(self, batch: BatchCall | None = None, **plan: Any) -> BatchCall:
        batch = batch or self.upload()
        wanted = Plan(**{"number": self.number, "version": self.version, **plan})
        return start_batch(batch, wanted, by=self.by, now=self.clock())

    def work(self, batch: BatchCall) -> list[str]:
        """One look at the batch and at its calls, as sweeper and workers do."""
        placed = advance_batch(batch.pk, tell=self.clock)
        for pk in placed:
            advance_call(pk, tell=self.clock)
        return placed

    def finish(self, batch: BatchCall, *statuses: str) -> BatchCall:
        """Work until it is over, turning the clock to when there is something to do."""

        def over() -> bool:
            self.work(batch)
            batch.refresh_from_db()
            if batch.status in ("running", "waiting") and batch.next_run_at:
                self.clock.now = max(self.clock.now, batch.next_run_at)
            return batch.status in (statuses or ("completed", "paused", "cancelled"))

        wait_until(over, 60)
        return batch

    def states(self, batch: BatchCall) -> Counter[str]:
        return Counter(BatchRow.objects.filter(batch=batch).values_list("state", flat=True))

    def calls(self, batch: BatchCall) -> Counter[str]:
        """How often the carrier was made to ring whom."""
        rung = Counter(f"+{call.to}" for call in self.network.state.calls())
        mine = BatchRow.objects.filter(batch=batch).values_list("e164", flat=True)
        return Counter({to: rung[to] for to in mine if rung[to]})

    def wait_until_over(self, batch: BatchCall) -> None:
        """Until no call of it is in the air."""
        wait_until(lambda: not Call.objects.filter(batch=batch, status__in=Call.OPEN).exists())

    def assert_money_is_settled(self) -> None:
        """Nothing is held, and every answered call was charged once."""
        assert wallet.held(self.workspace) == 0
        captures = LedgerEntry.objects.filter(workspace=self.workspace, kind="capture")
        answered = Call.objects.filter(status="completed").values_list("pk", flat=True)
        assert sorted(captures.values_list("subject_id", flat=True)) == sorted(answered)


@pytest.fixture
def dialler(
    workspace: Workspace, number: PhoneNumber, version: AgentVersion, by: Actor, clock: Turned
) -> Dialler:
    """Without a carrier: nothing rings."""
    return Dialler(workspace, number, version, by, clock)


@pytest.fixture
def line(dialler: Dialler, network: Any) -> Dialler:
    dialler.network = network
    return dialler
