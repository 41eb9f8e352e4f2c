"""Real SIP software: Kamailio, a server that carriers use, and sipp, which plays scenes."""

from __future__ import annotations

import contextlib
import hashlib
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

import psutil

from dialnexa.keeper import free_port
from tests.processes import wait_for

MODULES = ("pv", "sl", "textops", "siputils", "auth", "tls", "http_client")
REALM, USER, PASSWORD = "carrier.example", 'al"ice', 'wonder"land\\ü'

CONFIG = """#!KAMAILIO
debug=0
log_stderror=yes
fork=no
children=1
tcp_children=1
auto_aliases=no
enable_tls=yes
listen=udp:127.0.0.1:{plain}
listen=tcp:127.0.0.1:{plain}
listen=tls:127.0.0.1:{tls}
{modules}
modparam("tls", "certificate", "{certificate}")
modparam("tls", "private_key", "{key}")
modparam("tls", "tls_method", "TLSv1.2+")
modparam("auth", "algorithm", "{algorithm}")
modparam("auth", "qop", "auth")
modparam("auth", "nonce_count", 1)
request_route {{
    if (!pv_{kind}_authenticate("{realm}", "{secret}", "1")) {{
        {kind}_challenge("{realm}", "1");
        exit;
    }}
    sl_send_reply("200", "Welcome");
}}
"""


def kamailio_modules() -> Path | None:
    """Where Kamailio's modules are; None without Kamailio, or without those that are needed."""
    if not shutil.which("kamailio"):
        return None
    folders = (path.parent for path in Path("/usr").glob("lib*/**/kamailio/modules/auth.so"))
    whole = (folder for folder in folders if all((folder / f"{name}.so").exists() for name in MODULES))
    return next(whole, None)


def missing() -> str:
    """What has to be installed for these tests; empty when nothing."""
    needed = [] if shutil.which("sipp") else ["sip-tester"]
    needed += [] if kamailio_modules() else ["kamailio", "kamailio-tls-modules", "kamailio-utils-modules"]
    return " ".join(needed)


@dataclass(frozen=True)
class Kamailio:
    """``plain`` is the port of UDP and TCP, ``tls`` of TLS."""

    plain: int
    tls: int
    process: subprocess.Popen[bytes]

    def port(self, transport: str) -> int:
        return self.tls if transport == "tls" else self.plain

    def pause(self) -> None:
        """From now on it is silent, as a machine that hangs."""
        self._signal(signal.SIGSTOP)

    def stop(self) -> None:
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGKILL)
        self.process.wait(10)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


@contextmanager
def kamailio(
    folder: Path, certificate: Path, key: Path, *, algorithm: str = "MD5", proxy: bool = False
) -> Iterator[Kamailio]:
    """A Kamailio that wants the digest of USER and PASSWORD for whatever it is asked."""
    modules = kamailio_modules()
    assert modules
    plain, tls = free_port(), free_port()
    secret = _hash(algorithm, f"{USER}:{REALM}:{PASSWORD}")
    config = folder / "kamailio.cfg"
    config.write_text(
        CONFIG.format(
            plain=plain,
            tls=tls,
            modules="\n".join(f'loadmodule "{modules}/{name}.so"' for name in MODULES),
            certificate=certificate,
            key=key,
            algorithm=algorithm,
            kind="proxy" if proxy else "www",
            realm=REALM,
            secret=secret,
        )
    )
    command = [
        "kamailio",
        "-f",
        str(config),
        "-DD",
        "-E",
        "-m",
        "32",
        "-M",
        "8",
        "-Y",
        str(folder),
        "-w",
        str(folder),
    ]
    log = folder / "kamailio.log"
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True)
    running = Kamailio(plain, tls, process)
    try:
        assert wait_for(lambda: _takes_connections(tls) or process.poll() is not None, 20)
        assert process.poll() is None, log.read_text()
        yield running
    finally:
        running.stop()


@contextmanager
def sipp(folder: Path, scene: str, *, transport: str = "udp") -> Iterator[int]:
    """A sipp that plays ``scene`` (the inside of its XML) for one call; the value is its port."""
    port = free_port()
    file = folder / "scene.xml"
    file.write_text(
        f'<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="scene">{scene}</scenario>\n'
    )
    command = [
        *(
            "sipp",
            "-sf",
            str(file),
            "-i",
            "127.0.0.1",
            "-p",
            str(port),
            "-t",
            "u1" if transport == "udp" else "t1",
        ),
        *("-m", "1", "-nostdin", "-timeout", "30", "-nd"),
    ]
    with (folder / "sipp.log").open("wb") as said:
        process = psutil.Popen(command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, cwd=folder)
    try:
        assert wait_for(lambda: any(c.laddr.port == port for c in process.net_connections("inet")), 20)
        yield port
    finally:
        process.kill()
        process.wait(10)


def _takes_connections(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        time.sleep(0.05)
        return True
    return False


def _hash(algorithm: str, text: str) -> str:
    name = {"MD5": "md5", "SHA-256": "sha256"}[algorithm]
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()
