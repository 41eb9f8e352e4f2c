"""Writing notes of answered calls aside, so that no caller waits for the database.

A thread of each process takes what has come together in GATHER seconds and writes it in one transaction.
While the database is away it keeps what it has and tries again. What a process that is killed had not written
yet, at most GATHER seconds' worth, is made again by the carrier's news of the call's end.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from dialnexa.isolation.scope import EVERYBODY, enter
from phone_numbers.inbound.cache import route_cache
from phone_numbers.inbound.notes import Note, write_note, write_notes
from phone_numbers.inbound.watching import watch

log = logging.getLogger(__name__)
GATHER = 0.05  # seconds
MOST = 500  # notes in one transaction
WAITING = 20_000  # notes that wait at most, while the database is away
AGAIN = 0.5  # seconds
IDLE = 0.2  # seconds between two looks whether the process ends
LAST = 4.0  # seconds for writing what is left then


class Writer:
    """A bounded queue and the thread that empties it.

    The thread is no daemon, as one started within a server's thread would be unless told: the interpreter
    waits for it when the process ends in good order. It ends when nothing is left, or LAST seconds later.
    """

    def __init__(self, waiting: int = WAITING) -> None:
        self._queue: queue.Queue[Note] = queue.Queue(waiting)
        self._last: float | None = None  # when writing ends, whatever is left
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="inbound-notes", daemon=False)
        self._thread.start()

    def put(self, note: Note) -> None:
        """Leave it to the thread, or write it here when too many wait. A thread that fell is raised again."""
        if self._thread and not self._thread.is_alive() and not self._is_ending():
            self.start()
        try:
            self._queue.put_nowait(note)
        except queue.Full:
            write_here(note)

    def _run(self) -> None:
        enter(EVERYBODY)  # the thread's own: what it writes together is of many workspaces
        while not (self._is_ending() and self._queue.empty()):
            if notes := self._gathered():
                self._write(notes)
        connection.close()

    def _is_ending(self) -> bool:
        if self._last is None and not threading.main_thread().is_alive():
            self._last = time.monotonic() + LAST
        return self._last is not None

    def _gathered(self) -> list[Note]:
        try:
            notes = [self._queue.get(timeout=IDLE)]
        except queue.Empty:
            return []
        end = time.monotonic() + GATHER
        while len(notes) < MOST and (left := end - time.monotonic()) > 0:
            try:
                notes.append(self._queue.get(timeout=left))
            except queue.Empty:
                break
        return notes

    def _write(self, notes: list[Note]) -> None:
        """All of them, as often as it takes; one that can't be written is logged and left."""
        while not self._is_late():
            try:
                write_notes(notes)
            except (OperationalError, InterfaceError) as error:
                log.warning("%s notes of calls wait: %s", len(notes), error)
                connection.close()
                time.sleep(AGAIN)
            except (DatabaseError, ValueError):
                for note in notes:
                    write_here(note)
                return
            else:
                return
        log.error("%s notes of calls were not written", len(notes))

    def _is_late(self) -> bool:
        return self._is_ending() and time.monotonic() > (self._last or 0)


def write_here(note: Note) -> None:
    """At once. A call is answered all the same when it can't be noted: news of it makes the row.

    ValueError: it holds what no database takes, as half a character.
    """
    try:
        write_note(note)
    except (DatabaseError, InterfaceError, ValueError):
        log.exception("%s was not noted", note.call_id)


_writer: tuple[int, Writer] | None = None
_starting = threading.Lock()


def keep_aside(note: Note) -> None:
    """Have it written within GATHER seconds."""
    if settings.INBOUND_IN_MEMORY:
        begin().put(note)
    else:
        write_here(note)


def begin() -> Writer:
    """This process's writer and the watch over its routes, started with its first call."""
    global _writer  # noqa: PLW0603  one per process
    if _writer is None or _writer[0] != os.getpid():
        with _starting:
            if _writer is None or _writer[0] != os.getpid():
                _writer = (os.getpid(), _start())
    return _writer[1]


def _start() -> Writer:
    writer = Writer()
    threading.Thread(target=watch, args=(route_cache(),), name="routes-watch", daemon=True).start()
    writer.start()
    return writer
