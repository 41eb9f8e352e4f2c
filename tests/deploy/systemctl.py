#!/usr/bin/env python3
"""Starts and stops what units say, where systemd can't run: enough of systemctl for docs/deploy.md.

User, environment files, folders, working folder, ExecStartPre, ExecStart, ExecStartPost, ExecStop and
ExecReload hold, as do NoNewPrivileges, MemoryDenyWriteExecute and UMask. Output goes to /var/log/units.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

UNITS = (Path("/etc/systemd/system"), Path("/lib/systemd/system"))
PIDS, LOGS = Path("/run/units"), Path("/var/log/units")
NO_NEW_PRIVILEGES, MEMORY_DENY_WRITE_EXECUTE = 38, 65  # of prctl
STOP_WITHIN = 90.0  # seconds


class Unit:
    """``name`` as it is typed: ``nginx``, ``dialnexa-web@8001``."""

    def __init__(self, name: str) -> None:
        self.name = name if "." in name else f"{name}.service"
        base, _, instance = self.name.rpartition(".")[0].partition("@")
        ending = self.name.rpartition(".")[2]
        file = f"{base}@.{ending}" if instance else self.name
        found = [folder / file for folder in UNITS if (folder / file).exists()]
        if not found:
            sys.exit(f"Unit {self.name} not found.")
        self.says: dict[str, list[str]] = defaultdict(list)
        text = found[0].read_text().replace("\\\n", " ")
        for line in text.replace("%i", instance).replace("%H", socket.gethostname()).splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith(("#", ";")):
                self.says[key.strip()].append(value.strip())

    def last(self, key: str, default: str = "") -> str:
        return (self.says[key] or [default])[-1]

    @property
    def pid(self) -> int:
        """0: it does not run."""
        file = Path(self.last("PIDFile", str(PIDS / self.name)))
        pid = int(file.read_text().strip() or 0) if file.exists() else 0
        return pid if pid and runs(pid) else 0

    def environment(self) -> dict[str, str]:
        kept = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        for file in map(Path, self.says["EnvironmentFile"]):
            for line in file.read_text().splitlines() if file.exists() else []:
                if "=" in line and not line.startswith(("#", ";")):
                    name, _, value = line.partition("=")
                    kept[name] = value
        for pairs in self.says["Environment"]:
            for name, _, value in (pair.partition("=") for pair in shlex.split(pairs)):
                kept[name] = value
        return kept

    def become(self) -> None:
        """In the child: who it is and what it may."""
        libc, user = ctypes.CDLL(None), self.last("User")
        os.umask(int(self.last("UMask", "0022"), 8))
        if user:
            entry = pwd.getpwnam(user)
            os.initgroups(user, entry.pw_gid)
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
        if self.last("NoNewPrivileges") in ("yes", "true"):
            libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        if self.last("MemoryDenyWriteExecute") in ("yes", "true"):
            libc.prctl(MEMORY_DENY_WRITE_EXECUTE, 1, 0, 0, 0)

    def begin(self, command: str) -> subprocess.Popen[bytes]:
        LOGS.mkdir(exist_ok=True)
        with (LOGS / f"{self.name}.log").open("ab") as log:
            return subprocess.Popen(
                shlex.split(command.lstrip("-@+!:")),
                cwd=self.last("WorkingDirectory", "/"),
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=self.become,
            )

    def run(self, key: str) -> None:
        for command in self.says[key]:
            if self.begin(command).wait() and not command.startswith("-"):
                sys.exit(f"Job for {self.name} failed: {command}")

    def start(self) -> None:
        if self.pid or not self.name.endswith(".service"):
            return
        for key, where in (("RuntimeDirectory", "/run"), ("StateDirectory", "/var/lib")):
            for folder in " ".join(self.says[key]).split():
                Path(where, folder).mkdir(exist_ok=True)
                os.chown(Path(where, folder), *ids(self.last("User", "root")))
        self.run("ExecStartPre")
        if self.last("Type", "simple") in ("forking", "oneshot"):
            self.run("ExecStart")
        else:
            PIDS.mkdir(exist_ok=True)
            (PIDS / self.name).write_text(str(self.begin(self.last("ExecStart")).pid))
        self.run("ExecStartPost")

    def stop(self) -> None:
        pid = self.pid
        if not pid:
            return
        if self.says["ExecStop"]:
            self.run("ExecStop")
        else:
            os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + float(self.last("TimeoutStopSec", str(STOP_WITHIN)))
        while runs(pid):
            if time.monotonic() > end:
                os.killpg(pid, signal.SIGKILL)
                sys.exit(f"{self.name} had to be killed.")
            time.sleep(0.1)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def ids(user: str) -> tuple[int, int]:
    entry = pwd.getpwnam(user)
    return entry.pw_uid, entry.pw_gid


def meant(name: str) -> list[Unit]:
    """Debian's postgresql stands for its clusters."""
    if name == "postgresql":
        return [Unit(f"postgresql@{c.parent.name}-{c.name}") for c in Path("/etc/postgresql").glob("*/*")]
    return [Unit(name)]


def main(verb: str, *arguments: str) -> None:
    for unit in [unit for name in arguments if not name.startswith("-") for unit in meant(name)]:
        if verb in ("stop", "restart"):
            unit.stop()
        if verb in ("start", "restart") or (verb == "enable" and "--now" in arguments):
            unit.start()
        if verb == "reload":
            unit.run("ExecReload")


if __name__ == "__main__":
    main(*sys.argv[1:])
