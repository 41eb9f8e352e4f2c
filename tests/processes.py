"""Real processes of this project, for tests that start and kill them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from dialnexa.data_folder import DEFAULT_DATA_DIR

ROOT = DEFAULT_DATA_DIR.parent
NOT_OURS = ("DIALNEXA_", "DJANGO_", "PYTEST_", "DATABASE_URL", "REDIS_URL")


def clean_env(**variables: str) -> dict[str, str]:
    """The environment of somebody who has set nothing (except that data needn't survive a power cut)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
    return kept | {"DIALNEXA_EMBEDDED_FSYNC": "off"} | variables


def run(*arguments: str, env: dict[str, str], timeout: float = 60) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=env, check=False, capture_output=True, text=True, timeout=timeout
    )


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that the embedded servers can reach even when the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="dialnexa-test-"))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def processes_of(folder: Path) -> list[psutil.Process]:
    """Every process that works in ``folder``, was started with it, or has it as its data folder."""
    return [process for process in psutil.process_iter() if _belongs_to(process, str(folder))]


def command_line(process: psutil.Process) -> str:
    """What it was started with; empty once it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def _belongs_to(process: psutil.Process, folder: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
            return False
        said = [process.cwd(), *process.cmdline(), process.environ().get("DIALNEXA_DATA_DIR", "")]
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return any(folder in part for part in said)


def wait_for(happens: Callable[[], object], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
