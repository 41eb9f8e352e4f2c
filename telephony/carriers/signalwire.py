"""SignalWire's Relay REST API: JSON over HTTPS, Basic authentication, numbers in E.164.

Its number search has no argument for a country and sells American and Canadian numbers, so no other country
is ever asked about: the answer would be American numbers. It reports no prices: the account's contract names
them, and the installation is told. It has no idempotency key and stores nothing of ours at purchase: after a
doubt, ``find_owned`` is the only truth. It shows no balance, and takes a number back only 14 days after its
purchase (30 for a trial account).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from telephony.e164 import national_digits, number_type

from . import signalwire_objects as parse
from .api import CarrierAPI, answers, check_number, check_query, without_empty
from .base import (
    BadRequest,
    BuyResult,
    InboundRoute,
    Money,
    NotFound,
    NumberConfig,
    NumberQuery,
    NumberType,
    Offer,
    OwnedNumber,
    OwnedPage,
    Recorder,
    RouteRef,
)
from .fields import price
from .http import DEFAULT_TIMEOUTS, CarrierHTTP, Timeouts
from .listing import linked_page, whole_list
from .options import address_problem, rate_problem, refuse_bad, shape_problem, token_problem
from .regions import region_code
from .reply import printable
from .signalwire_calls import SignalWireVoice

logger = logging.getLogger(__name__)

PAGE = 1000  # the most SignalWire lists at once
LARGEST_SEARCH = 100  # the most it offers at once
CURRENCY = "USD"  # what SignalWire bills in
NUMBERS = "phone_numbers"
COUNTRIES = ("US", "CA")
PROVINCES = ("ON", "QC", "BC", "AB", "MB", "SK", "NS", "NB")  # asked in turn: they mean Canada
WIRE_TYPES = {NumberType.LOCAL: "local", NumberType.TOLL_FREE: "toll-free"}
SHORTEST_PATTERN, LONGEST_PATTERN = 3, 7  # digits


class SignalWireCarrier(SignalWireVoice):
    """One SignalWire project. ``base_url`` is the space's host without a path, https://….signalwire.com.

    ``signing_key`` is what the project signs its webhooks with. ``local_rate`` and ``toll_free_rate`` are
    what it pays for a number, in US dollars a month, as decimal text. Raises BadOptions when the credentials
    or rates can't be right.
    """

    slug = "signalwire"
    label = "SignalWire"

    def __init__(
        self,
        base_url: str,
        project_id: str,
        api_token: str,
        *,
        signing_key: str,
        local_rate: str,
        toll_free_rate: str,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        recorder: Recorder | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        refuse_bad(
            base_url=address_problem(base_url, "https://your-space.signalwire.com"),
            project_id=shape_problem(project_id, parse.NUMBER_ID.pattern, "a UUID in small letters"),
            api_token=token_problem(api_token),
            signing_key=token_problem(signing_key),
            local_rate=rate_problem(local_rate),
            toll_free_rate=rate_problem(toll_free_rate),
        )
        rates = {"local_rate": local_rate, "toll_free_rate": toll_free_rate}
        self._rates: Mapping[NumberType, Money] = {
            NumberType.LOCAL: price(rates, "local_rate", CURRENCY),
            NumberType.TOLL_FREE: price(rates, "toll_free_rate", CURRENCY),
        }

        def http(path: str) -> CarrierHTTP:
            return CarrierHTTP(
                self.slug,
                f"{base_url.rstrip('/')}{path}",
                (project_id, api_token),
                secrets={project_id: f"{project_id[:4]}…{project_id[-2:]}", signing_key: "***"},
                timeouts=timeouts,
                recorder=recorder,
                transport=transport,
            )

        relay = http("/api/relay/rest")
        self._api = CarrierAPI(relay, parse.refusal)
        self._till = CarrierAPI(relay, parse.purchase_refusal)
        compatible = http(f"/api/laml/2010-04-01/Accounts/{project_id}")
        super().__init__(CarrierAPI(compatible, parse.call_refusal), signing_key)

    def search(self, query: NumberQuery, *, limit: int) -> list[Offer]:
        """At most ``limit`` offers, of the country that was asked for. One we can't read is left out, logged.

        Countries other than US and CA, and types that SignalWire does not have, have no offers.
        """
        check_query(query, self.slug)
        offers: dict[str, Offer] = {}
        for kind, params in _searches(query):
            if len(offers) >= limit:
                break
            answer = self._api.call("GET", f"{NUMBERS}/search", params=params)
            with self._api.strictly():
                items = parse.offers(answer)
            found = (offer for item in items if (offer := self._offer(item, query, kind)))
            offers |= {offer.e164: offer for offer in found}
        return list(offers.values())[:limit]

    def buy(self, e164: str, *, intent_id: str, config: NumberConfig) -> BuyResult:
        """Buy exactly this number. SignalWire takes nothing else with it: ``configure`` comes afterwards."""
        check_number(e164, self.slug)
        answer = self._till.call("POST", NUMBERS, body={"number": e164})
        with self._till.strictly():
            return parse.purchase(answer, e164)

    def find_owned(self, e164: str) -> OwnedNumber | None:
        """SignalWire's filter finds every number with these digits in it, so each one is compared."""
        check_number(e164, self.slug)
        return next(
            (
                number
                for number in self._owned({"filter_number": e164.removeprefix("+")})
                if number.e164 == e164
            ),
            None,
        )

    def list_page(self, cursor: str) -> OwnedPage:
        """SignalWire does not say how many there are."""
        return linked_page(self._api, NUMBERS, {"page_size": PAGE}, cursor, parse.page, parse.owned)

    def list_owned(self) -> Iterator[OwnedNumber]:
        return whole_list(self.list_page, self._api)

    def configure(self, number_id: str, config: NumberConfig) -> OwnedNumber:
        """Point the number at the URLs of a route and name it. Returns SignalWire's answer, which is the
        number as it now is."""
        body = {**without_empty({"name": config.tag}), **_route_fields(config.route)}
        answer = self._api.call("PUT", self._path_of(number_id), body=body)
        with self._api.strictly():
            number = parse.owned(answer)
        self._api.expect(number.number_id == number_id, "the answer is about another number")
        return number

    def release(self, number_id: str) -> None:
        """Raises ReleaseTooEarly within SignalWire's 14 days."""
        try:
            self._api.call("DELETE", self._path_of(number_id))
        except NotFound:
            logger.info("signalwire: %s was released before", number_id)

    def balance(self) -> Money | None:
        """None: the API does not show it. It is asked something small all the same."""
        self._api.call("GET", NUMBERS, params={"page_size": 1})
        return None

    def ensure_route(self, route: InboundRoute) -> RouteRef:
        """SignalWire keeps the URLs with each number, so the reference is the URLs. Nothing is sent."""
        return RouteRef(f"{route.answer_url} {route.hangup_url}".strip())

    def _offer(self, item: Mapping[str, Any], query: NumberQuery, kind: NumberType) -> Offer | None:
        try:
            offer = parse.offer(item, kind, self._rates[kind])
        except ValueError as error:
            logger.warning("signalwire: an offer left out: %s", printable(str(error)))
            return None
        fits = offer.country == query.country and answers(offer, query) and _is_in(offer, query.region)
        return offer if fits else None

    def _owned(self, params: Mapping[str, str]) -> Iterator[OwnedNumber]:
        for page in self._api.pages(NUMBERS, {**params, "page_size": PAGE}, parse.page):
            with self._api.strictly():
                numbers = [parse.owned(item) for item in page]
            yield from numbers

    def _path_of(self, number_id: str) -> str:
        if not parse.NUMBER_ID.fullmatch(number_id):
            raise BadRequest("not a SignalWire number's id", carrier=self.slug)
        return f"{NUMBERS}/{number_id}"


