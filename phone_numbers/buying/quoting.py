"""What there is to buy: search, our price, every gate's verdict, and the offer as a form carries it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core import signing
from django.utils.translation import gettext as _

from dialnexa import wallet
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from dialnexa.translations.retelling import retell
from kyc.gate import may_rent
from kyc.requirements import papers_for
from telephony.carriers import carrier_slugs, get_carrier
from telephony.carriers.base import BadRequest, CarrierError, Money, NumberQuery, NumberType, Offer
from telephony.catalogue import sells_in
from telephony.e164 import country_name, parse_e164
from telephony.models import CarrierSlug, Country, RentalRate
from telephony.rates import rental_rates
from telephony.switches import country_enabled

SALT = "number-offer"
SEARCH_DEADLINE = 5.0  # seconds; somebody waits in front of it
# Each search holds a web thread while the carrier thinks. The others stay free for everybody's pages.
_lines = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Check:
    """One gate. ``fix`` names the page that mends it: ``telephony``, ``kyc``, ``wallet`` or nothing."""

    code: str
    ok: bool
    sentence: str
    status: int
    fix: str = ""


@dataclass(frozen=True, slots=True)
class QuotedOffer:
    """An offer with our price (``None`` where we have none) and every gate's verdict, in order."""

    offer: Offer
    carrier: str
    setup_price: Decimal | None
    monthly_price: Decimal | None
    currency: str
    checks: tuple[Check, ...]
    requirements: tuple[str, ...]

    @property
    def total(self) -> Decimal | None:
        """What is due today: setup and the first month."""
        if self.setup_price is None or self.monthly_price is None:
            return None
        return self.setup_price + self.monthly_price

    @property
    def provider(self) -> str:
        """The carrier's name as people know it."""
        return label_of(self.carrier)

    @property
    def blockers(self) -> list[Check]:
        return [check for check in self.checks if not check.ok]

    @property
    def token(self) -> str:
        return sign_offer(self.offer, self.carrier)


def search_offers(
    workspace: Workspace,
    query: NumberQuery,
    *,
    carrier: str,
    now: datetime,
    limit: int = 20,
    patience: float = 0.0,
) -> list[QuotedOffer]:
    """What ``carrier`` sells for ``query`` now, with prices and blockers for this workspace.

    ``patience``: seconds to wait for one of this process' lines to the carriers. Raises Refusal for an
    unknown country or carrier and for what the carrier never sells (400), when the carrier does not answer
    (502), and when too many searches wait for it already (503).
    """
    _refuse_unknown(carrier, query.country)
    try:
        with _line(carrier, patience):
            offers = get_carrier(carrier, deadline=SEARCH_DEADLINE).search(query, limit=limit)
    except BadRequest as error:  # this is how a carrier says that it has no such country or type at all
        sentence = _("%(carrier)s does not sell numbers like these. Choose another country or type.")
        raise Refusal("carrier_does_not_sell", sentence % {"carrier": label_of(carrier)}) from error
    except CarrierError as error:
        sentence = _("%(carrier)s: %(answer)s Try again.")
        told = sentence % {"carrier": label_of(carrier), "answer": retell(error.sentence)}
        raise Refusal(error.code, told, status=502) from error
    rates = rental_rates(carrier, query.country, workspace.currency, now=now)
    gates = _Gates(workspace, carrier, query.country, now)
    return [_quote(offer, rates, gates) for offer in offers]


@contextmanager
def _line(carrier: str, patience: float = 0.0) -> Iterator[None]:
    """One of this process' lines to the carriers, or a refusal once ``patience`` (seconds) is over."""
    if not _lines.acquire(timeout=patience):
        sentence = _("%(carrier)s is busy. Try again in a moment.") % {"carrier": label_of(carrier)}
        raise Refusal("carrier_busy", sentence, status=503)
    try:
        yield
    finally:
        _lines.release()


def refuse_switched_off(workspace: Workspace, *, carrier: str, country: str, now: datetime) -> None:
    """The first gate alone, before a carrier is asked anything. Raises Refusal as a purchase does."""
    _refuse_unknown(carrier, country)
    check = _Gates(workspace, carrier, country, now).country_check()
    if not check.ok:
        raise Refusal(check.code, check.sentence, status=check.status, fix=check.fix)


def quote_offer(workspace: Workspace, offer: Offer, *, carrier: str, now: datetime) -> QuotedOffer:
    """The price and every gate's verdict for one offer, in the order of the gates."""
    number = parse_e164(offer.e164)
    _refuse_unknown(carrier, number.country)
    rates = rental_rates(carrier, number.country, workspace.currency, now=now)
    return _quote(offer, rates, _Gates(workspace, carrier, number.country, now))


