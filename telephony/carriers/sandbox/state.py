"""What the sandbox knows: who owns which number, every sale there ever was, applications, its clock.

Every change is an event: written to the journal, then applied by the same code that replays it at start.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from dialnexa import clock

from .calls import Call
from .faults import FaultPlan
from .holdings import Mode, Owned, Papers, Sale, SeenRequest
from .inventory import Inventory
from .journal import Journal

KEPT_REQUESTS = 50


@dataclass(frozen=True, slots=True)
class _LateSale:
    number: str
    account: str
    due: float
    told: Mapping[str, Any]


@dataclass(slots=True)
class _Contents:
    """All that a reset forgets."""

    owned: dict[str, Owned] = field(default_factory=dict)
    sales: list[Sale] = field(default_factory=list)
    releases: list[dict[str, Any]] = field(default_factory=list)
    sold: Counter[str] = field(default_factory=Counter)
    applications: dict[str, dict[str, Any]] = field(default_factory=dict)
    late: list[_LateSale] = field(default_factory=list)
    calls: dict[str, Call] = field(default_factory=dict)
    spent: dict[str, Decimal] = field(default_factory=dict)
    mode: Mode = field(default_factory=Mode)
    clock_ahead: float = 0.0
    plan: FaultPlan = field(default_factory=FaultPlan)


class State:
    """The sandbox's memory. Methods take the lock themselves; ``locked`` keeps several steps together."""

    def __init__(self, inventory: Inventory, journal: Journal) -> None:
        self.inventory = inventory
        self.requests: deque[SeenRequest] = deque(maxlen=KEPT_REQUESTS)
        self._journal = journal
        self._lock = threading.RLock()
        self._now = _Contents()
        for event in journal.replay():
            self._apply(event)

    # --- reading

    def now(self) -> float:
        return clock.now().timestamp() + self._now.clock_ahead

    @contextmanager
    def locked(self) -> Iterator[_Contents]:
        with self._lock:
            yield self._now

    def owner_of(self, number: str) -> str | None:
        owned = self._now.owned.get(number)
        return owned.account if owned else None

    def may_buy(self, account: str, number: str) -> bool:
        owner = self.owner_of(number)
        again = self._now.mode.repeat_purchase == "sell_again"
        return owner is None or (owner == account and again)

    def owned_by(self, account: str) -> list[Owned]:
        """In the order of acquisition, so that a number bought between two pages comes last."""
        with self._lock:
            return [owned for owned in self._now.owned.values() if owned.account == account]

    def sales(self) -> list[Sale]:
        with self._lock:
            return list(self._now.sales)

    def credit(self, account: str) -> Decimal:
        with self._lock:
            return Decimal(self._now.mode.credit) - self._now.spent.get(account, Decimal(0))

    @property
    def mode(self) -> Mode:
        return self._now.mode

    def call(self, call_id: str) -> Call | None:
        return self._now.calls.get(call_id)

    def calls(self) -> list[Call]:
        """Oldest first."""
        with self._lock:
            return list(self._now.calls.values())

    # --- changing

    def save_call(self, call: Call) -> None:
        self._record({"is": "call", "call": call.as_json()})

    def sell(
        self,
        account: str,
        number: str,
        *,
        cost: Decimal,
        told: Mapping[str, Any] | None = None,
        papers: Papers | None = None,
    ) -> None:
        """``told`` is what the purchase says besides the number: fields of Owned."""
        event: dict[str, Any] = {"is": "sold", "number": number, "account": account, "at": self.now()}
        event |= {"told": told or {}, "cost": str(cost), "papers": asdict(papers) if papers else None}
        self._record(event)

    def sell_late(self, account: str, number: str, seconds: float, *, told: Mapping[str, Any]) -> None:
        event = {"is": "late", "number": number, "account": account}
        self._record({**event, "due": self.now() + seconds, "told": told})

    def settle(self) -> None:
        """Make the late sales whose time has come; a number that is gone by then is not sold."""
        with self._lock:
            for late in [late for late in self._now.late if late.due <= self.now()]:
                sold = self.may_buy(late.account, late.number)
                self._record({"is": "settled", "sold": sold, "at": late.due, **asdict(late)})

    def release(self, number: str) -> None:
        self._record({"is": "released", "number": number, "at": self.now()})

    def place(self, account: str | None, number: str) -> None:
        """Put a number into an account, or into nobody's, without a sale."""
        self._record({"is": "placed", "number": number, "account": account, "at": self.now()})

    def update_number(self, number: str, **changes: Any) -> None:
        self._record({"is": "updated", "number": number, "changes": changes})

    def save_application(self, account: str, app_id: str, fields: dict[str, Any]) -> None:
        self._record({"is": "application", "account": account, "app_id": app_id, "fields": fields})

    def set_mode(self, **changes: Any) -> None:
        """Raises TypeError for a name and ValueError for a value that Mode does not have."""
        with self._lock:
            self._record({"is": "mode", **asdict(replace(self._now.mode, **changes))})

    def move_clock(self, seconds: float) -> None:
        """Raises ValueError when the clock would leave the years 2000 to 2999."""
        year = datetime.fromtimestamp(self.now() + seconds, UTC).year
        if not 2000 <= year <= 2999:
            raise ValueError("the clock goes from 2000 to 2999")
        self._record({"is": "clock", "ahead": self._now.clock_ahead + seconds})

    def reset(self) -> None:
        with self._lock:
            self._journal.clear()
            self._now = _Contents()
            self.requests.clear()

    def sync(self) -> None:
        """Return when every change so far is on the disk. Called before answering, without the lock."""
        self._journal.sync()

    def _record(self, event: dict[str, Any]) -> None:
        with self._lock:
            self._journal.append(event)
            self._apply(event)

    # --- applying

    def _apply(self, event: dict[str, Any]) -> None:
        getattr(self, f"_on_{event['is']}")(event)

    def _on_sold(self, event: dict[str, Any]) -> None:
        number, account = event["number"], event["account"]
        self._now.sold[number] += 1
        had = self._now.owned.get(number)
        sale = Sale(number, account, event["at"], self._now.sold[number], had is not None)
        self._now.sales.append(sale)
        self._now.spent[account] = self._now.spent.get(account, Decimal(0)) + Decimal(event.get("cost", "0"))
        papers = Papers(**event["papers"]) if event.get("papers") else None
        owned = had or Owned(number, account, event["at"], papers=papers)
        self._now.owned[number] = owned.told({key: value for key, value in _told(event).items() if value})

    def _on_late(self, event: dict[str, Any]) -> None:
        self._now.late.append(_late(event))

    def _on_settled(self, event: dict[str, Any]) -> None:
        self._now.late.remove(_late(event))
        if event["sold"]:
            self._on_sold(event)

    def _on_released(self, event: dict[str, Any]) -> None:
        owned = self._now.owned.pop(event["number"])
        self._now.releases.append({"number": owned.number, "account": owned.account, "at": event["at"]})

    def _on_placed(self, event: dict[str, Any]) -> None:
        self._now.owned.pop(event["number"], None)
        if event["account"]:
            self._now.owned[event["number"]] = Owned(event["number"], event["account"], event["at"])

    def _on_updated(self, event: dict[str, Any]) -> None:
        owned = self._now.owned[event["number"]]
        papers = event["changes"].get("papers")
        changes = event["changes"] | ({"papers": Papers(**papers)} if papers else {})
        self._now.owned[owned.number] = owned.told(changes)

    def _on_application(self, event: dict[str, Any]) -> None:
        known = self._now.applications.get(event["app_id"], {"account": event["account"]})
        self._now.applications[event["app_id"]] = known | event["fields"]

    def _on_call(self, event: dict[str, Any]) -> None:
        call = Call.from_json(event["call"])
        self._now.calls[call.id] = call

    def _on_mode(self, event: dict[str, Any]) -> None:
        self._now.mode = Mode(**{key: value for key, value in event.items() if key != "is"})

    def _on_clock(self, event: dict[str, Any]) -> None:
        self._now.clock_ahead = event["ahead"]


def _late(event: Mapping[str, Any]) -> _LateSale:
    return _LateSale(event["number"], event["account"], event["due"], _told(event))


def _told(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a sale said besides the number. Journals from before there were other carriers have ``app_id``."""
    told: Mapping[str, Any] = event.get("told") or {"app_id": event.get("app_id", "")}
    return told
