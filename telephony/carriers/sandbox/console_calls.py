"""The page of calls at ``/calls``: what they do at this moment, what was said, and a way to call a number."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape

from .calls import Call, Stage
from .dialects import carrier_of
from .engine import Engine
from .faults import MAGIC_CALLS
from .kinds import CALLEE_MEANINGS, WEBHOOK_MEANINGS
from .state import State

SHOWN = 50
REFRESH = 2  # seconds
HEAD = ("When", "Carrier", "From", "To", "State", "Lasted", "What happened", "Webhooks")
MAGIC_HEAD = ("Called number ends in", "What happens", "Name")
_STAGES = {Stage.NO_ANSWER: "not answered", Stage.COMPLETED: "ended"}
_REQUEST = {"Sells": "Places it", "sells": "places it", "selling": "placing it"}


def call_rows(state: State, most: int = SHOWN) -> Iterable[tuple[str, ...]]:
    """The newest first."""
    return (_row(call) for call in reversed(state.calls()[-most:]))


def magic_rows() -> Iterable[tuple[str, ...]]:
    for numbers in MAGIC_CALLS.values():
        for magic in numbers:
            words = magic.meaning
            for sold, placed in _REQUEST.items():
                words = words.replace(sold, placed)
            yield (f"…{magic.ending}", words, magic.kind)


def number_choices(state: State) -> str:
    """The options of the numbers that can be called."""
    with state.locked() as contents:
        owned = sorted(contents.owned)
    return "".join(f'<option value="{escape(number)}">' for number in owned)


def break_choices() -> str:
    """What the next call can break in, as options with the operation before the kind."""
    ways = {"callee": CALLEE_MEANINGS, "webhook": WEBHOOK_MEANINGS}
    titles = {"callee": "person called", "webhook": "webhook"}
    return "".join(
        f'<optgroup label="{titles[on]}">'
        + "".join(f'<option value="{on}:{kind}">{escape(says)}</option>' for kind, says in kinds.items())
        + "</optgroup>"
        for on, kinds in ways.items()
    )


def linked_form(engine: Engine | None) -> str:
    """How to call a linked number; why not, where nothing would carry it."""
    return LINKED if engine else NOT_LINKED


def _row(call: Call) -> tuple[str, ...]:
    inbound = call.direction == "inbound"
    return (
        f"{datetime.fromtimestamp(call.at, UTC):%H:%M:%S}",
        carrier_of(call.account),
        f"+{call.from_}{' (customer)' if inbound else ''}",
        f"+{call.to}",
        _STAGES.get(call.stage, call.stage),
        f"{call.duration} s" if call.answered_at and call.ended_at else "",
        "; ".join(_deed(call, deed) for deed in call.deeds),
        "; ".join(call.webhooks),
    )


def _deed(call: Call, deed: str) -> str:
    """“Said to +91…: …”: who heard it."""
    heard_by = call.to if call.direction == "outbound" else call.from_
    return deed.replace("Said:", f"Said to +{heard_by}:", 1) if deed.startswith("Said:") else deed


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="{refresh}"><title>Calls at the sandbox carrier</title>
<style>{style}</style></head><body>
<p><a href="/">Sandbox carrier</a></p>
<h1>Calls</h1>
<p class="note">This page shows itself anew every {refresh} seconds.</p>
{calls}
</body></html>
"""
SECTION = """<h2>Calls</h2>
<p>The last five. <a href="/calls">Watch all calls</a>: what they do, and what is said in them.</p>{calls}
<h3>Call a number as a customer</h3>
<form method="post" action="/console/call">
<label>From <input name="from" inputmode="tel" size="18" value="919820012345" required></label>
<label>To <input name="to" inputmode="tel" size="18" list="owned" placeholder="14155550123" required></label>
<datalist id="owned">{numbers}</datalist><button>Call</button></form>
<h3>Call a linked number over SIP</h3>
{linked}
<h3>Break the next call</h3>
<form method="post" action="/console/break_call">
<label>The next <select name="breaks">{breaks}</select></label>
<label>Seconds <input name="seconds" inputmode="decimal" size="6" placeholder="usual"></label>
<button>Break it</button></form>
"""
LINKED = """<p class="note">As its owner's own carrier would, from an address of that carrier's: an engine
asks the application who takes the call, and tells what became of it.</p>
<form method="post" action="/console/call_linked">
<label>From <input name="from" inputmode="tel" size="18" value="919820012345" required></label>
<label>To <input name="to" inputmode="tel" size="18" placeholder="918047180001" required></label>
<label>Comes from the address <input name="source" size="18" value="127.0.0.1" required></label>
<button>Call over SIP</button></form>"""
NOT_LINKED = """<p class="note">Nothing carries such calls here: <code>DIALNEXA_SIP_ENGINES</code> names no
<code>sandbox</code>.</p>"""
