"""Guards that can be taken away, each by editing a copy of the project, which knows nothing of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", ".data", "__pycache__", "screenshots", ".*_cache", "tests"
)
FULFILMENT, STATES = "phone_numbers/buying/fulfilment.py", "dialnexa/states.py"
OUTCOMES, RELEASING = "phone_numbers/buying/outcomes.py", "phone_numbers/releasing.py"
SWEEP = "phone_numbers/management/commands/sweep.py"
CHECKED = "        if seen not in sources:\n            raise IllegalTransition(str(self.pk), event, seen)\n"


@dataclass(frozen=True)
class Sabotage:
    """``edits`` are (file, text, replacement); ``sql`` runs after migrating; ``settings`` are timings.

    ``every`` (seconds between strikes) and ``faults`` (of the carrier, before the usual ones) make what the
    guard stands against happen often enough for a short run to see.
    """

    why: str
    edits: tuple[tuple[str, str, str], ...] = ()
    sql: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    every: float | None = None
    faults: tuple[dict[str, object], ...] = ()


SABOTAGES: dict[str, Sabotage] = {
    "unique-index": Sabotage(
        "Two workspaces may order one number.",
        sql=("DROP INDEX one_live_owner", "DROP INDEX one_open_order"),
    ),
    "claim": Sabotage(
        "Every worker that is rung sends a request, whoever has the order.",
        edits=(
            (FULFILMENT, "if not order.is_open or order.next_run_at > tell():", "if not order.is_open:"),
            (
                FULFILMENT,
                "if order.status == NumberOrder.Status.PLACED:",
                'if order.status in ("placed", "buying"):',
            ),
            (STATES, CHECKED, ""),
            (STATES, "self.STATE_FIELD: seen, **(expect or {})}", "}"),
        ),
    ),
    "intent-commit": Sabotage(
        "The request is sent before the intent is committed, so a killed worker leaves no trace.",
        edits=(
            (
                FULFILMENT,
                "    if order.status == NumberOrder.Status.PLACED:\n        buy_number(order, tell=tell)\n",
                "    if order.status == NumberOrder.Status.PLACED:\n"
                "        with transaction.atomic():\n            buy_number(order, tell=tell)\n",
            ),
        ),
        every=0.4,
        faults=({"on": "buy", "kind": "slow", "share": 0.6, "seconds": 1.2},),
    ),
    "look-up": Sabotage(
        "A request without an answer counts as not done and is simply sent again.",
        edits=(
            (FULFILMENT, "if error.outcome == Outcome.UNKNOWN:", "if error.outcome == 'never':"),
            (
                FULFILMENT,
                "elif isinstance(error, RateLimited | TransportError):",
                "elif isinstance(error, RateLimited | TransportError) or error.outcome == Outcome.UNKNOWN:",
            ),
        ),
    ),
    "settle-window": Sabotage(
        "One early look decides that nothing was sold, though the carrier may still be selling.",
        settings={"DIALNEXA_SETTLE_WINDOW": "0", "DIALNEXA_SETTLE_SPACING": "0"},
        faults=({"on": "buy", "kind": "sold_late", "share": 0.25, "seconds": 6},),
    ),
    "ring-again": Sabotage(
        "Nobody rings again for an order whose message was lost.",
        edits=((SWEEP, "in sweeping.take_due_orders(now=now)]", "in []]"),),
    ),
    "unknown-is-failed": Sabotage(
        "A request without an answer counts as refused, and the money goes back.",
        edits=((FULFILMENT, "if error.outcome == Outcome.UNKNOWN:", "if error.outcome == 'never':"),),
    ),
    "return-money": Sabotage(
        "A refused order forgets to give the money back.",
        edits=((OUTCOMES, "wallet.void(order.workspace, ", "dict("),),
    ),
    "refund": Sabotage(
        "A number whose papers were refused goes back without its money.",
        edits=((RELEASING, "refund_unusable(number, by=by, now=now)", "pass"),),
        faults=({"on": "buy", "kind": "rejected", "share": 0.2, "seconds": 1},),
    ),
}


def copy_and_break(sabotage: Sabotage, target: Path) -> Path:
    """Copy the project and apply the edits. Raises LookupError when a guard is not where it was."""
    shutil.copytree(ROOT, target, ignore=LEFT_BEHIND, symlinks=True, dirs_exist_ok=True)
    for file, text, replacement in sabotage.edits:
        path = target / file
        source = path.read_text()
        if source.count(text) != 1:
            raise LookupError(f"{file} holds {text!r} {source.count(text)} times, not once")
        path.write_text(source.replace(text, replacement))
    return target