def _searches(query: NumberQuery) -> Iterator[tuple[NumberType, dict[str, str | int]]]:
    """The requests that answer ``query``, each with the type it finds. None for what isn't sold."""
    if query.country not in COUNTRIES:
        return
    for kind, wire in WIRE_TYPES.items():
        if _type_of(query) in (None, kind):
            params: dict[str, str | int] = {"number_type": wire, "max_results": LARGEST_SEARCH}
            for place in _places(query, kind):
                yield kind, {**params, **_digits(query), **place}


def _type_of(query: NumberQuery) -> NumberType | None:
    return query.type or (number_type(query.exact) if query.exact else None)


def _places(query: NumberQuery, kind: NumberType) -> list[dict[str, str]]:
    """Where to look. Toll-free numbers are nowhere: not in a region, and they count as American."""
    if kind is NumberType.TOLL_FREE:
        return [] if query.region or query.country != "US" else [{}]
    if code := region_code(query.country, query.region):
        return [{"region": code}]
    if query.country == "CA" and not query.exact:
        return [{"region": province} for province in PROVINCES]
    return [{}]


def _is_in(offer: Offer, region: str) -> bool:
    """Cities can't be asked for without their state, so they are compared with what was found."""
    return bool(region_code(offer.country, region)) or region.casefold() in offer.region.casefold()


def _digits(query: NumberQuery) -> dict[str, str]:
    """A pattern has 3 to 7 digits. Whatever is longer or shorter is compared with what was found."""
    if query.exact:
        national = national_digits(query.exact)
        return {"areacode": national[:3], "ends_with": national[3:]}
    if len(query.contains) < SHORTEST_PATTERN:
        return {}
    return {"contains": query.contains[:LONGEST_PATTERN]}


def _route_fields(route: str) -> dict[str, str]:
    if not route:
        return {}
    answer_url, _, hangup_url = route.partition(" ")
    webhooks = {"call_handler": parse.WEBHOOKS, "call_request_url": answer_url, "call_request_method": "POST"}
    if not hangup_url:
        return webhooks
    return webhooks | {"call_status_callback_url": hangup_url, "call_status_callback_method": "POST"}
