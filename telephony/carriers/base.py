"""What a carrier adapter is: the protocol, the values it exchanges, and what its errors know.

An adapter speaks HTTP to one carrier and returns frozen dataclasses. It knows no models and reads no
settings: whoever builds it (``telephony.carriers.get_carrier``) passes everything in. How to add a carrier is
in ``docs/add-a-carrier.md``.

E.164 carries its ``+`` on our side everywhere; the adapter converts where its carrier wants digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from dialnexa.translations.marking import gettext_noop

from .voice import Voice


class NumberType(StrEnum):
    LOCAL = "local"
    MOBILE = "mobile"
    TOLL_FREE = "toll_free"
    NATIONAL = "national"


class Outcome(StrEnum):
    """What is known about a request that failed."""

    NOT_DONE = "not_done"  # the carrier certainly did nothing
    UNKNOWN = "unknown"  # it may have acted: look before doing anything else


class BuyStatus(StrEnum):
    ACTIVE = "active"
    PENDING_COMPLIANCE = "pending_compliance"  # sold to us, papers outstanding
    PAPERS_REFUSED = "papers_refused"  # sold to us, and not usable with the papers the carrier has
    PENDING_CARRIER = "pending_carrier"  # accepted, the carrier is still working on it


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency (ISO 4217)."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class NumberQuery:
    """What to search for. ``contains`` is digits that appear anywhere in the national number."""

    country: str  # ISO 3166-1 alpha-2
    type: NumberType | None = None
    region: str = ""
    contains: str = ""
    exact: str = ""  # E.164 with +: only this one number, for a quote


@dataclass(frozen=True, slots=True)
class Offer:
    """A number the carrier would sell now. Rates are the carrier's own, per month and once."""

    e164: str
    country: str
    type: NumberType
    region: str
    capabilities: tuple[str, ...]  # of "voice", "sms", "mms"
    setup_cost: Money
    monthly_cost: Money
    requirements: tuple[str, ...] = ()  # sentences: what the carrier asks for besides money


@dataclass(frozen=True, slots=True)
class NumberConfig:
    """What a number should be set to at the carrier. ``route`` is a RouteRef id; empty leaves it alone."""

    route: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class InboundRoute:
    """Where the carrier asks what to do with an inbound call. Found by ``name`` before it is created."""

    name: str
    answer_url: str
    hangup_url: str


@dataclass(frozen=True, slots=True)
class RouteRef:
    id: str


@dataclass(frozen=True, slots=True)
class BuyResult:
    status: BuyStatus
    number_id: str  # the carrier's own resource id (Plivo: the digits, Twilio: PN…, SignalWire: a UUID)
    e164: str
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnedNumber:
    """A number in our account at the carrier, as the carrier describes it."""

    number_id: str
    e164: str
    country: str
    type: NumberType | None
    capabilities: tuple[str, ...]
    route: str
    tag: str
    status: BuyStatus
    acquired_at: datetime | None  # UTC; carriers that report a day give its midnight
    next_billing: datetime | None
    monthly_cost: Money | None
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnedPage:
    """A part of the list of owned numbers. ``cursor`` is where the next one begins; empty: this was the last.

    ``total`` is how many the carrier says the whole list has; None where it does not say. A list is no
    snapshot: numbers may come and go between two pages.
    """

    numbers: tuple[OwnedNumber, ...]
    total: int | None
    cursor: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, secrets masked, for the record support reads."""

    carrier: str
    method: str
    url: str
    request_body: str
    status: int | None  # None: no answer
    response_body: str
    error: str
    duration_ms: int


Recorder = Callable[[Exchange], None]


class Carrier(Voice, Protocol):
    """The verbs every carrier offers, those for calls among them (``Voice``).

    All raise CarrierError; none repeats a POST, PUT or DELETE.
    """

    slug: str
    label: str

    def search(self, query: NumberQuery, *, limit: int) -> list[Offer]: ...

    def buy(self, e164: str, *, intent_id: str, config: NumberConfig) -> BuyResult:
        """Buy exactly this number, with one request. ``intent_id`` is stored as a tag where possible."""

    def find_owned(self, e164: str) -> OwnedNumber | None:
        """The number if our account holds exactly it; None only when the carrier definitely said no."""

    def list_page(self, cursor: str) -> OwnedPage:
        """One page of the numbers we own, from ``cursor`` on; "" begins. A number that can't be read spoils
        the page: what is left out would look like a number we lost."""

    def list_owned(self) -> Iterator[OwnedNumber]:
        """All of them. Raises UnexpectedReply rather than passing a part for the whole."""

    def configure(self, number_id: str, config: NumberConfig) -> OwnedNumber:
        """Change the number, read it back, and return what the carrier now says."""

    def release(self, number_id: str) -> None:
        """Give the number back by the carrier's resource id. Already gone counts as released."""

    def balance(self) -> Money | None:
        """The account's credit; None where the carrier does not show it.

        The carrier is asked in any case: AuthFailed says that it does not accept the credentials.
        """

    def ensure_route(self, route: InboundRoute) -> RouteRef:
        """The carrier-side object that points inbound calls at us; found by name, created if absent."""


