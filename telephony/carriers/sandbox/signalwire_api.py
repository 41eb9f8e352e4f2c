"""SignalWire's Relay REST API as far as numbers need it, and its Compatibility API for calls."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from . import signalwire_numbers as numbers
from . import twilio_calls
from .context import Request
from .dialect import Dialect, No, Route
from .holdings import Owned
from .inventory import StockNumber
from .signalwire_wire import ROOT
from .wire import Answer, answer

RATES = {"local": "0.50", "tollfree": "0.80"}  # which the API does not report
_PLAIN = {
    No.STRANGER: (401, "Unauthorized"),
    No.NOT_FOUND: (404, "Not Found"),
    No.BAD: (400, "Bad Request"),
    No.BROKEN: (500, "Internal Server Error"),
    No.TOO_MANY: (429, "Too Many Requests"),
}
_CODED = {
    No.GONE: ("could_not_purchase", "The number could not be purchased"),
    No.NO_CREDIT: ("insufficient_balance", "The balance does not cover this purchase"),
    No.PAPERS: ("number_not_supported", "The number is not supported"),  # it asks for no papers
    No.TOO_EARLY: ("purchased_too_recently", "The number was purchased too recently to be released"),
}
COMPATIBLE = "/api/laml/2010-04-01/Accounts/"
_LAML = "laml/"
_CALLS = f"{_LAML}Calls"
_ID = "([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"


class SignalWire(Dialect):
    """JSON in and out. Numbers are known by a UUID; their URLs are kept with them, so there are no
    applications. It shows no balance and asks for no papers."""

    slug = "signalwire"
    label = "SignalWire"
    accounts = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
    routes: ClassVar[tuple[Route, ...]] = (
        Route("search", "GET", r"phone_numbers/search", numbers.search),
        Route("buy", "POST", r"phone_numbers", numbers.buy),
        Route("get", "GET", r"phone_numbers", numbers.list_owned, asks="filter_number"),
        Route("list", "GET", r"phone_numbers", numbers.list_owned),
        Route("get", "GET", rf"phone_numbers/{_ID}", numbers.get),
        Route("update", "PUT", rf"phone_numbers/{_ID}", numbers.update),
        Route("release", "DELETE", rf"phone_numbers/{_ID}", numbers.release),
        Route("call", "POST", rf"{_CALLS}(?:\.json)?", twilio_calls.place_call),
        Route("call_list", "GET", rf"{_CALLS}(?:\.json)?", twilio_calls.list_calls),
        Route("call_get", "GET", rf"{_CALLS}/{_ID}(?:\.json)?", twilio_calls.get_call),
        Route("call_end", "POST", rf"{_CALLS}/{_ID}(?:\.json)?", twilio_calls.update_call),
    )
    voice = twilio_calls.TwilioVoice("X-SignalWire-Signature")

    def speaks(self, path: str) -> bool:
        return path.startswith((ROOT, COMPATIBLE))

    def below(self, path: str, account: str) -> str | None:
        """Calls are in another API, which is like Twilio's and has the account in its addresses."""
        if path.startswith(COMPATIBLE):
            root = f"{COMPATIBLE}{account}/"
            return f"{_LAML}{path.removeprefix(root)}" if path.startswith(root) else None
        return path.removeprefix(ROOT)

    def fields(self, request: Request) -> dict[str, Any]:
        if request.path.startswith(COMPATIBLE):
            return dict(request.form())
        return request.json()

    def wanted(self, request: Request, named: str) -> str:
        return str(request.json().get("number") or "").removeprefix("+")

    def called(self, request: Request) -> str:
        return request.form().get("To", "").removeprefix("+")

    def refuse(self, why: No, text: str = "") -> Answer:
        if why in _PLAIN:
            status, words = _PLAIN[why]
            return answer(status, {"error": words})
        code, words = _CODED[why]
        error: dict[str, Any] = {"detail": text or words, "status": "422", "title": words, "code": code}
        return answer(422, {"errors": [error]})

    def id_of(self, owned: Owned) -> str:
        return str(owned.id)

    def cost(self, item: StockNumber) -> str:
        return RATES.get(item.range.type, RATES["local"])
