"""Plivo's REST API as far as numbers and calls need it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from . import plivo_applications, plivo_calls, plivo_numbers
from .context import Request
from .dialect import Dialect, No, Route
from .faults import Kind
from .holdings import Owned
from .inventory import StockNumber
from .plivo_wire import answer
from .wire import Answer

ROOT = "/v1/Account/"
_REFUSALS = {
    No.STRANGER: (401, "Unauthorized"),
    No.NOT_FOUND: (404, "not found"),
    No.BAD: (400, "bad request"),
    No.BROKEN: (500, "internal server error"),
    No.TOO_MANY: (429, "too many requests"),
    No.GONE: (404, "not found"),
    No.NO_CREDIT: (400, "insufficient credits to rent this number"),
    No.PAPERS: (400, "compliance_application_id is required to rent this number."),
}
_UUID = "([0-9a-f-]{36})"


class Plivo(Dialect):
    """Numbers are digits without ``+`` and name themselves."""

    slug = "plivo"
    label = "Plivo"
    accounts = re.compile(r"(MA|SA)[A-Z0-9]{18}")
    verdicts: ClassVar[Mapping[Kind, str]] = {Kind.PENDING: "accepted", Kind.REJECTED: "rejected"}
    routes: ClassVar[tuple[Route, ...]] = (
        Route("search", "GET", r"PhoneNumber/", plivo_numbers.search),
        Route("buy", "POST", r"PhoneNumber/([0-9]+)/", plivo_numbers.buy),
        Route("list", "GET", r"Number/", plivo_numbers.list_owned),
        Route("get", "GET", r"Number/([0-9]+)/", plivo_numbers.get),
        Route("update", "POST", r"Number/([0-9]+)/", plivo_numbers.update),
        Route("release", "DELETE", r"Number/([0-9]+)/", plivo_numbers.release),
        Route("application_list", "GET", r"Application/", plivo_applications.list_applications),
        Route("application_create", "POST", r"Application/", plivo_applications.create_application),
        Route("application_get", "GET", r"Application/([0-9]+)/", plivo_applications.get_application),
        Route("application_update", "POST", r"Application/([0-9]+)/", plivo_applications.update_application),
        Route("account", "GET", r"", plivo_applications.show_account),
        Route("call", "POST", r"Call/", plivo_calls.place_call),
        Route("call_list", "GET", r"Call/", plivo_calls.list_calls),
        Route("call_get", "GET", rf"Call/{_UUID}/", plivo_calls.get_call),
        Route("call_end", "DELETE", rf"(?:Call|Request)/{_UUID}/", plivo_calls.hang_up),
    )
    voice = plivo_calls.PlivoVoice()

    def speaks(self, path: str) -> bool:
        return path.startswith(ROOT)

    def below(self, path: str, account: str) -> str | None:
        root = f"{ROOT}{account}/"
        return path.removeprefix(root) if path.startswith(root) else None

    def refuse(self, why: No, text: str = "") -> Answer:
        status, words = _REFUSALS[why]
        return answer(status, error=text or words)

    def id_of(self, owned: Owned) -> str:
        return owned.number

    def cost(self, item: StockNumber) -> str:
        return str(Decimal(item.range.setup) + Decimal(item.range.monthly))

    def called(self, request: Request) -> str:
        return str(self.fields(request).get("to") or "").removeprefix("+")

    def has_papers(self, request: Request) -> bool:
        return bool(self.fields(request).get("compliance_application_id"))
