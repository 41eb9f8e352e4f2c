"""Does this trunk answer? One OPTIONS request, with the digest challenge answered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from dialnexa.errors import Refusal
from dialnexa.translations.marking import gettext_noop
from telephony.sip.digest import Credentials
from telephony.sip.hosts import Termination
from telephony.sip.options import Answer, ask
from telephony.sip.targets import PATIENCE, Resolver, Target, resolve
from telephony.sip.verdicts import Health, clean_reason, explain, judge
from telephony.sip.wire import Trouble

LEAST = 1.2  # seconds: a target gets no less, so that not all of them can be tried when all are silent
INVISIBLE = gettext_noop("A user name has no line breaks or other invisible characters. Enter it again.")
UNAVAILABLE = 503  # the one reply after which RFC 3263 (4.3) tries the next target


@dataclass(frozen=True, slots=True)
class Check:
    """What came back. ``code`` and ``reason`` are the SIP reply's, made safe to show; ``target`` was asked.

    ``sentence`` says what to do about it, in at most 500 characters; ``round_trip_ms`` is from the last
    request to its final reply.
    """

    health: Health
    code: int | None
    reason: str
    sentence: str
    round_trip_ms: int | None
    target: str


def check_trunk(
    termination: Termination,
    *,
    transport: str,
    username: str = "",
    password: str = "",
    deadline: float = 4.5,
    resolver: Resolver | None = None,
) -> Check:
    """Ask the trunk for its OPTIONS. Ends within ``deadline`` seconds, DNS included.

    ``transport``: udp, tcp or tls. Never raises for what goes wrong in the network; raises Refusal when the
    host does not exist or may not be called (see ``resolve``). No transaction may be open: this waits.
    """
    end = time.monotonic() + deadline
    credentials = Credentials(username, password) if username else None
    if not username.isprintable():
        sentence = INVISIBLE
        return Check("unauthorized", None, "", sentence, None, str(termination))
    try:
        targets = resolve(termination, transport, resolver=resolver, seconds=min(PATIENCE, deadline / 2))
    except Refusal as refusal:
        if refusal.code != "sip_host_unresolved":
            raise
        return Check("unreachable", None, "", refusal.sentence, None, str(termination))
    return _try_all(targets, termination, credentials, end)


def _try_all(
    targets: Sequence[Target], termination: Termination, credentials: Credentials | None, end: float
) -> Check:
    """The first answer that decides; else the one failure that says most."""
    failed: list[tuple[int, Check]] = []
    for nth, target in enumerate(targets):
        now = time.monotonic()
        if failed and end - now < LEAST / 2:
            break
        until = min(end, now + max((end - now) / (len(targets) - nth), LEAST))
        says_much, check = _try(target, termination, credentials, until)
        if says_much > 2:
            return check
        failed.append((says_much, check))
    return max(failed, key=lambda one: one[0])[1]


def _try(
    target: Target, termination: Termination, credentials: Credentials | None, end: float
) -> tuple[int, Check]:
    """How much it says (3 decides, 2 is "not now", 1 something, 0 silence), and what."""
    try:
        answer = ask(target, termination, credentials, end)
    except Trouble as trouble:
        sentence = explain(trouble, target.transport)[:500]
        says_much = 0 if trouble.kind in ("silent", "no_route") else 1
        return says_much, Check("unreachable", None, "", sentence, None, _shown(target))
    return 2 if answer.reply.code == UNAVAILABLE else 3, _check(target, answer, credentials)


def _check(target: Target, answer: Answer, credentials: Credentials | None) -> Check:
    health, sentence = judge(answer, has_credentials=credentials is not None)
    reason = clean_reason(answer.reply, credentials.password if credentials else "")
    milliseconds = max(1, round(answer.seconds * 1000))
    return Check(health, answer.reply.code, reason, sentence[:500], milliseconds, _shown(target))


def _shown(target: Target) -> str:
    address = f"[{target.address}]" if ":" in target.address else target.address
    return f"{address}:{target.port} ({target.transport.upper()})"
