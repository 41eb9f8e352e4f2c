"""One request to the sandbox, and what its handlers need to answer it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .faults import Fault, Kind
from .state import State
from .wire import MAX_PAGE, Page


@dataclass(frozen=True, slots=True)
class Request:
    """``headers`` have lower-case names."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    def fields(self) -> dict[str, Any]:
        """The JSON body. Raises ValueError when it is not an object, RecursionError when it is a trap."""
        value = json.loads(self.body or b"{}")
        if not isinstance(value, dict):
            raise ValueError("the body is not a JSON object")
        return value

    def page(self) -> Page:
        """Raises ValueError for a limit or offset that Plivo refuses."""
        limit, offset = int(self.query.get("limit", MAX_PAGE)), int(self.query.get("offset", 0))
        if not (1 <= limit <= MAX_PAGE and offset >= 0):
            raise ValueError("limit goes from 1 to 20, offset from 0")
        return Page(limit, offset)


@dataclass(frozen=True, slots=True)
class Context:
    """A request whose sender is known. ``id`` is what the path names: a number or an application."""

    state: State
    request: Request
    account: str
    id: str
    fault: Fault | None

    @property
    def kind(self) -> Kind | None:
        return self.fault.kind if self.fault else None

    def has_application(self, app_id: str) -> bool:
        with self.state.locked() as contents:
            return contents.applications.get(app_id, {}).get("account") == self.account
