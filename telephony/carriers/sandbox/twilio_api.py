"""Twilio's REST API as far as numbers and calls need it, with the price list of its other host."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from . import twilio_applications, twilio_calls, twilio_numbers
from .context import Request
from .dialect import Dialect, No, Route
from .faults import Kind
from .holdings import Owned
from .inventory import StockNumber
from .twilio_wire import ROOT, monthly
from .wire import Answer, answer

PRICES = "/v1/PhoneNumbers/Countries/"
_REFUSALS = {
    No.STRANGER: (401, 20003, "Authenticate"),
    No.NOT_FOUND: (404, 20404, "The requested resource was not found"),
    No.BAD: (400, 20001, "Invalid parameter"),
    No.BROKEN: (500, 20500, "An internal server error has occurred"),
    No.TOO_MANY: (429, 20429, "Too Many Requests"),
    No.GONE: (400, 21422, "The number is not available"),
    No.NO_CREDIT: (403, 20005, "Account is not active"),  # what an account without credit becomes
    No.PAPERS: (400, 21649, "The bundle is missing or is not approved"),
}
_SID = "([A-Z]{2}[0-9a-f]{32})"


class Twilio(Dialect):
    """Form fields in, JSON out. Numbers are known by a sid, PN and 32 hexadecimal digits.

    A number that is not switched on yet is ``pending``. Papers and what became of them are told elsewhere.
    """

    slug = "twilio"
    label = "Twilio"
    accounts = re.compile(r"AC[0-9a-fA-F]{32}")
    verdicts: ClassVar[Mapping[Kind, str]] = {Kind.PENDING: "accepted"}
    routes: ClassVar[tuple[Route, ...]] = (
        Route("country", "GET", r"AvailablePhoneNumbers/([A-Z]{2})\.json", twilio_numbers.show_country),
        Route(
            "search",
            "GET",
            r"AvailablePhoneNumbers/([A-Z]{2}/(?:Local|Mobile|TollFree|National))\.json",
            twilio_numbers.search,
        ),
        Route("prices", "GET", rf"{PRICES}([A-Z]{{2}})", twilio_numbers.show_prices),
        Route("buy", "POST", r"IncomingPhoneNumbers\.json", twilio_numbers.buy),
        Route("get", "GET", r"IncomingPhoneNumbers\.json", twilio_numbers.list_owned, asks="PhoneNumber"),
        Route("list", "GET", r"IncomingPhoneNumbers\.json", twilio_numbers.list_owned),
        Route("get", "GET", rf"IncomingPhoneNumbers/{_SID}\.json", twilio_numbers.get),
        Route("update", "POST", rf"IncomingPhoneNumbers/{_SID}\.json", twilio_numbers.update),
        Route("release", "DELETE", rf"IncomingPhoneNumbers/{_SID}\.json", twilio_numbers.release),
        Route("application_list", "GET", r"Applications\.json", twilio_applications.list_applications),
        Route("application_create", "POST", r"Applications\.json", twilio_applications.create_application),
        Route("application_get", "GET", rf"Applications/{_SID}\.json", twilio_applications.get_application),
        Route(
            "application_update",
            "POST",
            rf"Applications/{_SID}\.json",
            twilio_applications.update_application,
        ),
        Route("account", "GET", r"Balance\.json", twilio_applications.show_balance),
        Route("call", "POST", r"Calls\.json", twilio_calls.place_call),
        Route("call_list", "GET", r"Calls\.json", twilio_calls.list_calls),
        Route("call_get", "GET", rf"Calls/{_SID}\.json", twilio_calls.get_call),
        Route("call_end", "POST", rf"Calls/{_SID}\.json", twilio_calls.update_call),
    )
    voice = twilio_calls.TwilioVoice("X-Twilio-Signature")

    def speaks(self, path: str) -> bool:
        return path.startswith((ROOT, PRICES))

    def below(self, path: str, account: str) -> str | None:
        root = f"{ROOT}{account}/"
        if path.startswith(PRICES):
            return path
        return path.removeprefix(root) if path.startswith(root) else None

    def fields(self, request: Request) -> dict[str, Any]:
        return dict(request.form())

    def wanted(self, request: Request, named: str) -> str:
        return request.form().get("PhoneNumber", "").removeprefix("+")

    def refuse(self, why: No, text: str = "") -> Answer:
        status, code, words = _REFUSALS[why]
        more = f"https://www.twilio.com/docs/errors/{code}"
        return answer(status, {"code": code, "message": text or words, "more_info": more, "status": status})

    def id_of(self, owned: Owned) -> str:
        return f"PN{owned.id.hex}"

    def cost(self, item: StockNumber) -> str:
        return monthly(item.range)

    def called(self, request: Request) -> str:
        return request.form().get("To", "").removeprefix("+")

    def has_papers(self, request: Request) -> bool:
        return bool(self.fields(request).get("BundleSid"))
