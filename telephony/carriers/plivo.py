"""Plivo's REST API: JSON over HTTPS, Basic authentication, numbers as digits without ``+``.

Plivo publishes no list of error codes, so refusals are told apart by status first and then by text. It has no
idempotency key and stores no reference of ours at purchase: after a doubt, ``find_owned`` is the only truth.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from telephony.e164 import is_e164, national_digits

from . import plivo_objects as parse
from .api import CarrierAPI, without_empty
from .base import (
    BadRequest,
    BuyResult,
    CarrierError,
    InboundRoute,
    Money,
    NotFound,
    NumberConfig,
    NumberQuery,
    NumberType,
    Offer,
    Outcome,
    OwnedNumber,
    OwnedPage,
    Recorder,
    RouteRef,
)
from .fields import text
from .http import DEFAULT_TIMEOUTS, CarrierHTTP, Timeouts
from .listing import whole_list
from .options import address_problem, refuse_bad, shape_problem, token_problem
from .plivo_calls import PlivoVoice
from .reply import printable

logger = logging.getLogger(__name__)

PAGE = 20  # the most Plivo lists at once
MAX_LISTED = 200_000  # objects after which a list that never ends is given up
MAX_SEARCHED = 400  # offers looked through for one search

_TYPES = {
    NumberType.LOCAL: "local",
    NumberType.MOBILE: "mobile",
    NumberType.TOLL_FREE: "tollfree",
    NumberType.NATIONAL: "national",
}


class PlivoCarrier(PlivoVoice):
    """One Plivo account. ``base_url`` is the host without a path; ``auth_id`` has 20 characters, MA… or SA….

    Raises BadOptions when the credentials can't be Plivo's.
    """

    slug = "plivo"
    label = "Plivo"

    def __init__(
        self,
        base_url: str,
        auth_id: str,
        auth_token: str,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        recorder: Recorder | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        refuse_bad(
            base_url=address_problem(base_url, "https://api.plivo.com"),
            auth_id=shape_problem(
                auth_id, r"(MA|SA)[A-Z0-9]{18}", "MA or SA and 18 capital letters or digits"
            ),
            auth_token=token_problem(auth_token),
        )
        self._http = CarrierHTTP(
            self.slug,
            f"{base_url.rstrip('/')}/v1/Account/{auth_id}",
            (auth_id, auth_token),
            secrets={auth_id: f"{auth_id[:4]}…{auth_id[-2:]}"},
            timeouts=timeouts,
            recorder=recorder,
            transport=transport,
        )
        self._till = CarrierAPI(self._http, parse.purchase_refusal)
        super().__init__(CarrierAPI(self._http, parse.refusal), auth_token)

    def search(self, query: NumberQuery, *, limit: int) -> list[Offer]:
        """At most ``limit`` offers. An offer we can't read is left out and logged: the others still sell."""
        if query.exact and not is_e164(query.exact):
            raise BadRequest("not an E.164 number", carrier=self.slug)
        offers: list[Offer] = []
        for item in self._found(query):
            if len(offers) >= limit:
                break
            offer = self._offer(item, query.country)
            if offer and query.exact in ("", offer.e164):
                offers.append(offer)
        return offers

    def buy(self, e164: str, *, intent_id: str, config: NumberConfig) -> BuyResult:
        """Buy exactly this number. Plivo keeps no tag at purchase: ``configure`` can set one afterwards."""
        digits = self._digits(e164)
        body = without_empty({"app_id": config.route})
        answer = self._till.call("POST", f"PhoneNumber/{digits}/", body=body)
        with self._till.strictly():
            return parse.purchase(answer, digits)

    def find_owned(self, e164: str) -> OwnedNumber | None:
        return self._get_owned(self._digits(e164))

    def list_page(self, cursor: str) -> OwnedPage:
        """Twenty at most; Plivo says with each page how many there are."""
        offset = int(cursor or 0)
        objects, total = self._page("Number/", {}, offset)
        numbers = tuple(self._owned(item) for item in objects)
        after = offset + len(numbers)
        return OwnedPage(numbers, total, str(after) if numbers and after < total else "")

    def list_owned(self) -> Iterator[OwnedNumber]:
        return whole_list(self.list_page, self._api, most=MAX_LISTED // PAGE)

    def configure(self, number_id: str, config: NumberConfig) -> OwnedNumber:
        """Point the number at an Application or a trunk (``route``) and name it (``tag``, Plivo's alias)."""
        digits = self._digits("+" + number_id)
        body = without_empty({"app_id": config.route, "alias": config.tag})
        self._api.call("POST", f"Number/{digits}/", body=body)
        try:  # Plivo's "changed" shows nothing of what it changed
            number = self._get_owned(digits)
        except CarrierError as error:
            error.outcome = Outcome.UNKNOWN
            raise
        if number is None:
            raise NotFound("gone after it was changed", carrier=self.slug, outcome=Outcome.UNKNOWN)
        return number

    def release(self, number_id: str) -> None:
        try:
            self._api.call("DELETE", f"Number/{self._digits('+' + number_id)}/")
        except NotFound:
            logger.info("plivo: %s was released before", number_id)

    def balance(self) -> Money | None:
        answer = self._api.call("GET", "")
        with self._api.strictly():
            return parse.balance(answer)

    def ensure_route(self, route: InboundRoute) -> RouteRef:
        """The Application called ``route.name``; its URLs are brought up to date when they differ."""
        urls = {"answer_url": route.answer_url, "hangup_url": route.hangup_url}
        for objects, _ in self._pages("Application/", {}):
            for item in objects:
                if item.get("app_name") == route.name:
                    return self._updated_route(item, urls)
        methods = {"answer_method": "POST", "hangup_method": "POST"}
        answer = self._api.call("POST", "Application/", body={"app_name": route.name, **urls, **methods})
        return self._route(answer)

    def _updated_route(self, item: Mapping[str, Any], urls: Mapping[str, str]) -> RouteRef:
        ref = self._route(item)
        if any(item.get(key) != url for key, url in urls.items()):
            self._api.call("POST", f"Application/{quote(ref.id, safe='')}/", body=urls)
        return ref

    def _found(self, query: NumberQuery) -> Iterator[dict[str, Any]]:
        params = {
            "country_iso": query.country,
            "type": _TYPES[query.type] if query.type else "",
            "pattern": national_digits(query.exact) if query.exact else query.contains,
            "region": query.region,
            "services": "voice",
        }
        for objects, _ in self._pages("PhoneNumber/", without_empty(params), most=MAX_SEARCHED):
            yield from objects

    def _pages(
        self, path: str, params: Mapping[str, str], most: int = MAX_LISTED
    ) -> Iterator[tuple[list[dict[str, Any]], int]]:
        """Pages of objects, each with the total the carrier names."""
        offset = 0
        while offset < most:
            objects, total = self._page(path, params, offset)
            yield objects, total
            offset += len(objects)
            if not objects or offset >= total:
                return

    def _page(self, path: str, params: Mapping[str, str], offset: int) -> tuple[list[dict[str, Any]], int]:
        answer = self._api.call("GET", path, params={**params, "limit": PAGE, "offset": offset})
        with self._api.strictly():
            return parse.page(answer)

    def _get_owned(self, digits: str) -> OwnedNumber | None:
        try:
            answer = self._api.call("GET", f"Number/{digits}/")
        except NotFound:
            return None
        number = self._owned(answer)
        self._api.expect(number.number_id == digits, "the answer is about another number")
        return number

    def _offer(self, item: Mapping[str, Any], country: str) -> Offer | None:
        try:
            return parse.offer(item, country)
        except ValueError as error:
            logger.warning("plivo: an offer left out: %s", printable(str(error)))
            return None

    def _owned(self, item: Mapping[str, Any]) -> OwnedNumber:
        with self._api.strictly():
            return parse.owned(item)

    def _route(self, item: Mapping[str, Any]) -> RouteRef:
        with self._api.strictly():
            return RouteRef(text(item, "app_id"))

    def _digits(self, e164: str) -> str:
        if not is_e164(e164):
            raise BadRequest("not an E.164 number", carrier=self.slug)
        return e164.removeprefix("+")
