"""What adapters of JSON APIs share: a call answers with an object or raises what the refusal means."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from telephony.e164 import is_e164, national_digits

from .base import BadRequest, CarrierError, NumberQuery, Offer, UnexpectedReply
from .http import CarrierHTTP
from .reply import Reply, printable
from .voice import OutboundCall

logger = logging.getLogger(__name__)

MAX_PAGES = 1000  # after which a list that never ends is given up


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal as the carrier worded it; ``kind`` is what it means."""

    kind: type[CarrierError]
    text: str
    code: str = ""
    request_id: str = ""


class CarrierAPI:
    """JSON calls through ``http``. ``read_refusal`` says what an answer outside 2xx means."""

    def __init__(self, http: CarrierHTTP, read_refusal: Callable[[Reply], Refused]) -> None:
        self._http = http
        self._read_refusal = read_refusal

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, str | Sequence[str]] | None = None,
    ) -> dict[str, Any]:
        reply = self._http.request(method, path, params=params, body=body, form=form)
        if not 200 <= reply.status < 300:
            raise self._refusal(reply)
        if reply.status == 204 and method == "DELETE":
            return {}
        with self.strictly():
            return reply.json()

    def page(
        self,
        path: str,
        params: Mapping[str, str | int],
        read: Callable[[dict[str, Any]], tuple[list[dict[str, Any]], str]],
    ) -> tuple[list[dict[str, Any]], dict[str, str | int]]:
        """The objects of one page, and the arguments of the next one; none: there is no next one."""
        answer = self.call("GET", path, params=params)
        with self.strictly():
            objects, link = read(answer)
            return objects, self._following(path, link) if link else {}

    def pages(
        self,
        path: str,
        params: Mapping[str, str | int],
        read: Callable[[dict[str, Any]], tuple[list[dict[str, Any]], str]],
    ) -> Iterator[list[dict[str, Any]]]:
        """Pages of objects. ``read`` finds in an answer its objects and the link to the next page, or ""."""
        asked = dict(params)
        for _ in range(MAX_PAGES):
            objects, asked = self.page(path, asked, read)
            yield objects
            if not asked:
                return
        raise UnexpectedReply("the list does not end", carrier=self._http.carrier)

    def expect(self, condition: bool, otherwise: str) -> None:
        if not condition:
            raise UnexpectedReply(otherwise, carrier=self._http.carrier)

    @contextmanager
    def strictly(self) -> Iterator[None]:
        """Whatever a success can't be read as makes it an UnexpectedReply: money may be spent."""
        try:
            yield
        except ValueError as error:
            text = printable(self._http.masked(str(error)))
            raise UnexpectedReply(text, carrier=self._http.carrier) from error

    def _following(self, path: str, link: str) -> dict[str, str | int]:
        """The arguments in ``link``. Only they are used: credentials never go where an answer points."""
        here = urlsplit(self._http.url(path))
        there = urlsplit(urljoin(here.geturl(), link))
        if (there.netloc, there.path) != (here.netloc, here.path):
            raise ValueError("the next page is somewhere else")
        if not there.query:
            raise ValueError("the next page is the first one")
        return dict(parse_qsl(there.query, keep_blank_values=True))

    def _refusal(self, reply: Reply) -> CarrierError:
        refused = self._read_refusal(reply)
        shown = printable(self._http.masked(refused.text or reply.text))
        if refused.kind in (BadRequest, UnexpectedReply):
            logger.warning(
                "%s: no meaning known for %d %s: %s",
                self._http.carrier,
                reply.status,
                printable(refused.code, 40),
                shown,
            )
        return refused.kind(
            shown,
            carrier=self._http.carrier,
            http_status=reply.status,
            carrier_code=printable(refused.code, 40),
            request_id=printable(refused.request_id, 80),
            retry_after=reply.retry_after,
        )


def check_query(query: NumberQuery, carrier: str) -> None:
    """Raises BadRequest for a query that no carrier can be asked: nothing odd gets into a URL."""
    if not re.fullmatch(r"[A-Z]{2}", query.country, re.ASCII):
        raise BadRequest("not a country", carrier=carrier)
    if query.exact:
        check_number(query.exact, carrier)


def check_number(e164: str, carrier: str) -> None:
    if not is_e164(e164):
        raise BadRequest("not an E.164 number", carrier=carrier)


def check_call(call: OutboundCall, carrier: str) -> None:
    """Raises BadRequest for a call that no carrier can be asked to place."""
    check_number(call.to, carrier)
    check_number(call.from_, carrier)
    for url in (call.answer_url, call.status_url):
        if not re.fullmatch(r"https?://[!-~]{1,2000}", url):
            raise BadRequest("not a URL that a carrier could ask", carrier=carrier)
    if call.ring_seconds < 1 or call.limit_seconds < 1:
        raise BadRequest("no time to ring or to talk", carrier=carrier)


def answers(offer: Offer, query: NumberQuery) -> bool:
    """Whether this is the exact number, or has the digits, that were asked for: carriers match loosely."""
    if query.exact:
        return offer.e164 == query.exact
    return not query.contains.isdecimal() or query.contains in national_digits(offer.e164)


def without_empty(fields: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in fields.items() if value}
