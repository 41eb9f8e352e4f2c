"""Paying rent by hand: what is due, and months ahead."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.spending import refuse_over_cap
from phone_numbers.models import PhoneNumber, Rental
from phone_numbers.renting import telling
from phone_numbers.renting.charging import Payment, charge_rent, refuse_short
from phone_numbers.renting.restoring import restore
from phone_numbers.renting.schedule import coming_periods, due_periods


def quote_rent(rental: Rental, months: int, *, now: datetime) -> Payment:
    """What ``pay_rent`` charges for so many months: the first is the one that has not been paid longest.

    Raises Refusal 400 ``months_wrong`` for fewer than are due, fewer than 1, or more than RENT_AHEAD_MOST
    beyond what is due; 409 ``rental_ended``, ``number_missing`` while its carrier does not carry it.
    """
    if rental.ended_at:
        raise Refusal("rental_ended", _("This number is not rented any more."), status=409)
    if rental.number.missing_since:
        sentence = _(
            "%(carrier)s does not carry this number at the moment, so it costs no rent. Support knows."
        )
        carrier = rental.number.get_carrier_display()
        raise Refusal("number_missing", sentence % {"carrier": carrier}, status=409)
    least, most = months_payable(rental, now=now)
    if most < least:
        sentence = _("It is paid until %(day)s, which is as far ahead as rent can be paid.")
        raise Refusal("months_wrong", sentence % {"day": _day(rental.paid_through)})
    if not least <= months <= most:
        raise Refusal("months_wrong", _months_to_choose(least, most))
    return Payment(rental, list(islice(coming_periods(rental, list(rental.prices.all())), months)))


def _months_to_choose(least: int, most: int) -> str:
    sentence = ngettext("Choose %(most)s month to pay now.", "Choose %(most)s months to pay now.", most)
    if least < most:
        sentence = _("Choose %(least)s to %(most)s months to pay now.")
    return sentence % {"least": least, "most": most}


def _day(at: datetime) -> str:
    return date_format(localtime(at), "j F Y")


def months_payable(rental: Rental, *, now: datetime) -> tuple[int, int]:
    """The fewest and the most months that can be paid now; the most is less than the fewest for none."""
    due = len(due_periods(rental, now=now))
    ahead = settings.RENT_AHEAD_MOST - _months_ahead(rental, now)
    return max(due, 1), due + max(ahead, 0)


def pay_rent(number: PhoneNumber, *, months: int, paid_through: datetime, by: Actor, now: datetime) -> Rental:
    """Pay so many months of a number's rent, those that are due first; an expired number works again.

    ``paid_through`` is what the payer saw: who presses twice pays once. Raises Refusal: 400 and 409 as
    ``quote_rent``, 409 ``rent_paid_already`` when it is another by now, 402 for the wallet or the API key's
    cap.
    """
    with transaction.atomic():
        rows = Rental.objects.select_related("number", "workspace").filter(number=number)
        rental = rows.select_for_update(of=("self",), no_key=True).first()
        if rental is None:
            raise Refusal(
                "no_rental", _("%(number)s costs no rent here.") % {"number": number.e164}, status=409
            )
        if rental.paid_through != paid_through:
            sentence = _("It has been paid in the meantime, until %(day)s. Look again before paying more.")
            told = sentence % {"day": _day(rental.paid_through)}
            raise Refusal("rent_paid_already", told, status=409)
        payment = quote_rent(rental, months, now=now)
        if by.api_key:
            refuse_over_cap(by.api_key, payment.total, now=now)
        refuse_short(rental.workspace, rental.currency, payment.total)
        was_short = rental.short_since is not None
        charge_rent([payment], by=by, now=now)
        if was_short:
            restore(payment, by=by, now=now)
        telling.emit_renewed([payment], now=now)
    return rental


def _months_ahead(rental: Rental, now: datetime) -> int:
    """How many whole periods that have not begun are paid already."""
    return rental.charges.filter(starts_at__gt=now).count()
