"""Twilio's REST API: form fields over HTTPS, Basic authentication, numbers in E.164.

Twilio has no idempotency key. Only one named number is ever bought (never "any in this area code"), and our
intent id is stored with it as FriendlyName, so that a number found after a doubt can be shown to be ours.

Buying a number that is ours already is no error at Twilio: it is answered like a sale and changes the number.
Our database's unique index of live numbers is what keeps a second order for it from getting this far, and
``acquired_at`` (Twilio reports the second) tells an old holding from a new one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from telephony.e164 import national_digits

from . import twilio_objects as parse
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
from .fields import matching, objects, optional
from .http import DEFAULT_TIMEOUTS, CarrierHTTP, Timeouts
from .listing import linked_page, whole_list
from .options import address_problem, refuse_bad, shape_problem, token_problem
from .regions import region_code
from .reply import printable
from .twilio_calls import TwilioVoice

logger = logging.getLogger(__name__)

PAGE = 1000  # the most Twilio lists at once
LARGEST_SEARCH = 100  # offers asked for at once
NUMBERS = "IncomingPhoneNumbers"


class TwilioCarrier(TwilioVoice):
    """One Twilio account. ``base_url`` and ``pricing_url`` are hosts without a path; ``account_sid`` is AC
    and 32 hexadecimal digits. Raises BadOptions when the credentials can't be Twilio's."""

    slug = "twilio"
    label = "Twilio"

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        base_url: str = "https://api.twilio.com",
        pricing_url: str = "https://pricing.twilio.com",
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        recorder: Recorder | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        refuse_bad(
            account_sid=shape_problem(account_sid, "AC[0-9a-fA-F]{32}", "AC and 32 hexadecimal digits"),
            auth_token=token_problem(auth_token),
            base_url=address_problem(base_url, "https://api.twilio.com"),
            pricing_url=address_problem(pricing_url, "https://pricing.twilio.com"),
        )

        def api(url: str) -> CarrierAPI:
            http = CarrierHTTP(
                self.slug,
                url,
                (account_sid, auth_token),
                secrets={account_sid: f"{account_sid[:4]}…{account_sid[-2:]}"},
                timeouts=timeouts,
                recorder=recorder,
                transport=transport,
            )
            return CarrierAPI(http, parse.refusal)

        self._api = api(f"{base_url.rstrip('/')}/2010-04-01/Accounts/{account_sid}")
        self._pricing = api(f"{pricing_url.rstrip('/')}/v1")
        super().__init__(self._api, auth_token)

    def search(self, query: NumberQuery, *, limit: int) -> list[Offer]:
        """At most ``limit`` offers. An offer we can't read or price is left out and logged.

        A country or type that Twilio does not sell has none.
        """
        check_query(query, self.slug)
        offers: list[Offer] = []
        costs: Mapping[NumberType, Money] | None = None
        for kind in self._kinds(query):
            if len(offers) >= limit:
                break
            items = self._available(query, kind, limit)
            if items and costs is None:
                costs = self._prices(query.country)
            offers += [offer for item in items if (offer := self._offer(item, query, kind, costs or {}))]
        return offers[:limit]

    def buy(self, e164: str, *, intent_id: str, config: NumberConfig) -> BuyResult:
        """Buy exactly this number and name it after the intent. ``config.tag`` can be set afterwards."""
        check_number(e164, self.slug)
        form = {"PhoneNumber": e164, "FriendlyName": intent_id, **_route_fields(config)}
        answer = self._api.call("POST", f"{NUMBERS}.json", form=without_empty(form))
        with self._api.strictly():
            return parse.purchase(answer, e164)

    def find_owned(self, e164: str) -> OwnedNumber | None:
        """Twilio's filter also finds numbers that are only alike, so every answer is compared."""
        check_number(e164, self.slug)
        return next((number for number in self._owned({"PhoneNumber": e164}) if number.e164 == e164), None)

    def list_page(self, cursor: str) -> OwnedPage:
        """Twilio does not say how many there are."""
        reader = _reader("incoming_phone_numbers")
        return linked_page(self._api, f"{NUMBERS}.json", {"PageSize": PAGE}, cursor, reader, parse.owned)

    def list_owned(self) -> Iterator[OwnedNumber]:
        return whole_list(self.list_page, self._api)

    def configure(self, number_id: str, config: NumberConfig) -> OwnedNumber:
        """Point the number at an Application (AP…) or trunk (TK…) and name it. Returns Twilio's answer,
        which is the number as it now is."""
        path = self._path_of(number_id)
        fields = {"FriendlyName": config.tag, **_route_fields(config)}
        answer = self._api.call("POST", path, form=without_empty(fields))
        with self._api.strictly():
            number = parse.owned(answer)
        self._api.expect(number.number_id == number_id, "the answer is about another number")
        return number

    def release(self, number_id: str) -> None:
        try:
            self._api.call("DELETE", self._path_of(number_id))
        except NotFound:
            logger.info("twilio: %s was released before", number_id)

    def balance(self) -> Money | None:
        answer = self._api.call("GET", "Balance.json")
        with self._api.strictly():
            return parse.balance(answer)

    def ensure_route(self, route: InboundRoute) -> RouteRef:
        """The TwiML Application called ``route.name``; its URLs are brought up to date when they differ."""
        urls = {"VoiceUrl": route.answer_url, "StatusCallback": route.hangup_url}
        params: dict[str, str | int] = {"FriendlyName": route.name, "PageSize": PAGE}
        for page in self._api.pages("Applications.json", params, _reader("applications")):
            for item in page:
                if item.get("friendly_name") == route.name:
                    return self._updated_route(item, route, urls)
        methods = {"VoiceMethod": "POST", "StatusCallbackMethod": "POST"}
        form = {"FriendlyName": route.name, **urls, **methods}
        return self._route(self._api.call("POST", "Applications.json", form=form))

    def _updated_route(
        self, item: Mapping[str, Any], route: InboundRoute, urls: Mapping[str, str]
    ) -> RouteRef:
        ref = self._route(item)
        current = (optional(item, "voice_url"), optional(item, "status_callback"))
        if current != (route.answer_url, route.hangup_url):
            self._api.call("POST", f"Applications/{ref.id}.json", form=urls)
        return ref

    def _route(self, item: Mapping[str, Any]) -> RouteRef:
        with self._api.strictly():
            return RouteRef(matching(item, "sid", parse.APPLICATION_SID))

    def _kinds(self, query: NumberQuery) -> list[NumberType]:
        if query.type:
            return [query.type]
        try:
            answer = self._api.call("GET", f"AvailablePhoneNumbers/{query.country}.json")
        except NotFound:
            return []
        with self._api.strictly():
            return parse.kinds(answer)

    def _available(self, query: NumberQuery, kind: NumberType, limit: int) -> list[dict[str, Any]]:
        path = f"AvailablePhoneNumbers/{query.country}/{parse.RESOURCES[kind]}.json"
        wanted = national_digits(query.exact) if query.exact else query.contains
        params = {
            "VoiceEnabled": "true",
            "Contains": wanted if len(wanted) > 1 else "",  # Twilio takes no pattern of one character
            **_place_filter(query),
            "PageSize": str(max(1, min(limit, LARGEST_SEARCH))),
        }
        try:
            answer = self._api.call("GET", path, params=without_empty(params))
        except NotFound:
            return []
        with self._api.strictly():
            return objects(answer, "available_phone_numbers")

    def _prices(self, country: str) -> Mapping[NumberType, Money]:
        answer = self._pricing.call("GET", f"PhoneNumbers/Countries/{country}")
        with self._pricing.strictly():
            return parse.prices(answer)

    def _offer(
        self,
        item: Mapping[str, Any],
        query: NumberQuery,
        kind: NumberType,
        costs: Mapping[NumberType, Money],
    ) -> Offer | None:
        try:
            offer = parse.offer(item, query.country, kind, costs)
        except ValueError as error:
            logger.warning("twilio: an offer left out: %s", printable(str(error)))
            return None
        return offer if answers(offer, query) else None

    def _owned(self, params: Mapping[str, str]) -> Iterator[OwnedNumber]:
        asked: dict[str, str | int] = {**params, "PageSize": PAGE}
        for page in self._api.pages(f"{NUMBERS}.json", asked, _reader("incoming_phone_numbers")):
            with self._api.strictly():
                numbers = [parse.owned(item) for item in page]
            yield from numbers

    def _path_of(self, number_id: str) -> str:
        if not parse.NUMBER_SID.fullmatch(number_id):
            raise BadRequest("not a Twilio number's sid", carrier=self.slug)
        return f"{NUMBERS}/{number_id}.json"


def _route_fields(config: NumberConfig) -> dict[str, str]:
    return {"TrunkSid" if config.route.startswith("TK") else "VoiceApplicationSid": config.route}


def _place_filter(query: NumberQuery) -> dict[str, str]:
    """By state or province where Twilio knows them, else by city."""
    if code := region_code(query.country, query.region):
        return {"InRegion": code}
    return {"InLocality": query.region}


def _reader(key: str) -> Any:
    return lambda answer: (objects(answer, key), optional(answer, "next_page_uri"))
