"""The processes: what the units of deploy/systemd start, of a copy of the project that was made a release."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from dialnexa.keeper import free_port
from dialnexa.local import sandbox_accounts
from tests.chaos.sabotage import ROOT, Sabotage, copy_and_break
from tests.chaos.world import World, wait_for
from tests.scale.servers import DEPLOY, Servers

UNITS = DEPLOY / "systemd"
DEMO = ("DIALNEXA_MOVABLE_CLOCK", "DIALNEXA_STAFF_MFA")  # production refuses them
DOOMED = ("web 2", "worker 3", "sweeper 1")
TOLD = {
    "DIALNEXA_EMAIL_URL": "smtp://127.0.0.1:9",
    "DIALNEXA_PGBOUNCER": "1",
    "DIALNEXA_PURCHASES_AN_HOUR": "1000000",
    # A doubt, and an order whose worker died, are solved in seconds instead of a quarter of an hour.
    "DIALNEXA_CARRIER_DEADLINE": "5",
    "DIALNEXA_PURCHASE_LEASE": "10",
    "DIALNEXA_SETTLE_WINDOW": "10",
    "DIALNEXA_SETTLE_SPACING": "1",
    "DIALNEXA_LOOK_UP_SOONEST": "1",
    "DIALNEXA_LOOK_UP_LATEST": "3",
    **{f"DIALNEXA_API_LIMIT_{kind}": "100000/second" for kind in ("READ", "WRITE", "SEARCH", "PURCHASE")},
}
READY_WITHIN = 180.0  # seconds


@dataclass
class Installation(World):
    """Two web servers, three workers, two sweepers, one beat. Who dies stays dead."""

    ports: list[int] = field(default_factory=lambda: [free_port(), free_port()])

    def start(self) -> None:
        for n, port in enumerate(self.ports, 1):
            self.begin(f"web {n}", "dialnexa-web@", str(port))
        for n in (1, 2, 3):
            self.begin(f"worker {n}", "dialnexa-worker@", str(n))
        for n in (1, 2):
            self.begin(f"sweeper {n}", "dialnexa-sweeper@", str(n))
        self.begin("beat", "dialnexa-beat")
        for url in self.urls:
            wait_for(lambda url=url: self._ready(url), READY_WITHIN)  # type: ignore[misc]

    @staticmethod
    def _ready(url: str) -> bool:
        return httpx.get(f"{url}/readyz?whole", timeout=10).status_code == 200

    def begin(self, name: str, unit: str, instance: str = "") -> None:
        """What the unit starts, with the settings it names."""
        told = (UNITS / f"{unit}.service").read_text()
        told = told.replace("%i", instance).replace("%H", socket.gethostname())
        command = re.findall("^ExecStart=(.+)$", told, re.MULTILINE)[-1]
        for place, here in self.places.items():
            command = command.replace(place, here)
        files = re.findall("^EnvironmentFile=/etc/dialnexa/(.+)$", told, re.MULTILINE)
        env = {line: value for file in files for line, value in read(self.base / "settings" / file).items()}
        self._add(name, command.split(), env)

    @property
    def places(self) -> dict[str, str]:
        return {"/opt/dialnexa/current": str(self.root), "/var/lib/dialnexa": str(self.base / "data")}

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    @property
    def alive(self) -> list[str]:
        return [part.name for part in self.parts.values() if part.process and part.process.poll() is None]

    def kill(self, name: str) -> str:
        """kill -9 of the process and all it has started: a machine that loses power."""
        process = self.parts[name].process
        if process and process.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                for one in [*psutil.Process(process.pid).children(recursive=True)]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        one.kill()
            process.kill()
            process.wait()
        return f"kill -9 {name}"


def read(path: Path) -> dict[str, str]:
    """An environment file."""
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", path.read_text(), re.MULTILINE))


def settle_in(base: Path, servers: Servers, sabotage: Sabotage, sandbox_url: str) -> Installation:
    """A release with its settings, and tables behind the wall; ``migrate`` goes straight to PostgreSQL."""
    root = copy_and_break(sabotage, base / "release")
    (root / ".venv").symlink_to(ROOT / ".venv")
    subprocess.run([str(root / "deploy" / "bin" / "finish-release")], check=True, stdout=subprocess.DEVNULL)
    (base / "data").mkdir()
    common = write_settings(base, servers, sandbox_url)
    env = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", **common}
    owner = Installation(root, base, env | {"DATABASE_URL": servers.direct("owner")}, 0)
    for role in ("owner", "web"):
        Installation(root, base, env | {"DATABASE_URL": servers.direct(role)}, 0).manage("limit_role")
    for command in (("migrate", "-v0"), ("make_roles",), ("load_catalogue",)):
        owner.manage(*command)
    return Installation(root, base, env, 0)


def write_settings(base: Path, servers: Servers, sandbox_url: str) -> dict[str, str]:
    """As fill-environment made them, with the addresses of here. Returns what all processes are told."""
    settings = base / "settings"
    shutil.copytree(servers.settings, settings)
    accounts = {name: told for name, told in sandbox_accounts(sandbox_url).items() if name not in DEMO}
    (base / "metrics").mkdir()
    here = {"DIALNEXA_DATA_DIR": str(base / "data"), "DIALNEXA_METRICS_DIR": str(base / "metrics")}
    common = read(settings / "common.env") | accounts | TOLD | here | {"REDIS_URL": servers.broker}
    (settings / "common.env").write_text("".join(f"{name}={value}\n" for name, value in common.items()))
    for role in ("owner", "web"):
        path = settings / f"{role}.env"
        told = read(path) | {"DATABASE_URL": servers.pooled(role)}
        path.write_text("".join(f"{name}={value}\n" for name, value in told.items()))
    return common


@contextlib.contextmanager
def carrier(world: Installation, sandbox_url: str, stock: int) -> Iterator[None]:
    """The sandbox, with so many numbers of each kind: somebody else's machine."""
    python, port = str(world.root / ".venv" / "bin" / "python"), sandbox_url.rpartition(":")[2]
    command = [python, "manage.py", "sandbox_carrier", "--port", port, "--stock", str(stock)]
    env = world.env | read(world.base / "settings" / "owner.env")
    with (world.base / "carrier.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--data-dir", str(world.base)],
            cwd=world.root,
            env=env,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_for(lambda: httpx.get(f"{sandbox_url}/control/state").status_code == 200, 60)
        yield
    finally:
        process.terminate()
        process.wait(10)
