"""Honcho's process manager with three differences: a process that dies is started again, a process told to
stop is given time to finish and then killed with all its children, and nothing outlives the manager."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from honcho.manager import Manager
from honcho.printer import Printer
from honcho.process import Process

from dialnexa.keeper import die_with_parent

GRACE = 10.0  # seconds a process gets to finish what it does
BACKOFF = (0.5, 1.0, 2.0, 5.0, 10.0)  # seconds before it is started again
STEADY = 30.0  # seconds after which a process counts as having started well


class Supervised(Process):
    """A process that is started again whenever it ends, until ``ending`` is set.

    It runs in a child of the manager, which the kernel kills together with the manager; the program in turn
    gets ``orphan_signal``.
    """

    ending: Event
    orphan_signal = signal.SIGKILL

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        die_with_parent(signal.SIGKILL)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # the manager decides, through ``ending``
        self._events = events
        deaths = 0
        while not self.ending.is_set():
            began = self._clock.now()
            code = self._live()
            if not self.ending.is_set():
                steady = (self._clock.now() - began).total_seconds() > STEADY
                deaths = 0 if steady else deaths
                wait = BACKOFF[min(deaths, len(BACKOFF) - 1)]
                deaths += 1
                self._send_message(f"{self.name} ended ({reason(code)}); starting it again in {wait:g} s\n")
                self.ending.wait(wait)
        self._send_message({"returncode": 0}, type="stop")

    def _live(self) -> int:
        """One life of the program: its output is passed on line by line."""
        child = subprocess.Popen(  # noqa: S603  our own programs
            self.cmd,
            env=self.env,
            cwd=self.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: _as_new(self.orphan_signal),
        )
        self._send_message({"pid": child.pid}, type="start")
        over = threading.Event()
        ender = threading.Thread(target=self._end, args=(child, over), daemon=True)
        ender.start()
        reader = threading.Thread(target=self._relay, args=(child,), daemon=True)
        reader.start()
        code = child.wait()
        over.set()
        ender.join()
        _kill_group(child.pid)  # what a killed program left behind
        reader.join(timeout=2)
        return code

    def _relay(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout
        for line in iter(child.stdout.readline, b""):
            self._send_message(line)

    def _end(self, child: subprocess.Popen[bytes], over: threading.Event) -> None:
        while not over.wait(0.1):
            if self.ending.is_set():
                child.terminate()
                if not over.wait(GRACE):
                    _kill_group(child.pid)
                return


class Supervisor(Manager):
    """``announce`` is called in a thread of its own once everything has been started."""

    def __init__(self, output: Any, announce: Callable[[], None]) -> None:
        multiprocessing.set_start_method("fork", force=True)
        super().__init__(Printer(Unbreakable(output)))
        self._announce = announce
        self._ending = multiprocessing.Event()
        self._process_ctor = self._supervised

    def add(
        self,
        name: str,
        command: Sequence[str],
        *,
        cwd: Path,
        orphan_signal: signal.Signals = signal.SIGKILL,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """``orphan_signal``: what the program gets when this process is killed and can't stop it.

        ``environment`` comes on top of ours.
        """
        own = {**os.environ, **(environment or {})}
        process = self.add_process(name, list(command), env=own, cwd=str(cwd))
        process.orphan_signal = orphan_signal

    def run(self) -> None:
        """Run until told to stop by SIGINT, SIGTERM or SIGHUP; when it returns, no process is left."""
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        try:
            self.loop()
        finally:
            self.terminate()
            for process in self._processes.values():
                if "process" in process:
                    process["process"].join(GRACE + 5)

    def terminate(self) -> None:
        self._ending.set()

    def kill(self) -> None:
        """The processes see to it themselves once their time is up."""

    def _start(self) -> None:
        super()._start()
        threading.Thread(target=self._announce, daemon=True).start()

    def _supervised(self, *arguments: Any, **options: Any) -> Supervised:
        process = Supervised(*arguments, **options)
        process.ending = self._ending
        return process


class Unbreakable:
    """Where lines are written. A terminal that has gone away is no reason to crash."""

    def __init__(self, output: Any) -> None:
        self._output = output
        self.isatty = output.isatty

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._output.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._output.flush()


def reason(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"with {code}"


def _as_new(orphan_signal: int) -> None:
    """In the child before it becomes the program: signals as usual, and an end with its parent."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    die_with_parent(orphan_signal)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
