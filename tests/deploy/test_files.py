"""The files of deploy/ …"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dialnexa.data_folder import DEFAULT_DATA_DIR
from tests.deploy.blocks import GUIDE, read_blocks
from tests.dialnexa.test_configuration import PAGE, read_by_the_code

ROOT = DEFAULT_DATA_DIR.parent
DEPLOY = ROOT / "deploy"
EXAMPLES = DEPLOY / "environment"
SERVICES = sorted((DEPLOY / "systemd").glob("*.service"))
FILL = DEPLOY / "bin" / "fill-environment"


def fill(folder: Path, host: str = "numbers.example.com") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(FILL), host, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def lines(*files: Path) -> dict[str, str]:
    told = [line for file in files for line in file.read_text().splitlines() if re.match("[A-Z].*=", line)]
    return dict(line.split("=", 1) for line in told)


def test_name_no_setting_that_nobody_reads() -> None:
    named = {
        name for file in EXAMPLES.glob("*.env") for name in re.findall("DIALNEXA_[A-Z_]+", file.read_text())
    }
    assert named - read_by_the_code() == set()


def test_set_all_that_production_needs_whatever_carrier_there_is() -> None:
    needed = set(re.findall(r"^\| `([A-Z_]+)` \* \| \| (?!.*once there is)", PAGE.read_text(), re.MULTILINE))
    assert needed > {"DIALNEXA_SECRET_KEY", "DIALNEXA_SEALING_KEYS"}
    assert needed | {"REDIS_URL", "DATABASE_URL"} <= {*lines(*EXAMPLES.glob("*.env"))}


def test_are_filled_with_secrets_that_fit_together(tmp_path: Path) -> None:
    assert fill(tmp_path).returncode == 0
    settings = lines(*tmp_path.glob("*.env"))
    assert not re.search(r"@(host|key|secret)", "".join(file.read_text() for file in tmp_path.iterdir()))
    for role in ("owner", "web"):
        address = lines(tmp_path / f"{role}.env")["DATABASE_URL"]
        password = address.split(":")[2].partition("@")[0]
        assert len(password) == 64
        assert f"dialnexa_{role} LOGIN PASSWORD '{password}'" in (tmp_path / "roles.sql").read_text()
    assert (
        f">{settings['REDIS_URL'].split(':')[2].partition('@')[0]} " in (tmp_path / "redis.acl").read_text()
    )
    assert {oct(file.stat().st_mode)[-3:] for file in tmp_path.iterdir()} == {"640"}


def test_are_filled_once(tmp_path: Path) -> None:
    fill(tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    again = fill(tmp_path)
    assert (again.returncode, "Nothing was changed" in again.stderr) == (1, True)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_are_not_filled_for_what_is_no_host(tmp_path: Path) -> None:
    assert fill(tmp_path, "numbers.example.com;rm").returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_start_what_there_is() -> None:
    commands = {path.stem for path in ROOT.glob("*/management/commands/*.py")}
    for service in SERVICES:
        text = service.read_text()
        assert {*re.findall(r"manage\.py (\w+)", text)} <= commands, service.name
        for path in re.findall("/opt/dialnexa/current/((?:deploy|docs)/[^ \n]+)", text):
            assert (ROOT / path).exists(), path
        for name in re.findall(r"EnvironmentFile=/etc/dialnexa/(.+)", text):
            assert (EXAMPLES / name).exists(), name


def test_start_no_sandbox() -> None:
    assert not any("sandbox" in service.read_text() for service in SERVICES)


def test_are_named_by_the_guide_as_they_are_called() -> None:
    told = "\n".join(block.commands for block in read_blocks(GUIDE.read_text()))
    for path in re.findall(r"(?<!\S)((?:bin|systemd|nginx|redis|postgresql)/[\w.-]+)", told):
        assert (DEPLOY / path).exists(), path


def test_lock_their_units_in() -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("THE UNITS WERE NOT JUDGED: no systemd-analyze")
    for service in SERVICES:
        command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(service)]
        judged = subprocess.run(command, capture_output=True, text=True, check=False)
        assert judged.returncode == 0, judged.stdout[-300:]


def test_put_all_that_runs_into_the_image() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "requirements"}
    copied = re.findall(r"^COPY (\w+) \w+$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    assert {*copied} == packages | {"locale", "static", "templates"}


def test_hold_containers_to_the_same_commands_and_no_secret() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yml").read_text())
    units = " ".join(service.read_text() for service in SERVICES)
    for name in ("worker", "beat", "sweeper"):
        command = " ".join(compose["services"][name]["command"]).removeprefix("python ")
        assert command.partition(" --concurrency")[0] in units, name
    for name in ("web", "worker", "beat", "sweeper", "manage"):
        service = compose["services"][name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert all(file.startswith("secrets/") for file in service["env_file"])
        assert "environment" not in service
