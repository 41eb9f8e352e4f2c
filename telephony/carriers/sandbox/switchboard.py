"""Lets calls happen: they ring, are answered or not, obey what the application answers, and end.

Each call has a thread. A second of a call lasts ``call_pace`` real seconds (see ``Mode``); its own clock
counts what has passed in it. Calls that a stopped sandbox left go on when it starts again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from .calls import Call, Stage
from .courier import Courier
from .faults import Fault, Kind
from .obeying import Deed
from .state import State
from .voice import Voice

GONE_CHECK = 1.0  # real seconds between two looks whether the sandbox still knows the call
_UNANSWERED = {Kind.BUSY: Stage.BUSY, Kind.FAILS: Stage.FAILED, Kind.NO_ANSWER: Stage.NO_ANSWER}


class _Gone(Exception):  # noqa: N818  # not a mistake
    """The sandbox ends, or has been reset: nobody knows this call any more."""


class Switchboard:
    """``voices`` by the carrier's slug; ``token`` is the secret of all accounts whose voice has none."""

    def __init__(self, state: State, voices: Mapping[str, Voice], token: str) -> None:
        self._state, self._voices, self._token = state, voices, token
        self._hang_ups: dict[str, threading.Event] = {}
        self._stopping = False

    def resume(self) -> None:
        """Go on with the calls of before."""
        for call in self._state.calls():
            if call.live and call.carrier in self._voices:
                self._begin(call, 0.0)

    def place(self, call: Call, *, after: float = 0.0) -> None:
        """Begin the call, ``after`` so many of its seconds."""
        self._state.save_call(call)
        self._begin(call, after)

    def hang_up(self, call_id: str) -> bool:
        """End a call; False when it is over."""
        call, event = self._state.call(call_id), self._hang_ups.get(call_id)
        if call is None or event is None or not call.live:
            return False
        event.set()
        return True

    def stop(self) -> None:
        self._stopping = True
        for event in list(self._hang_ups.values()):
            event.set()

    def _begin(self, call: Call, after: float) -> None:
        hang_up = self._hang_ups[call.id] = threading.Event()
        voice = self._voices[call.carrier]
        live = _LiveCall(call.id, self._state, voice, voice.secret or self._token, hang_up, self)
        threading.Thread(target=self._carry, args=(live, after), name="sandbox-call", daemon=True).start()

    def _carry(self, live: _LiveCall, after: float) -> None:
        try:
            live.happen(after)
        except _Gone:
            return
        finally:
            self._hang_ups.pop(live.id, None)

    @property
    def stopping(self) -> bool:
        return self._stopping


