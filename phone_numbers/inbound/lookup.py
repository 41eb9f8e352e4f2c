"""Who takes a call that a SIP engine holds, and what became of it.

Only numbers of customers' own carriers come in over SIP: for those that carriers sold us, the carriers ask.
A trunk takes calls from the addresses its owner has listed, or else from its host's only. What is decided is
what any carrier would be told (``routes``), from the same memory, also while PostgreSQL is away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from dialnexa.isolation.scope import within
from phone_numbers.calls.silence import note_alive
from phone_numbers.calls.webhooks import keep
from phone_numbers.inbound.aside import keep_aside
from phone_numbers.inbound.cache import Away, find_route
from phone_numbers.inbound.engines import Question, read_news, read_question
from phone_numbers.inbound.notes import ensure_call, note_of, write_note
from phone_numbers.inbound.routes import Route, resolve_route
from telephony.carriers.voice import CallEvent, CallState, SignedRequest
from telephony.destinations import Outcome, Step
from telephony.models import CarrierSlug
from telephony.sip.hosts import Termination
from telephony.sip.origins import Unresolved, comes_from
from telephony.sip.sources import is_among

SIP = CarrierSlug.SIP_TRUNK.value
UNKNOWN = "unknown_number"
FOREIGN = "sip_source_foreign"
FOREIGN_SENTENCE = _(
    "The call came from %(source)s, which is none of %(whence)s. If your carrier sends calls from there, add "
    "it to the trunk's addresses."
)
KNOWN_SENTENCE = _("It comes from %(source)s, one of %(whence)s.")
NOWHERE, LISTED, OF_HOST = (
    _("nowhere"),
    _("the addresses listed for its trunk"),
    _("the addresses of %(host)s"),
)
STREAM_ONLY = _(
    "%(version)s runs at a media stream, which this number's calls can't be sent to. Publish a version that "
    "runs at a sip: address."
)


@dataclass(frozen=True, slots=True)
class Decision:
    """``code`` is SIP's. 200: connect to ``target`` (sip:, sips: or wss:); else turn away, for ``reason``.

    ``reason`` is for the engine's log: callers are told nothing about the workspace.
    """

    code: int
    call_id: str = ""  # ours; empty for a number that nobody here has
    target: str = ""
    reason: str = ""

    @property
    def action(self) -> str:
        return "connect" if self.target else "reject"


def look_up(request: SignedRequest, *, now: datetime) -> Decision:
    """Who takes the call? It is noted as a carrier's question is. Raises Forged, Unreadable, Away."""
    asked = read_question(request)
    route = find_route(SIP, asked.event.to)
    if route:
        route = _carried(_placed(route, asked.source), asked)
    note = note_of(SIP, "answer", asked.event, route, request.body, now)
    keep_aside(note)
    return _decided(route, note.call_id)


def hear_engine(request: SignedRequest, *, now: datetime) -> None:
    """What became of such a call; returns when it is written down.

    Raises Forged, Unreadable, and OperationalError or InterfaceError when the database is away: then the
    engine should say it again.
    """
    event = read_news(request)
    route = resolve_route(SIP, event.to)
    note = note_of(SIP, "status", event, route, request.body, now)
    with transaction.atomic():
        call = ensure_call(note)
        if call is None:
            write_note(note)
        else:
            with within(call.workspace_id):
                keep(request, event, carrier=SIP, kind="status", call=call, now=now)
                _hear_alive(call.pk, event, now)


def _hear_alive(call_id: str, event: CallEvent, now: datetime) -> None:
    if event.state == CallState.ANSWERED and event.duration is not None:
        note_alive(call_id, event.duration, now=now)


def _decided(route: Route | None, call_id: str) -> Decision:
    if route is None:
        return Decision(404, reason=UNKNOWN)
    if route.refusal:
        code = 403 if route.refusal.code == FOREIGN else 480
        return Decision(code, call_id, reason=route.refusal.code)
    return Decision(200, call_id, route.runtime_url)


def _placed(route: Route, source: str) -> Route:
    """The route of a call from ``source``: refused unless its trunk's calls may come from there."""
    if not route.origin:
        return route
    whence, known = _known_by_list(route, source) if route.sources else _known_by_host(route, source)
    if known:
        sentence = KNOWN_SENTENCE % {"source": source, "whence": whence}
        return _with(route, Step("source", Outcome.PASS, "sip_source", sentence, route.number_id))
    sentence = FOREIGN_SENTENCE % {"source": source or NOWHERE, "whence": whence}
    return _with(route, Step("source", Outcome.FAIL, FOREIGN, sentence, route.number_id, "", 403))


def _known_by_list(route: Route, source: str) -> tuple[str, bool]:
    return LISTED, is_among(source, route.sources)


def _known_by_host(route: Route, source: str) -> tuple[str, bool]:
    """Raises Away while DNS does not say where the host is."""
    transport, host, *port = route.origin.split()
    try:
        known = comes_from(source, Termination(host, int(port[0]) if port else None), transport)
    except Unresolved as error:
        raise Away from error
    return OF_HOST % {"host": host}, known


def _carried(route: Route, asked: Question) -> Route:
    """Refused where the engine can't go to where the agent runs."""
    if route.refusal or asked.streams or not route.runtime_url.startswith("wss:"):
        return route
    sentence = STREAM_ONLY % {"version": route.version}
    return _with(
        route, Step("runtime", Outcome.FAIL, "runtime_unusable", sentence, route.version_id, "", 409)
    )


def _with(route: Route, step: Step) -> Route:
    """The route with one more question answered. One from a stranger is refused for that alone."""
    refusal = step if step.failed else route.refusal
    return replace(route, steps=(*route.steps, step), refusal=refusal)
