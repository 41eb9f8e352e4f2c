"""The page at ``/``: what the carrier holds, what it was asked, and buttons to break it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from html import escape
from urllib.parse import parse_qsl

from . import console_calls
from .context import Request
from .control import CONTROLS, Control
from .dialects import DIALECTS, carrier_of
from .faults import MAGIC, MEANINGS, Fault
from .holdings import Owned
from .renewals import renewal_date
from .sip import PASSWORD, USER, Trunk
from .state import State
from .wire import Answer

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "X-Frame-Options": "DENY",
    # not "no-referrer": browsers would send its forms with "Origin: null", which the server refuses
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent);
  --soft: color-mix(in srgb, currentColor 6%, transparent); --accent: light-dark(#0b6e5f, #5fd0bd) }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 0 auto; padding: 2rem 1.25rem }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.05rem; margin: 2.25rem 0 .5rem }
p { margin: .25rem 0 1rem; max-width: 46rem } .note { opacity: .75 }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .4rem .75rem; border-bottom: 1px solid var(--line); white-space: nowrap }
tr:last-child td { border-bottom: 0 } th { font-weight: 600; background: var(--soft) }
td.text { white-space: normal } code { font-size: .9em }
form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin: .5rem 0 }
label { display: grid; font-size: .85rem }
input, select, button { font: inherit; padding: .3rem .6rem; border: 1px solid var(--line);
  border-radius: .35rem; background: transparent; color: inherit }
select option { color: CanvasText; background: Canvas }
button { border-color: var(--accent); color: var(--accent); cursor: pointer }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
"""


class Console:
    trunk: Trunk

    def __init__(self, state: State, control: Control) -> None:
        self._state = state
        self._control = control

    def respond(self, request: Request) -> Answer:
        if request.method == "GET":
            page = self._calls_page() if request.path == "/calls" else self._page()
            return Answer(200, page.encode(), "text/html; charset=utf-8", dict(SECURITY))
        return self._act(request)

    def _act(self, request: Request) -> Answer:
        """Do what a form asks, then show the page again."""
        fields = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        try:
            self._actions()[request.path.removeprefix("/console/")](fields)
        except (LookupError, ValueError) as error:
            return Answer(400, f"That did not work: {error}".encode(), "text/plain; charset=utf-8")
        self._state.sync()
        return Answer(303, headers={"Location": "/"})

    def _actions(self) -> dict[str, Callable[[dict[str, str]], object]]:
        return {
            "break": self._break_next_purchase,
            "break_call": self._break_next_call,
            "call": self._control.call,
            "call_linked": self._control.call_linked,
            "take": self._control.take,
            "clock": lambda fields: self._state.move_clock(float(fields["days"]) * 86400),
            "mend": self._control.mend,
            "trunk": lambda fields: setattr(self.trunk, "silent", fields["silent"] == "yes"),
        }

    def _break_next_purchase(self, fields: dict[str, str]) -> None:
        self._break("buy", fields["kind"], fields.get("seconds"))

    def _break_next_call(self, fields: dict[str, str]) -> None:
        operation, _, kind = fields["breaks"].partition(":")
        self._break(operation, kind, fields.get("seconds"))

    def _break(self, operation: str, kind: str, seconds: str | None) -> None:
        fault = Fault.of(kind, float(seconds) if seconds else None)
        with self._state.locked() as contents:
            contents.plan.force(operation, fault)

    def _calls_page(self) -> str:
        calls = table(console_calls.HEAD, console_calls.call_rows(self._state), "No calls yet.")
        return console_calls.PAGE.format(style=STYLE, refresh=console_calls.REFRESH, calls=calls)

    def _calls(self) -> str:
        """The page's section about calls."""
        return console_calls.SECTION.format(
            calls=table(console_calls.HEAD, console_calls.call_rows(self._state, 5), "No calls yet."),
            numbers=console_calls.number_choices(self._state),
            breaks=console_calls.break_choices(),
            linked=console_calls.linked_form(self._control.engine),
        )

    def _page(self) -> str:
        self._state.settle()
        with self._state.locked() as contents:
            owned = list(contents.owned.values())
            planned = [f"{fault['on']}: {fault['kind']}" for fault in contents.plan.as_json()["next"]]
            rules = len(contents.plan.rules)
        waiting = f"Next breaks: {', '.join(planned)}." if planned else "Nothing is set to fail."
        scheduled = f" {rules} scheduled rules are active." if rules else ""
        kinds = "".join(f'<option value="{kind}">{escape(says)}</option>' for kind, says in MEANINGS.items())
        return _PAGE.format(
            style=STYLE,
            now=_time(self._state.now()),
            count=len(owned),
            speaks=escape(", ".join(dialect.label for dialect in DIALECTS)),
            accounts=table(_ACCOUNTS_HEAD, self._accounts(), "Nobody has asked for anything yet."),
            owned=table(_OWNED_HEAD, map(self._owned_row, owned), "No numbers yet. Buy one in the app."),
            kinds=kinds,
            faults=escape(waiting + scheduled),
            magic=table(("Ends in", "What happens", "Name"), _magic_rows(), ""),
            calls=self._calls(),
            magic_calls=table(console_calls.MAGIC_HEAD, console_calls.magic_rows(), ""),
            **self._trunk(),
            requests=table(_REQUESTS_HEAD, self._request_rows(), "No requests yet."),
            controls=table(("Request", "Body"), CONTROLS, ""),
        )

    def _owned_row(self, owned: Owned) -> tuple[str, ...]:
        now, item = self._state.now(), self._state.inventory.find(owned.number)
        place = (item.area.region or item.range.country, item.range.type) if item else ("", "")
        papers = owned.papers.status(now) if owned.papers else "none"
        account = (carrier_of(owned.account), owned.account)
        dates = (_time(owned.at), renewal_date(owned.at, now).isoformat())
        return ("+" + owned.number, *account, *place, *dates, _told(owned), papers)

    def _accounts(self) -> Iterable[tuple[str, ...]]:
        """Each account that has a number or asked for something: what it owns, what credit it has left."""
        with self._state.locked() as contents:
            names = [owned.account for owned in contents.owned.values()]
        names += [seen.account for seen in self._state.requests]
        for name in sorted(dict.fromkeys(names), key=carrier_of):
            count, credit = len(self._state.owned_by(name)), self._state.credit(name)
            yield (carrier_of(name), name, str(count), f"${credit:.2f}")

    def _trunk(self) -> dict[str, str]:
        """What the page says about the SIP trunk."""
        host, port, silent = self.trunk.host, self.trunk.port, self.trunk.silent
        seen = list(self.trunk.seen)
        rows = ((_time(q.at), q.transport, q.method, q.user or "nobody", q.answer) for q in seen)
        return {
            "address": escape(f"[{host}]:{port}" if ":" in host else f"{host}:{port}"),
            "user": USER,
            "password": PASSWORD,
            "trunk": "It hears everything and says nothing." if silent else "It answers.",
            "silent": "no" if silent else "yes",
            "hush": "Let it answer again" if silent else "Let it fall silent",
            "questions": table(_QUESTIONS_HEAD, rows, "Nobody has asked it anything yet."),
        }

    def _request_rows(self) -> Iterable[tuple[str, ...]]:
        for seen in reversed(list(self._state.requests)):
            path = seen.path.partition(seen.account)[2] or seen.path
            yield (_time(seen.at), carrier_of(seen.account), seen.method, path, seen.result, seen.fault)


