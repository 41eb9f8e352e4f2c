"""A bare Debian: a root folder, and a process that holds its namespaces."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PACKAGES = "systemd,systemd-sysv,sudo"  # of every Debian somebody was given
INIT = "while :; do sleep 3600 & wait; done"
PIP = Path("/etc/pip.conf")
AUTHORITIES = Path("/root/authorities.pem")  # the package ca-certificates writes its own file anew


class Debian:
    """``root``: its folder; ``init``: the process whose namespaces its own share."""

    def __init__(self, root: Path, init: int) -> None:
        self.root, self.init = root, init

    def command(self, *arguments: str, internet: bool = False) -> list[str]:
        """To be run by somebody outside."""
        namespaces = ("--mount", "--pid", "--uts", *(() if internet else ("--net",)))
        return ["nsenter", f"--target={self.init}", *namespaces, "chroot", str(self.root), *arguments]

    def run(self, script: str, *, internet: bool = False, within: float = 900) -> str:
        """What it said. Raises CalledProcessError with it."""
        return subprocess.run(
            self.command("/bin/bash", "-s", internet=internet),
            input=script,
            env=environment(internet),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
            timeout=within,
        ).stdout

    def beside(self, *arguments: str) -> list[str]:
        """A command of ours that sees its network."""
        return ["nsenter", f"--target={self.init}", "--net", *arguments]


@contextmanager
def bare_debian(bare: Path | None) -> Iterator[Debian]:
    """A new one, or a copy of the root in ``bare``; when it ends, nothing is left."""
    folder = Path(tempfile.mkdtemp(prefix="dialnexa-deploy-"))
    root = folder / "root"
    try:
        if bare:
            subprocess.run(["cp", "-a", "--one-file-system", str(bare), str(root)], check=True)
        else:
            command = ["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={PACKAGES}"]
            subprocess.run([*command, "--quiet", "bookworm", str(root)], check=True)
        root.chmod(0o755)
        folder.chmod(0o755)
        holder = subprocess.Popen(
            [
                *["unshare", "--mount", "--pid", "--net", "--uts", "--fork", "--kill-child", "sh", "-c"],
                _begin(root),
            ],
            stdout=subprocess.PIPE,
        )
        try:
            assert holder.stdout
            assert holder.stdout.readline() == b"ready\n", "No namespaces: root is needed."
            children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()
            yield Debian(root, int(children[0]))
        finally:
            holder.kill()
            holder.wait()
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", str(folder)], check=True)


def _begin(root: Path) -> str:
    binds = [f"mkdir -p {root}{path} && mount --bind -o ro {path} {root}{path}" for path in _read_by_pip()]
    lines = [
        "set -e",
        f"mount -t proc proc {root}/proc",
        f"mount --rbind /dev {root}/dev",
        *binds,
        "hostname bare-debian",
        "ip link set lo up",
        "echo ready",
        f"exec chroot {root} /bin/sh -c '{INIT}'",
    ]
    return "\n".join(lines)


def prepare(debian: Debian, resolver: Path = Path("/etc/resolv.conf")) -> None:
    """What is not the guide's: name service for packages, our systemctl, no servers started by packages."""
    root = debian.root
    shutil.copy(resolver, root / "etc/resolv.conf")
    (root / "etc/hosts").write_text("127.0.0.1 localhost bare-debian numbers.example.com\n::1 localhost\n")
    for path, target in ((PIP, PIP), (Path(os.environ.get("PIP_CERT", "")), AUTHORITIES)):
        if path.is_file():
            shutil.copy(path, root / target.relative_to("/"))
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    systemctl = root / "usr/local/bin/systemctl"
    shutil.copy(Path(__file__).with_name("systemctl.py"), systemctl)
    for program in (policy, systemctl):
        program.chmod(0o755)


def environment(internet: bool) -> dict[str, str]:
    """Root's, on a terminal; where packages come from is this machine's business."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_") and internet}
    kept |= {"PIP_CERT": str(AUTHORITIES)} if "PIP_CERT" in kept else {}
    paths = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return kept | {"PATH": paths, "HOME": "/root", "LANG": "C.UTF-8", "TERM": "dumb"}


def _read_by_pip() -> Sequence[Path]:
    """Folders on this machine that its pip is told to look in."""
    told = subprocess.run(["pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    found = {Path(path) for path in re.findall(r"(?:file://)?(/[\w./-]+)", told)}
    return sorted(path for path in found if path.is_dir())
