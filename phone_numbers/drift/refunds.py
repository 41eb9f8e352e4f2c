"""Rent back for a number its carrier has lost: what was paid for the time since then, to the second."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from dialnexa import audit, wallet
from dialnexa.actors import SYSTEM, Actor
from dialnexa.money import CENT, format_money
from dialnexa.translations.marking import gettext_noop
from phone_numbers.buying.refunding import is_refundable
from phone_numbers.models import PhoneNumber, RentalCharge
from phone_numbers.telling import tell_rent_back

RESOLUTION = timedelta(seconds=1)
Unused = tuple[RentalCharge, Decimal]


def unused_rent(number: PhoneNumber) -> list[Unused]:
    """The paid periods that reach past the loss, each with what of it goes back.

    Whole cents, rounded down; none for a number that was not lost, or whose whole price goes back anyway.
    """
    since = number.missing_since
    if since is None or is_refundable(number):
        return []
    paid = RentalCharge.objects.filter(rental__number=number, ends_at__gt=since, entry__isnull=False)
    paid = paid.select_related("entry__credit", "workspace").order_by("k")
    parts = [(charge, _part(charge, since)) for charge in paid]
    return [(charge, amount) for charge, amount in parts if amount]


def _part(charge: RentalCharge, since: datetime) -> Decimal:
    whole = charge.ends_at - charge.starts_at
    left = charge.ends_at - max(since, charge.starts_at)
    share = Decimal(left // RESOLUTION) / Decimal(whole // RESOLUTION)
    return (charge.amount * share).quantize(CENT, ROUND_DOWN)


def return_rent(number: PhoneNumber, *, by: Actor, now: datetime) -> Decimal:
    """Put it back into the wallet, once for each period. Returns the sum.

    Call it in the transaction that gives the number up. ``by`` is who set it off; the books name the system.
    """
    system, total = replace(SYSTEM, request_id=by.request_id), Decimal(0)
    for charge, amount in unused_rent(number):
        memo = gettext_noop("%(number)s: rent since it was lost") % {"number": number.e164}
        names = {"subject": number.pk, "reference": f"refund_rent:{number.pk}:{charge.k}", "memo": memo}
        assert charge.entry is not None
        wallet.give_back_part(charge.workspace, charge.entry, amount, **names, by=system, now=now)
        total += amount
    if total:
        currency = charge.currency
        after = {"amount": str(total), "currency": currency}
        audit.record(number, "refund_rent", after=after, by=system, now=now)
        tell_rent_back(number, format_money(total, currency), now=now)
    return total
