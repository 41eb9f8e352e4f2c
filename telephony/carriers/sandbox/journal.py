"""An append-only file of events, one JSON object per line, that survives kill -9."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Journal:
    """Events in ``path``; with None they are not kept at all."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            _drop_torn_line(path)
            self._file = path.open("ab")

    def replay(self) -> Iterator[dict[str, Any]]:
        """Every event ever appended. Raises ValueError, with the line number, for a damaged file."""
        if self._path is None:
            return
        with self._path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise ValueError(f"{self._path}, line {number} is damaged") from error

    def append(self, event: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(event).encode() + b"\n")
            self._file.flush()

    def sync(self) -> None:
        """Return when all that was appended is on the disk."""
        if self._file is not None:
            os.fsync(self._file.fileno())

    def clear(self) -> None:
        if self._file is not None:
            self._file.truncate(0)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _drop_torn_line(path: Path) -> None:
    """Cut what a killed process left after the last newline, or the next event would be glued to it."""
    if path.exists():
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(path, whole)
