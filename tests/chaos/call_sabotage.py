"""Guards of calls that can be taken away (see ``sabotage``)."""

from __future__ import annotations

from tests.chaos.sabotage import SWEEP, Sabotage

DIALLING, PROGRESS = "phone_numbers/calls/dialling.py", "phone_numbers/calls/progress.py"
# Webhooks would tell in time: only a carrier that says nothing shows whether anybody asks twice.
UNTOLD: tuple[dict[str, object], ...] = ({"on": "webhook", "kind": "lost", "share": 0.9},)

CALL_SABOTAGES: dict[str, Sabotage] = {
    "call-claim": Sabotage(
        "The carrier is asked before the claim is committed, so a killed worker leaves no trace.",
        edits=(
            (
                DIALLING,
                "    if call.status == Status.CREATED:\n        dial(call, tell=tell)\n",
                "    if call.status == Status.CREATED:\n"
                "        with transaction.atomic():\n            dial(call, tell=tell)\n",
            ),
        ),
        every=0.4,
        faults=({"on": "call", "kind": "slow", "share": 0.6, "seconds": 1.2}, *UNTOLD),
    ),
    "call-unknown": Sabotage(
        "A carrier that did not answer is simply asked again.",
        edits=(
            (DIALLING, "    if error.outcome == Outcome.UNKNOWN:\n", "    if error.outcome == 'never':\n"),
            (DIALLING, "if isinstance(error, RateLimited | TransportError) and", "if"),
        ),
        faults=UNTOLD,
    ),
    "call-money": Sabotage(
        "A call that cost nothing forgets to give back what it held.",
        edits=((PROGRESS, "    if call.held:\n", "    if taken:\n"),),
    ),
    "call-ring": Sabotage(
        "Nobody rings again for a call whose message was lost.",
        edits=((SWEEP, "in sweeping.take_due_calls(now=now)]", "in []]"),),
        faults=UNTOLD,  # else webhooks move a call on, and nobody notices that it was not looked after
    ),
}
