"""Calls over a real network: the site on a port, the sandbox's webhooks coming to it, workers by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from dialnexa import wallet
from dialnexa.actors import Actor
from dialnexa.models import LedgerEntry, Workspace
from phone_numbers.calls.dialling import advance_call
from phone_numbers.calls.placing import place_call
from phone_numbers.models import PhoneNumber
from telephony.carriers.sandbox.calls import Call as CarriersCall
from telephony.carriers.sandbox.faults import Fault
from telephony.models import Call

PACE = 0.005  # real seconds that a second of a call lasts
CALLEE = "+14155552671"


def wait_until(true: Callable[[], object], seconds: float = 25) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@dataclass
class Line:
    """A number of ours at one carrier, and what the carrier saw of its calls."""

    workspace: Workspace
    number: PhoneNumber
    server: Any
    clock: Any
    by: Actor
    before: Decimal = field(default=Decimal(0))

    def __post_init__(self) -> None:
        self.before = wallet.balance(self.workspace)

    def breaks(self, kind: str, seconds: float | None = None, on: str = "call", times: int = 1) -> None:
        with self.server.state.locked() as contents:
            for _ in range(times):
                contents.plan.force(on, Fault.of(kind, seconds))

    def place(self, to: str = CALLEE) -> Call:
        return place_call(self.workspace, self.number, to, by=self.by, now=self.clock())

    def advance(self, call: Call) -> Call:
        """One step, at the clock's time."""
        advance_call(call.pk, tell=self.clock)
        return Call.objects.get(pk=call.pk)

    def advance_when_due(self, call: Call) -> Call:
        """Turn the clock to when somebody should look, and look."""
        due: datetime | None = Call.objects.get(pk=call.pk).next_run_at
        assert due
        self.clock.now = max(self.clock.now, due)
        return self.advance(call)

    def wait(self, call: Call, *statuses: str) -> Call:
        """The call once it is in one of these states; over, when none is named."""

        def there() -> bool:
            status = Call.objects.values_list("status", flat=True).get(pk=call.pk)
            return status in (statuses or Call.OVER)

        wait_until(there)
        return Call.objects.get(pk=call.pk)

    def placed(self, call: Call) -> list[CarriersCall]:
        """What the carrier carries, or carried, to this person."""
        return [mine for mine in self.server.state.calls() if mine.to == call.to_text[1:]]

    def wait_for_talk(self, call: Call) -> None:
        """Until the agent has spoken with the person for some of the call's seconds."""
        wait_until(lambda: any(mine.deeds for mine in self.placed(call)))
        time.sleep(0.2)

    def wait_for_silence(self) -> None:
        """Until no call is live at the carrier: nothing more will be told."""
        wait_until(lambda: not any(call.live for call in self.server.state.calls()))

    def assert_settled(self, call: Call, status: str, charged: str, placed: int = 1) -> Call:
        """Over with this outcome; placed so often; one hold, resolved once; nothing is held any more."""
        self.wait_for_silence()
        over = Call.objects.get(pk=call.pk)
        assert (over.status, over.charged, over.next_run_at) == (status, Decimal(charged), None)
        assert len(self.placed(call)) == placed
        kinds = sorted(LedgerEntry.objects.filter(subject_id=call.pk).values_list("kind", flat=True))
        assert kinds.count("hold") == 1
        assert kinds.count("capture") == (1 if over.charged else 0)
        assert LedgerEntry.objects.filter(reference=f"resolve:{call.pk}").count() == 1
        assert wallet.held(self.workspace) == 0
        assert wallet.balance(self.workspace) == self.before - Decimal(charged)
        return over