class CarrierError(Exception):
    """A request to a carrier failed. ``outcome`` says whether it may have taken effect all the same.

    ``text`` is the carrier's own words (masked, for staff); ``sentence`` is what a customer may read.
    """

    outcome = Outcome.NOT_DONE
    code = "carrier_error"
    sentence = gettext_noop("The carrier refused the request.")

    def __init__(
        self,
        text: str = "",
        *,
        carrier: str = "",
        http_status: int | None = None,
        carrier_code: str = "",
        request_id: str = "",
        retry_after: float | None = None,
        outcome: Outcome | None = None,
    ) -> None:
        super().__init__(text or self.sentence)
        self.text = text
        self.carrier = carrier
        self.http_status = http_status
        self.carrier_code = carrier_code
        self.request_id = request_id
        self.retry_after = retry_after  # seconds
        if outcome is not None:
            self.outcome = outcome


class TransportError(CarrierError):
    """No answer. NOT_DONE when the connection was never made; UNKNOWN once bytes of a change were sent."""

    outcome = Outcome.UNKNOWN
    code = "carrier_unreachable"
    sentence = gettext_noop("The carrier did not answer.")


class ServerError(CarrierError):
    """5xx: it may have acted before it failed."""

    outcome = Outcome.UNKNOWN
    code = "carrier_failed"
    sentence = gettext_noop("The carrier reported a fault of its own.")


class UnexpectedReply(CarrierError):
    """A success that does not parse: money may be spent."""

    outcome = Outcome.UNKNOWN
    code = "carrier_unexpected_reply"
    sentence = gettext_noop("The carrier answered something unexpected.")


class RateLimited(CarrierError):
    code = "carrier_rate_limited"
    sentence = gettext_noop("The carrier asks us to slow down.")


class AuthFailed(CarrierError):
    code = "carrier_auth_failed"
    sentence = gettext_noop("The carrier did not accept our credentials.")


class NotPermitted(CarrierError):
    code = "carrier_not_permitted"
    sentence = gettext_noop("Our carrier account may not do this.")


class BadRequest(CarrierError):
    code = "carrier_bad_request"
    sentence = gettext_noop("The carrier did not understand the request.")


class NumberUnavailable(CarrierError):
    code = "number_unavailable"
    sentence = gettext_noop("The number is no longer available at the carrier. Pick another one.")


class ComplianceRequired(CarrierError):
    code = "carrier_compliance_required"
    sentence = gettext_noop("The carrier asks for identity papers first.")


class InsufficientCredit(CarrierError):
    code = "carrier_out_of_credit"
    sentence = gettext_noop("Our account at the carrier is out of credit right now.")


class DestinationRefused(CarrierError):
    code = "carrier_refuses_destination"
    sentence = gettext_noop("The carrier does not place calls to this number.")


class LimitReached(CarrierError):
    code = "carrier_limit_reached"
    sentence = gettext_noop("Our account at the carrier has reached its limit of numbers.")


class ReleaseTooEarly(CarrierError):
    code = "carrier_release_too_early"
    sentence = gettext_noop("The carrier does not take this number back yet.")


class NotFound(CarrierError):
    code = "carrier_not_found"
    sentence = gettext_noop("The carrier does not know this number.")


class Unsupported(CarrierError):
    code = "carrier_unsupported"
    sentence = gettext_noop("This carrier does not offer that.")