class _LiveCall:
    """One call while it lasts. Its methods raise _Gone."""

    def __init__(
        self,
        call_id: str,
        state: State,
        voice: Voice,
        token: str,
        hang_up: threading.Event,
        switchboard: Switchboard,
    ) -> None:
        self.id = call_id
        self._state, self._voice, self._hang_up, self._board = state, voice, hang_up, switchboard
        self._courier = Courier(voice, token, self._note, self._pause)

    def happen(self, after: float) -> None:
        """All of it, from the stage it is in."""
        if not self._lasts(after):
            self._end(Stage.CANCELLED)
        elif self._call.direction == "inbound":
            self._come_in()
        else:
            self._go_out()
        self._courier.let_go()

    def _go_out(self) -> None:
        fate = self._fate("callee")
        kind = fate.kind if fate else None
        if self._call.stage is Stage.QUEUED:
            self._tell()
            if kind is Kind.FAILS:
                return self._end(Stage.FAILED)
            self._move(stage=Stage.RINGING)
            self._tell()
        if self._call.stage is Stage.RINGING and not self._is_picked_up(fate):
            return None
        return self._talk(self._answers(), fate)

    def _is_picked_up(self, fate: Fault | None) -> bool:
        """Ring; what nobody answers has ended when this returns."""
        kind, longest = fate.kind if fate else None, self._call.ring_seconds
        rings = fate.seconds if fate and kind is Kind.ANSWERS_LATE else self._state.mode.ring_seconds
        ignored = kind is Kind.NO_ANSWER or rings > longest
        if not self._lasts(longest if ignored else rings):
            self._end(Stage.CANCELLED)
        elif ignored or (kind in _UNANSWERED):
            self._end(Stage.NO_ANSWER if ignored or kind is None else _UNANSWERED[kind])
        else:
            self._answered()
            return True
        return False

    def _come_in(self) -> None:
        """An inbound call: the application is asked while it rings, and may refuse it."""
        if self._call.stage is Stage.QUEUED:
            self._move(stage=Stage.RINGING)
        deeds = list(self._answers())
        first = deeds[0] if deeds else Deed("Nothing to do", ends=True)
        if first.refuses or not deeds:
            self._note(first.says, to="deeds")
            return self._end(Stage.BUSY if first.busy else Stage.FAILED)
        self._answered()
        return self._talk(iter(deeds), None)

    def _answered(self) -> None:
        self._move(stage=Stage.ANSWERED, answered_at=self._call.clock)
        self._tell()

    def _answers(self) -> Iterator[Deed]:
        """What the application says is to be done."""
        if not self._call.answer_url:
            yield Deed("Nobody is asked about this number", ends=True, refuses=True)
            return
        heard = self._courier.ask(self._voice.question(self._call), self._fate("webhook"))
        if heard.status != 200:
            yield Deed(f"The application answered {heard.says}", ends=True, refuses=True)
            return
        try:
            yield from list(self._voice.deeds(heard.body))
        except ValueError as error:
            yield Deed(f"The application's answer was not understood: {error}", ends=True, refuses=True)

    def _talk(self, deeds: Iterator[Deed], fate: Fault | None) -> None:
        """Do one after another until one ends the call, somebody hangs up, or time is over."""
        kind = fate.kind if fate else None
        left = fate.seconds if fate and kind is Kind.HANGS_UP else self._call.limit_seconds
        talks = fate.seconds if fate and kind is Kind.TALKS_LONG else self._state.mode.talk_seconds
        for deed in deeds:
            self._note(deed.says, to="deeds")
            takes = talks if deed.seconds is None else deed.seconds
            if not self._lasts(min(takes, left)) or deed.ends or takes >= left:
                break
            left -= takes
        self._end(Stage.COMPLETED)

    def _end(self, stage: Stage) -> None:
        self._move(stage=stage, ended_at=self._call.clock)
        self._tell()

    def _tell(self) -> None:
        """Tell the application of the stage that has been reached."""
        news = self._voice.news(self._call)
        if news:
            self._move(told=self._call.told + 1)
            self._courier.tell(news, self._fate("webhook"))

    def _fate(self, what: str) -> Fault | None:
        other = self._call.to if self._call.direction == "outbound" else self._call.from_
        with self._state.locked() as contents:
            return contents.plan.next_for(what, other)

    # --- time and memory

    def _lasts(self, seconds: float) -> bool:
        """Let the call's seconds pass; False when somebody hung up meanwhile."""
        pace, before = self._state.mode.call_pace, time.monotonic()
        ended = self._is_ended_within(seconds * pace)
        passed = min((time.monotonic() - before) / pace, seconds) if ended and pace else seconds
        self._move(clock=self._call.clock + passed)
        return not ended

    def _is_ended_within(self, seconds: float) -> bool:
        """Whether somebody hangs up in so many real seconds."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._hang_up.is_set():
            self._hang_up.wait(min(left, GONE_CHECK))
            if self._state.call(self.id) is None:
                raise _Gone
        return self._hang_up.is_set()

    def _pause(self, seconds: float) -> bool:
        """Wait without the call noticing."""
        time.sleep(seconds * self._state.mode.call_pace)
        return not self._board.stopping and self._state.call(self.id) is not None

    @property
    def _call(self) -> Call:
        call = self._state.call(self.id)
        if call is None or self._board.stopping:
            raise _Gone
        return call

    def _move(self, **changes: Any) -> None:
        with self._state.locked():
            self._state.save_call(replace(self._call, **changes))

    def _note(self, line: str, to: str = "webhooks") -> None:
        with self._state.locked():
            self._move(**{to: (*getattr(self._call, to), line)})
