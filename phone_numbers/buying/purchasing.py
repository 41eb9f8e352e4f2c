"""Placing an order: the gates, and one transaction.

``place_order`` writes the order, holds the money and makes the pending number, or changes nothing. It does
not ask the carrier: ``fulfilment`` does that, from the order row. Requests with one key take turns, so none
is refused while another one may still get through.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from dialnexa import audit, wallet
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from dialnexa.spending import refuse_over_cap
from dialnexa.translations.marking import gettext_noop
from phone_numbers.buying.quoting import QuotedOffer, quote_offer
from phone_numbers.buying.strays import refuse_leaving
from phone_numbers.models import NumberOrder, PhoneNumber
from phone_numbers.naming import clean_name
from phone_numbers.routes.routing import usable_version
from telephony.carriers.base import Offer
from telephony.e164 import parse_e164
from telephony.limits.allowances import read_allowances
from telephony.limits.orders import refuse_too_many
from telephony.limits.reached import note_reached
from telephony.models import AgentVersion

KEY_LIMIT = 120


def place_order(
    workspace: Workspace,
    offer: Offer,
    *,
    carrier: str,
    idempotency_key: str,
    expected_total: Decimal | None,
    by: Actor,
    now: datetime,
    nickname: str = "",
    label: str = "",
    inbound: AgentVersion | None = None,
) -> NumberOrder:
    """Order this number: order row, money held, pending number and history, in one transaction.

    The same ``idempotency_key`` for the same number gives the same order again. ``expected_total`` is what
    the buyer was shown (in the workspace's currency); None skips that check. ``inbound``, a published version
    of this workspace, answers the number from the moment it is active. Raises Refusal: 400 bad number or
    name, country not enabled; 402 wallet or the API key's spend cap; 403 KYC; 409 taken or price changed; 422
    key reused; 429 too many in an hour.
    """
    _refuse_bad_key(idempotency_key)
    names = {name: clean_name(name, text) for name, text in (("nickname", nickname), ("label", label))}
    try:
        with transaction.atomic():
            _take_turn(workspace, idempotency_key)
            if earlier := find_order(workspace, idempotency_key, offer.e164):
                return earlier
            quote = _quote(workspace, offer, carrier, expected_total, now)
            return _write_order(workspace, quote, idempotency_key, names, inbound, by, now)
    except IntegrityError as error:
        if broken_constraint(error) in {"one_live_owner", "one_open_order"}:
            raise number_taken(offer.e164, buyer=workspace) from error
        raise
    except Refusal as refusal:
        note_reached(workspace, refusal, now=now)
        raise


def _take_turn(workspace: Workspace, key: str) -> None:
    """Wait until whoever placed an order with this key has got through or come to nothing."""
    with connection.cursor() as cursor:
        named = f"order:{workspace.pk}:{key}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [named])


def _quote(
    workspace: Workspace, offer: Offer, carrier: str, expected_total: Decimal | None, now: datetime
) -> QuotedOffer:
    """The price, once every gate has let it pass."""
    if held := _held(workspace, parse_e164(offer.e164).e164):  # in another tab, whatever else is wrong
        raise _already_yours(held)
    quote = quote_offer(workspace, offer, carrier=carrier, now=now)
    _refuse_blocked(workspace, quote, expected_total)
    return quote


def number_taken(e164: str, *, buyer: Workspace) -> Refusal:
    """The refusal for a number that is taken. The buyer's own says so; else the same words whoever has it."""
    if held := _held(buyer, e164):
        return _already_yours(held)
    return Refusal(
        "number_taken",
        _("%(number)s was taken a moment ago. Nothing was charged. Pick another number.") % {"number": e164},
        status=409,
    )


def _held(workspace: Workspace, e164: str) -> PhoneNumber | None:
    """The workspace's own live number, if it is that."""
    live = PhoneNumber.objects.filter(e164=e164, status__in=PhoneNumber.LIVE)
    return live.filter(workspace=workspace).first()


def _already_yours(number: PhoneNumber) -> Refusal:
    """``number_id`` in the details leads to it."""
    sentence = _("You already have %(number)s. Nothing more was charged.")
    if number.status == PhoneNumber.Status.RELEASING:
        sentence = _("You are giving %(number)s back. It can be bought again when the carrier has taken it.")
    elif number.status == PhoneNumber.Status.PENDING:
        sentence = _("You are buying %(number)s already. Nothing more was charged.")
    told = sentence % {"number": number.e164}
    return Refusal("number_taken", told, status=409, number_id=number.pk)


def _write_order(
    workspace: Workspace,
    quote: QuotedOffer,
    key: str,
    names: dict[str, str],
    inbound: AgentVersion | None,
    by: Actor,
    now: datetime,
) -> NumberOrder:
    assert quote.setup_price is not None
    assert quote.monthly_price is not None
    if by.api_key:
        refuse_over_cap(by.api_key, quote.setup_price + quote.monthly_price, now=now)
    inbound = inbound and usable_version(workspace.pk, inbound, "inbound")
    refuse_leaving(quote.offer.e164)
    number = _pending_number(workspace, quote, names, now)
    order = NumberOrder.objects.create(
        workspace=workspace,
        number=number,
        placed_by=by.user,
        api_key=by.api_key,
        idempotency_key=key,
        inbound_version=inbound,
        carrier=quote.carrier,
        e164=number.e164,
        setup_price=quote.setup_price,
        monthly_price=quote.monthly_price,
        currency=quote.currency,
        next_run_at=now,
        created_at=now,
    )
    memo = gettext_noop("Purchase of %(number)s") % {"number": number.e164}
    wallet.hold(workspace, order.total, subject=order.id, memo=memo, by=by, now=now)
    refuse_too_many(read_allowances(workspace, at=now, key=by.api_key), now=now)
    price = {"total": str(order.total), "currency": order.currency, "carrier": order.carrier}
    answered = {"answered_by": str(inbound)} if inbound else {}
    audit.record(order, "place", after={"status": "placed", **price, **answered}, by=by, now=now)
    audit.record(number, "create", after={"status": "pending"}, by=by, now=now)
    return order


def _pending_number(
    workspace: Workspace, quote: QuotedOffer, names: dict[str, str], now: datetime
) -> PhoneNumber:
    offer, number = quote.offer, parse_e164(quote.offer.e164)
    return PhoneNumber.objects.create(
        workspace=workspace,
        e164=number.e164,
        country=number.country,
        calling_code=str(number.calling_code),
        national_number=number.national_number,
        type=offer.type.value,
        region=offer.region[:120],
        capabilities=list(offer.capabilities),
        **names,
        carrier=quote.carrier,
        carrier_monthly_cost=offer.monthly_cost.amount,
        carrier_currency=offer.monthly_cost.currency,
        created_at=now,
    )


def find_order(workspace: Workspace, key: str, e164: str) -> NumberOrder | None:
    """The order this key placed before. Raises Refusal 422 when it was for another number."""
    order = NumberOrder.objects.filter(workspace=workspace, idempotency_key=key).first()
    if order and order.e164 != e164:
        raise Refusal(
            "idempotency_key_reused",
            _("This request already ordered %(number)s. Open the search again to buy another number.")
            % {"number": order.e164},
            status=422,
        )
    return order


def _refuse_bad_key(key: str) -> None:
    if not key or len(key) > KEY_LIMIT or "\x00" in key:
        sentence = _("The idempotency key must have 1 to %(most)s characters.") % {"most": KEY_LIMIT}
        raise Refusal("idempotency_key_invalid", sentence)


def _refuse_blocked(workspace: Workspace, quote: QuotedOffer, expected_total: Decimal | None) -> None:
    for check in quote.blockers:
        if check.code == "wallet_insufficient" and quote.total is not None:
            raise wallet.wallet_short(workspace, quote.total)
        raise Refusal(check.code, check.sentence, status=check.status, fix=check.fix)
    if expected_total is not None and expected_total != quote.total:
        raise Refusal(
            "price_changed",
            _("The price changed since you looked. Search again to see the new one."),
            status=409,
            total=str(quote.total),
        )


def broken_constraint(error: IntegrityError) -> str:
    """The name of the constraint that refused a row; empty when the database does not say."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
