"""Kamailio with the configuration that ships, a caller and an agent: both are sipp."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dialnexa.keeper import free_port
from tests.numbers.sip.scripts import (
    AGENT,
    ANSWERED,
    CANCELLED,
    DECLINING,
    ECHO,
    HEADS,
    INVITE,
    OTHER,
    REFUSED,
    SDP,
)
from tests.processes import ROOT, wait_for

CONFIG = ROOT / "deploy" / "kamailio" / "kamailio.cfg"


@dataclass(frozen=True)
class Server:
    """A Kamailio. ``call`` plays a caller and returns what went wrong, empty when nothing."""

    port: int
    folder: Path
    pid: int

    def call(self, called: str, *, speaks: int = 1200, caller: str = "+919820012345") -> str:
        """Somebody calls, is answered, speaks for so many milliseconds and hangs up."""
        ack, bye = (_heads(called, caller, seq, "[peer_tag_param]") for seq in ("1 ACK", "2 BYE"))
        return self._play(_invite(called, caller) + ANSWERED.format(ack=ack, bye=bye, speaks=speaks))

    def is_refused(self, called: str, code: int, *, caller: str = "+919820012345") -> str:
        """Somebody calls and is turned away with ``code``."""
        ack = _heads(called, caller, "1 ACK", "[peer_tag_param]")
        return self._play(_invite(called, caller) + REFUSED.format(code=code, called=called, ack=ack))

    def is_cancelled(self, called: str, *, caller: str = "+919820012345") -> str:
        """Somebody calls and gives up while it rings."""
        cancel, ack = (
            _heads(called, caller, "1 CANCEL", ""),
            _heads(called, caller, "1 ACK", "[peer_tag_param]"),
        )
        return self._play(_invite(called, caller) + CANCELLED.format(called=called, cancel=cancel, ack=ack))

    def answers(self, method: str, code: int, *, tag: str = "") -> str:
        """Somebody sends ``method``, with a route of their own, and hears ``code``."""
        heads = _heads("somebody", "stranger", f"7 {method}", tag)
        return self._play(OTHER.format(method=method, called="somebody", heads=heads, code=code))

    def kill(self) -> None:
        """It dies without a word."""
        os.killpg(self.pid, signal.SIGKILL)

    def _play(self, scene: str) -> str:
        command = [
            *_sipp(self.folder, "caller", scene, free_port()),
            "-timeout_error",
            f"127.0.0.1:{self.port}",
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, cwd=self.folder, check=False
        )
        said = (self.folder / "kamailio.log").read_text()[-3000:]
        return "" if done.returncode == 0 else f"{done.stdout[-1500:]}{done.stderr[-1500:]}{said}"


@contextmanager
def kamailio(folder: Path, lookup: str, secret: str, *defines: str) -> Iterator[Server]:
    """The shipped configuration, asking at ``lookup`` (a URL) with ``secret``."""
    port = free_port()
    command = ["kamailio", "-f", str(CONFIG), "-DD", "-E", "-m", "64", "-M", "8", "-n", "2", "-l"]
    command += [f"udp:127.0.0.1:{port}", "-Y", str(folder), "-w", str(folder)]
    command += [part for name in defines for part in ("-A", name)]
    env = os.environ | {"DIALNEXA_LOOKUP_URL": lookup, "DIALNEXA_ENGINE_SECRET": secret}
    with (folder / "kamailio.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=env, start_new_session=True)
    try:
        assert wait_for(lambda: _answers(port) or process.poll() is not None, 20)
        assert process.poll() is None, (folder / "kamailio.log").read_text()
        yield Server(port, folder, process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@contextmanager
def agent(folder: Path, scene: str = AGENT, *, status: str = "") -> Iterator[int]:
    """Somebody who takes one call, or declines it with ``status``; the value is the port."""
    port = free_port()
    scene = (DECLINING if status else scene).format(status=status, echo=ECHO, sdp=SDP)
    process = subprocess.Popen(
        _sipp(folder, "agent", scene, port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    )
    try:
        assert wait_for(lambda: _is_bound(port), 20)
        yield port
    finally:
        process.kill()
        process.wait(10)


def _invite(called: str, caller: str) -> str:
    return INVITE.format(called=called, heads=_heads(called, caller, "1 INVITE", ""), sdp=SDP)


def _heads(called: str, caller: str, seq: str, tag: str) -> str:
    return HEADS.format(called=called, caller=caller, seq=seq, tag=tag)


def _sipp(folder: Path, name: str, scene: str, port: int) -> list[str]:
    file = folder / f"{name}.xml"
    file.write_text(
        f'<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="{name}">{scene}</scenario>\n'
    )
    sipp = shutil.which("sipp") or "sipp"
    options = ["-i", "127.0.0.1", "-p", str(port), "-m", "1", "-nostdin", "-nd", "-timeout", "20"]
    return [sipp, "-sf", str(file), *options]


def _answers(port: int) -> bool:
    """Whether it answers OPTIONS."""
    ask = (
        f"OPTIONS sip:127.0.0.1:{port} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK{time.monotonic_ns()}\r\n"
        "From: <sip:t@127.0.0.1>;tag=1\r\nTo: <sip:t@127.0.0.1>\r\nCall-ID: up\r\nCSeq: 1 OPTIONS\r\n"
        "Max-Forwards: 5\r\nContent-Length: 0\r\n\r\n"
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.3)
        asking.sendto(ask.encode(), ("127.0.0.1", port))
        try:
            return asking.recv(2000).startswith(b"SIP/2.0 200")
        except OSError:
            return False


def _is_bound(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
