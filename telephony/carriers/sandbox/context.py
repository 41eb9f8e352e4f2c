"""One request to the sandbox, and what its handlers need to answer it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from .faults import Fault, Kind
from .state import State

if TYPE_CHECKING:
    from .dialect import Dialect
    from .switchboard import Switchboard


@dataclass(frozen=True, slots=True)
class Request:
    """``headers`` have lower-case names."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """The JSON body. Raises ValueError when it is not an object, RecursionError when it is a trap."""
        value = json.loads(self.body or b"{}")
        if not isinstance(value, dict):
            raise ValueError("the body is not a JSON object")
        return value

    def form(self) -> dict[str, str]:
        """The form fields of the body. Raises ValueError for what is not text."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Context:
    """A request whose sender is known. ``id`` is what the path names: a number, an application, a country."""

    state: State
    switchboard: Switchboard
    dialect: Dialect
    request: Request
    account: str
    id: str
    fault: Fault | None

    @property
    def kind(self) -> Kind | None:
        return self.fault.kind if self.fault else None

    @property
    def fields(self) -> dict[str, Any]:
        return self.dialect.fields(self.request)

    def has_application(self, app_id: str) -> bool:
        with self.state.locked() as contents:
            return contents.applications.get(app_id, {}).get("account") == self.account