def sign_offer(offer: Offer, carrier: str) -> str:
    """The offer as a form may carry it: signed, so that nobody edits it, and good for OFFER_VALID seconds."""
    plain = asdict(offer)
    for name in ("setup_cost", "monthly_cost"):
        plain[name] = [str(plain[name]["amount"]), plain[name]["currency"]]
    return signing.dumps({"carrier": carrier, "offer": plain}, salt=SALT, compress=True)


def read_offer(token: str) -> tuple[str, Offer]:
    """The carrier's slug and the offer from ``sign_offer``. Raises Refusal when it is old or not ours."""
    try:
        signed = signing.loads(token, salt=SALT, max_age=settings.OFFER_VALID)
    except signing.SignatureExpired as error:
        raise Refusal("offer_expired", _("This offer is too old. Search again."), status=409) from error
    except signing.BadSignature as error:
        raise Refusal("offer_invalid", _("This offer was not made by us. Search again.")) from error
    return signed["carrier"], _offer_from(signed["offer"])


def _offer_from(plain: Mapping[str, Any]) -> Offer:
    costs = {name: Money(Decimal(plain[name][0]), plain[name][1]) for name in ("setup_cost", "monthly_cost")}
    lists = {name: tuple(plain[name]) for name in ("capabilities", "requirements")}
    return Offer(**{**plain, **costs, **lists, "type": NumberType(plain["type"])})


def label_of(carrier: str) -> str:
    """The carrier's name as people know it."""
    return str(dict(CarrierSlug.choices).get(carrier, carrier))


def _refuse_unknown(carrier: str, country: str) -> None:
    if carrier not in carrier_slugs():
        sentence = _("We don't buy numbers from this provider. Pick one from the list.")
        raise Refusal("carrier_unknown", sentence)
    if not Country.objects.filter(iso=country, is_offered=True).exists():
        sentence = _("We don't offer numbers in this country. Pick one from the list.")
        raise Refusal("country_unknown", sentence)
    if not sells_in(carrier, country):
        sentence = _("%(carrier)s has no numbers in %(country)s. Pick another provider.")
        told = sentence % {"carrier": label_of(carrier), "country": country_name(country)}
        raise Refusal("country_not_sold", told)


class _Gates:
    """The gates for one workspace, carrier and country; each question is asked once per search."""

    def __init__(self, workspace: Workspace, carrier: str, country: str, now: datetime) -> None:
        self.workspace, self.carrier, self.country, self.now = workspace, carrier, country, now
        self.enabled = country_enabled(workspace, carrier, country)
        self.balance = wallet.balance(workspace)
        self.kyc: dict[str, Check] = {}

    def checks(self, offer: Offer, rate: RentalRate | None) -> tuple[Check, ...]:
        """Every gate's verdict, in the order in which they refuse."""
        return (self.country_check(), self._kyc(offer.type), self._price(rate), self._wallet(rate))

    def country_check(self) -> Check:
        told = {"country": country_name(self.country), "carrier": label_of(self.carrier)}
        return Check("country_not_enabled", self.enabled, self._switched() % told, 400, "telephony")

    def _switched(self) -> str:
        if self.enabled:
            return _("%(country)s is switched on.")
        if len(carrier_slugs()) > 1:
            return _(
                "%(country)s is switched off for this workspace with %(carrier)s. Switch it on in Telephony "
                "Config."
            )
        return _("%(country)s is switched off for this workspace. Switch it on in Telephony Config.")

    def _kyc(self, number_type: str) -> Check:
        if number_type not in self.kyc:
            verdict = may_rent(self.workspace, self.country, number_type, now=self.now)
            self.kyc[number_type] = Check("kyc_required", verdict.allowed, verdict.sentence, 403, "kyc")
        return self.kyc[number_type]

    def _price(self, rate: RentalRate | None) -> Check:
        known = _("The price is known.")
        sentence = known if rate else _("We have no price for this kind of number yet. Ask support.")
        return Check("price_unknown", rate is not None, sentence, 400)

    def _wallet(self, rate: RentalRate | None) -> Check:
        needed = rate.setup + rate.monthly if rate else Decimal(0)
        if self.balance >= needed:
            return Check("wallet_insufficient", True, _("The wallet covers it."), 402, "wallet")
        sentence = wallet.wallet_short(self.workspace, needed).sentence
        return Check("wallet_insufficient", False, sentence, 402, "wallet")


def _quote(offer: Offer, rates: Mapping[str, RentalRate], gates: _Gates) -> QuotedOffer:
    rate = rates.get(offer.type)
    papers = papers_for(gates.country, offer.type)
    return QuotedOffer(
        offer=offer,
        carrier=gates.carrier,
        setup_price=rate.setup if rate else None,
        monthly_price=rate.monthly if rate else None,
        currency=gates.workspace.currency,
        checks=gates.checks(offer, rate),
        requirements=(*((papers,) if papers else ()), *offer.requirements),
    )
