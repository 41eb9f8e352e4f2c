"""The endpoints that break the sandbox and show what it holds; CONTROLS lists them with their bodies."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .calls import Call
from .context import Request
from .dialects import OPERATIONS, VOICES, slug_of
from .engine import Engine
from .faults import Fault, Rule, check_kind
from .holdings import STRANGER
from .state import State
from .switchboard import Switchboard
from .wire import Answer, refused

Fields = dict[str, Any]

CONTROLS: tuple[tuple[str, str], ...] = (
    ("GET /control/state", "everything the sandbox holds, with every sale there ever was"),
    (
        "PUT /control/faults",
        '{"seed": 7, "rules": [{"on": "buy", "kind": "sold_then_silent", "share": 0.1, "seconds": 8}]}',
    ),
    ("PUT /control/faults", '{"next": [{"on": "buy", "kind": "error_after"}]}: only the next purchase'),
    ("DELETE /control/faults", "no more faults but the magic numbers"),
    ("PUT /control/clock", '{"advance_seconds": 86400} or {"now": "2027-01-31T10:00:00Z"}'),
    ("PUT /control/mode", '{"repeat_purchase": "sell_again", "charge_purchases": true, "credit": "5.00"}'),
    (
        "PUT /control/mode",
        '{"signalwire_search": "live", "signalwire_hold": 0}: the other spelling, released without a wait',
    ),
    ("PUT /control/mode", '{"ring_seconds": 1, "talk_seconds": 20, "call_pace": 0.01}: how long calls last'),
    (
        "PUT /control/faults",
        '{"rules": [{"on": "callee", "kind": "busy", "share": 0.3}, {"on": "webhook", "kind": "twice"}]}',
    ),
    ("POST /control/call", '{"from": "919820012345", "to": "14155550123"}: a customer calls a number'),
    (
        "POST /control/call_linked",
        '{"from": "919820012345", "to": "918047180001", "source": "127.0.0.1"}: a linked number, over SIP',
    ),
    ("POST /control/hang_up", '{"id": "…"}: the other side hangs up'),
    ("POST /control/take", '{"number": "14155550123"}: another customer buys it'),
    ("POST /control/own", '{"number": "14155550123", "account": "MA…"}: ours without a sale'),
    ("POST /control/disown", '{"number": "14155550123"}: gone without a release'),
    (
        "POST /control/alter",
        '{"number": "14155550123", "monthly": "1.20", "app_id": "", "papers": "rejected"}: as Plivo has it',
    ),
    ("PUT /control/mode", '{"lists": "short"} or shifting, or whole: how carriers list the numbers one owns'),
    ("POST /control/reset", "as new"),
)


class Control:
    def __init__(self, state: State, switchboard: Switchboard, engine: Engine | None = None) -> None:
        self._state = state
        self._switchboard = switchboard
        self.engine = engine

    def respond(self, request: Request) -> Answer:
        handler = self._handlers().get((request.method, request.path.removeprefix("/control/").rstrip("/")))
        if handler is None:
            return refused(404, "no such control")
        try:
            result = handler(request.json())
        except (TypeError, ValueError, LookupError, RecursionError) as error:
            return refused(400, f"{type(error).__name__}: {error}")
        self._state.sync()
        return Answer(200, json.dumps(result or {"done": True}).encode())

    def _handlers(self) -> dict[tuple[str, str], Callable[[Fields], Fields | None]]:
        return {
            ("GET", "state"): self._show,
            ("PUT", "faults"): self._break,
            ("DELETE", "faults"): self.mend,
            ("PUT", "clock"): self._move_clock,
            ("PUT", "mode"): lambda fields: self._state.set_mode(**fields),
            ("POST", "call"): self.call,
            ("POST", "call_linked"): self.call_linked,
            ("POST", "hang_up"): self.hang_up,
            ("POST", "take"): self.take,
            ("POST", "own"): lambda fields: self._place(fields["account"], fields["number"]),
            ("POST", "disown"): lambda fields: self._place(None, fields["number"]),
            ("POST", "alter"): self.alter,
            ("POST", "reset"): lambda fields: self._state.reset(),
        }

    def _show(self, fields: Fields) -> Fields:
        self._state.settle()
        with self._state.locked() as contents:
            return {
                "now": _iso(self._state.now()),
                "mode": asdict(contents.mode),
                "faults": contents.plan.as_json(),
                "accounts": self._accounts(),
                "sales": [asdict(sale) for sale in contents.sales],
                "releases": list(contents.releases),
                "late": [asdict(late) for late in contents.late],
                "applications": dict(contents.applications),
                "calls": [call.as_json() for call in contents.calls.values()],
            }

    def _accounts(self) -> Fields:
        """Each account that ever had a number: its credit, and what it owns by number."""
        with self._state.locked() as contents:
            names = dict.fromkeys([sale.account for sale in contents.sales])
            names |= dict.fromkeys([owned.account for owned in contents.owned.values()])
        return {
            name: {
                "credit": str(self._state.credit(name)),
                "numbers": {owned.number: asdict(owned) for owned in self._state.owned_by(name)},
            }
            for name in names
        }

    def _break(self, fields: Fields) -> None:
        forced = [
            (item["on"], Fault.of(item["kind"], item.get("seconds"))) for item in fields.get("next", [])
        ]
        rules = [Rule(**rule) for rule in fields.get("rules", [])]
        if not {on for on, _ in forced} | {rule.on for rule in rules} <= set(OPERATIONS):
            raise ValueError(f"on is one of {', '.join(OPERATIONS)}")
        for on, fault in forced:
            check_kind(on, fault.kind)
        with self._state.locked() as contents:
            if "rules" in fields:
                contents.plan.schedule(int(fields.get("seed", 0)), rules)
            for operation, fault in forced:
                contents.plan.force(operation, fault)

    def mend(self, fields: Mapping[str, Any]) -> None:
        """Drop the scheduled and forced faults; the magic numbers stay."""
        with self._state.locked() as contents:
            contents.plan.clear()

    def alter(self, fields: Mapping[str, Any]) -> None:
        """Change an owned number behind its owner's back: its price, where its calls go, its papers."""
        changes: Fields = {name: str(fields[name]) for name in ("app_id",) if name in fields}
        if "monthly" in fields:
            changes["settings"] = {"monthly": str(Decimal(fields["monthly"]))}
        if "papers" in fields:
            changes["papers"] = {"verdict": str(fields["papers"]), "due": self._state.now()}
        self._state.update_number(str(fields["number"]), **changes)

    def _move_clock(self, fields: Fields) -> Fields:
        if "now" in fields:
            wanted = datetime.fromisoformat(str(fields["now"]))
            wanted = wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC)
            self._state.move_clock(wanted.timestamp() - self._state.now())
        else:
            self._state.move_clock(float(fields["advance_seconds"]))
        return {"now": _iso(self._state.now())}

    def take(self, fields: Mapping[str, Any]) -> None:
        """Let another customer have ``fields["number"]``. Raises ValueError when somebody owns it."""
        number = _digits(fields["number"])
        with self._state.locked():
            if self._state.owner_of(number) is not None:
                raise ValueError("somebody owns it already")
            self._place(STRANGER, number)

    def call(self, fields: Mapping[str, Any]) -> Fields:
        """A customer calls a number that somebody owns. Raises ValueError when nobody does."""
        call = ring_number(self._state, _digits(fields["from"]), _digits(fields["to"]))
        self._switchboard.place(call)
        return {"id": call.id}

    def call_linked(self, fields: Mapping[str, Any]) -> Fields:
        """A customer's own carrier sends a call over SIP, from the address ``source``. Raises ValueError."""
        if self.engine is None:
            raise ValueError("no SIP engine is set up here")
        from_, to = _digits(fields["from"]), _digits(fields["to"])
        call = self.engine.ring(from_, to, str(fields["source"]).strip(), now=self._state.now())
        self._switchboard.place(call)
        return {"id": call.id}

    def hang_up(self, fields: Mapping[str, Any]) -> None:
        """The other side hangs up. Raises ValueError when the call is over, or never was."""
        if not self._switchboard.hang_up(str(fields["id"])):
            raise ValueError("no such call is on")

    def _place(self, account: str | None, number: str) -> None:
        self._state.place(account, _digits(number))


def ring_number(state: State, from_: str, to: str) -> Call:
    """The call of a customer to a number (digits). Raises ValueError when nobody we know owns it."""
    with state.locked() as contents:
        owned = contents.owned.get(to)
        if owned is None or owned.account == STRANGER:
            raise ValueError("that number belongs to nobody who is here")
        slug = slug_of(owned.account)
        urls = VOICES[slug].inbound_urls(owned, contents.applications)
    now = state.now()
    return Call(
        id=str(uuid.uuid4()),
        carrier=slug,
        account=owned.account,
        direction="inbound",
        from_=from_,
        to=to,
        at=now,
        clock=now,
        answer_url=urls.answer_url,
        status_url=urls.status_url,
        events=("completed",),
    )


def _digits(number: Any) -> str:
    digits = str(number).removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15):
        raise ValueError("a number is 7 to 15 digits")
    return digits


def _iso(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="seconds")
