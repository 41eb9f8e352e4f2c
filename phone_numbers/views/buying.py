"""The Buy modal: what you look for, what there is, and the order."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from dialnexa import clock
from dialnexa.access import Right, browser_actor, get_workspace
from dialnexa.doorbell import ring_on_commit
from dialnexa.errors import Refusal
from dialnexa.http import Request
from dialnexa.ids import new_id
from dialnexa.models import Workspace
from dialnexa.money import format_money
from dialnexa.responses import done
from dialnexa.shell import sign_in_required
from dialnexa.translations.retelling import retell
from phone_numbers.buying.purchasing import place_order
from phone_numbers.buying.quoting import Check, QuotedOffer, quote_offer, read_offer, search_offers
from phone_numbers.forms import OfferSearchForm
from phone_numbers.models import NumberOrder
from phone_numbers.tasks import fulfil_order
from telephony.carriers.base import Offer
from telephony.e164 import format_international
from telephony.limits.allowances import read_allowances
from telephony.limits.orders import refusal_now

LIMIT = 20


@dataclass(frozen=True, slots=True)
class OfferForm:
    """One offer ready to be bought. The key is minted with the form: a double click carries the same one."""

    quote: QuotedOffer
    key: str = field(default_factory=lambda: new_id("idk"))
    nickname: str = ""
    refusal: Refusal | None = None


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
@sign_in_required
def buy(request: Request, slug: str) -> HttpResponse:
    """GET: search. POST: order one of the offers."""
    workspace = get_workspace(request, slug, Right.MANAGE)
    return order(request, workspace) if request.method == "POST" else search(request, workspace)


def search(request: Request, workspace: Workspace) -> HttpResponse:
    """The dialog, or only its offers when htmx asks for those; a page of its own without scripts."""
    only_offers = bool(request.htmx) and request.htmx.target == "offers"
    form = OfferSearchForm(workspace, request.GET.dict())
    context: dict[str, Any] = {"workspace": workspace, "form": form, "limit": LIMIT, "common_blockers": []}
    if only_offers or form.was_asked and not request.htmx:
        context |= _find(workspace, form)
    return render(request, _template(request, only_offers), context)


def _template(request: Request, only_offers: bool) -> str:
    if not request.htmx:
        return "numbers/buy.html"
    return "numbers/_offers.html" if only_offers else "numbers/_buy.html"


def _find(workspace: Workspace, form: OfferSearchForm) -> dict[str, Any]:
    """The offers, or what kept us from getting them."""
    if not form.is_valid():
        return {"is_answered": True}
    try:
        quotes = search_offers(
            workspace, form.query(), carrier=form.cleaned_data["provider"], now=clock.now(), limit=LIMIT
        )
    except Refusal as refusal:
        return {"is_answered": True, "refusal": refusal}
    return {
        "is_answered": True,
        "offers": [OfferForm(quote) for quote in quotes],
        "common_blockers": [*_common_blockers(quotes), *_turn(workspace)],
    }


def _turn(workspace: Workspace) -> list[Check]:
    """That no more numbers may be ordered this hour, where it is so: said before somebody presses Buy."""
    now = clock.now()
    refusal = refusal_now(read_allowances(workspace, at=now), now=now)
    return [Check(refusal.code, False, refusal.sentence, refusal.status, "limits")] if refusal else []


def _common_blockers(quotes: list[QuotedOffer]) -> list[Check]:
    """What blocks every one of several offers, to be said once above them."""
    if len(quotes) < 2:
        return []
    codes = set.intersection(*({check.code for check in quote.blockers} for quote in quotes))
    return [check for check in quotes[0].blockers if check.code in codes]


def order(request: Request, workspace: Workspace) -> HttpResponse:
    """Place the order; what is refused comes back beside the offer."""
    carrier, offer = "", None
    try:
        carrier, offer = read_offer(request.POST.get("token", ""))
        placed = place_order(
            workspace,
            offer,
            carrier=carrier,
            idempotency_key=request.POST.get("idempotency_key", ""),
            expected_total=_amount(request.POST.get("expected_total", "")),
            nickname=request.POST.get("nickname", ""),
            by=browser_actor(request),
            now=clock.now(),
        )
        _refuse_ended(placed)
    except Refusal as refusal:
        return _refused(request, workspace, _quote_again(workspace, carrier, offer), refusal)
    if placed.is_open:
        ring_on_commit(fulfil_order, order_id=placed.id)
    return _placed(request, workspace, placed)


def _refuse_ended(placed: NumberOrder) -> None:
    """A form sent again may be answered by its first order, and that one may have failed meanwhile."""
    if placed.status == NumberOrder.Status.REJECTED:
        number = format_international(placed.e164)
        why = retell(placed.failure_reason) or _("the carrier did not sell it.")
        told = _("%(number)s was not bought: %(why)s") % {"number": number, "why": why}
        raise Refusal("order_rejected", told, status=409)


def _quote_again(workspace: Workspace, carrier: str, offer: Offer | None) -> QuotedOffer | None:
    """The offer for the form that says what went wrong, if it can still be had."""
    if offer is None:
        return None
    try:
        return quote_offer(workspace, offer, carrier=carrier, now=clock.now())
    except Refusal:
        return None


def _amount(text: str) -> Decimal:
    """What the buyer was shown. Anything but a plain amount can't have come from our form."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise Refusal("price_missing", _("The form arrived without its price. Search again."))
    return amount


def _placed(request: Request, workspace: Workspace, placed: NumberOrder) -> HttpResponse:
    number = format_international(placed.e164)
    said = _("Buying %(number)s. %(amount)s is reserved.")
    sentence = said % {"number": number, "amount": format_money(placed.total, placed.currency)}
    if not placed.is_open:
        sentence = _("%(number)s is yours already.") % {"number": number}
    if request.htmx:
        return done(sentence, "close-modal", "numbers-changed")
    messages.success(request, sentence)
    return redirect("numbers:list", workspace.slug)


def _refused(
    request: Request, workspace: Workspace, quote: QuotedOffer | None, refusal: Refusal
) -> HttpResponse:
    context: dict[str, Any] = {"workspace": workspace, "refusal": refusal, "common_blockers": []}
    if quote:
        # The same key again: nothing was ordered with it, unless a first click is still on its way.
        used = "" if refusal.code == "order_rejected" else request.POST.get("idempotency_key", "")[:120]
        key = used or new_id("idk")
        context["offer"] = OfferForm(quote, key, request.POST.get("nickname", "")[:300], refusal)
    if request.htmx:
        return render(request, "numbers/_offer_form.html", context, status=422)
    context |= {
        "form": OfferSearchForm(workspace, _search_of(quote)),
        "offers": [context["offer"]] if quote else [],
    }
    context |= {"is_answered": True, "limit": LIMIT, "is_retry": True}
    return render(request, "numbers/buy.html", context, status=refusal.status)


def _search_of(quote: QuotedOffer | None) -> dict[str, str]:
    """The search in which this offer was found, more or less."""
    return {"provider": quote.carrier, "country": quote.offer.country} if quote else {}