_ACCOUNTS_HEAD = ("Carrier", "Account", "Numbers", "Credit")
_OWNED_HEAD = ("Number", "Carrier", "Account", "Region", "Type", "Since", "Renews", "Goes to", "Papers")
_QUESTIONS_HEAD = ("When", "Over", "Question", "Asked by", "Answer")
_REQUESTS_HEAD = ("When", "Carrier", "Method", "Path", "Answer", "Fault")


def _told(owned: Owned) -> str:
    """Where calls go, as the carrier was told: an application, a trunk, a URL."""
    settings = owned.settings
    return owned.app_id or settings.get("trunk_sid") or settings.get("call_request_url") or "nowhere"


def _magic_rows() -> Iterable[tuple[str, ...]]:
    return ((f"…{magic.ending}", magic.meaning, magic.kind) for magic in MAGIC)


def table(head: Iterable[str], rows: Iterable[Iterable[str]], empty: str) -> str:
    titles = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    if not body:
        return f"<p>{escape(empty)}</p>"
    return f'<div class="wide"><table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(value: str) -> str:
    kind = ' class="text"' if " " in value and len(value) > 30 else ""
    return f"<td{kind}>{escape(value)}</td>"


def _time(timestamp: float) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M:%S}"


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sandbox carrier</title><style>{style}</style></head><body>
<h1>Sandbox carrier</h1>
<p>One program that speaks the APIs of several carriers ({speaks}) on this machine only. Nothing here costs
money or can be called. They sell from one stock: what one of them sold, the others don't have.
The clock says <strong>{now} UTC</strong>.</p>
<h2>Accounts</h2>{accounts}
<h2>Numbers it has sold ({count})</h2>{owned}
{calls}
<h2>Webhooks</h2>
<p>Not a carrier's: <a href="/webhooks">a server that takes the app's own webhooks</a>, or fails to.</p>
<h2>SIP trunk</h2>
<p>Link a number of your own to <code>{address}</code> over UDP or TCP, with the user name
<code>{user}</code> and the password <code>{password}</code>, and test the connection.</p>
<p role="status">{trunk}</p>
<form method="post" action="/console/trunk"><input type="hidden" name="silent" value="{silent}">
<button>{hush}</button></form>{questions}
<h2>Break it</h2>
<p role="status">{faults}</p>
<form method="post" action="/console/break">
<label>The next purchase <select name="kind">{kinds}</select></label>
<label>Seconds <input name="seconds" inputmode="decimal" size="6" placeholder="usual"></label>
<button>Break the next purchase</button></form>
<form method="post" action="/console/take"><label>Number <input name="number" inputmode="tel" size="18"
placeholder="14155550123" required></label><button>Let another customer take it</button></form>
<form method="post" action="/console/clock"><label>Days <input name="days" inputmode="decimal" size="6"
value="31" required></label><button>Move the clock</button></form>
<form method="post" action="/console/mend"><button>Stop breaking</button></form>
<h2>Numbers that break by themselves</h2>
<p class="note">American, British and Indian local numbers. Search for the ending.</p>{magic}
<h2>Calls that go wrong by themselves</h2>
<p class="note">To any number with such an ending. The seconds are the call's.</p>{magic_calls}
<h2>The last 50 requests</h2>{requests}
<h2>For programs</h2>
<p class="note">Or send the header <code>X-Sandbox-Fault: kind[:seconds]</code> with any request.</p>
{controls}
</body></html>
"""
