"""What a call costs, and which rate decides.

The called number decides: the longest prefix that it begins with, among the rates of its country's network
groups at the carrier. A rate without a prefix prices its whole group, which is the group's prefixes, or the
country when the group has none. Of the rates for one prefix the latest that has begun counts. When several
rates are left at the same length, one that names the prefix goes before one for a whole group, then the one
that began last, then the one written last.

A call over a customer's own carrier has one flat rate, wherever it goes. A call that leaves over no carrier
(a web call) has no price.

The same question has three answers that must be equal: ``rate_call`` asks PostgreSQL (one indexed query, any
moment), ``rate_tables`` a dictionary in this process (now and later), ``rate_intervals`` arrays (batches).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from telephony.e164 import E164, Unreadable, read_destination
from telephony.models import CallRate, CarrierSlug
from telephony.rates import sip_rate

PLACES = 10**6  # a price has six decimal places, as the columns have
SIP_PULSE = 60  # seconds
OUTBOUND = CallRate.Direction.OUTBOUND.value
LOOK_UP = "SELECT * FROM telephony_deciding_rate(%s, %s, %s, %s, %s, %s)"


class CallPrice(NamedTuple):
    """What one call costs. ``rate_id`` is the CallRate that decided (over a customer's own carrier the
    SipRate), ``prefix`` the digits that matched (empty: the whole country) and ``network_group`` its id.
    """

    rate_id: int
    prefix: str
    network_group: str
    group_name: str
    per_minute: Decimal
    pulse_seconds: int
    connection_fee: Decimal
    valid_from: datetime
    currency: str

    def price_of(self, duration_seconds: int) -> Decimal:
        """The exact price of a call that lasted so long from answer to end; nothing when it did not last.

        Begun pulses count whole. The minutes' price is rounded once, half up, to six places; the connection
        fee is added. Raises ValueError for less than no time.
        """
        if duration_seconds < 0:
            raise ValueError("A call can't last less than no time.")
        if not duration_seconds:
            return Decimal(0)
        seconds = -(-duration_seconds // self.pulse_seconds) * self.pulse_seconds
        sixtieths = int(self.per_minute * PLACES) * seconds
        return Decimal((sixtieths + 30) // 60).scaleb(-6) + self.connection_fee


def rate_call(
    number: str | E164, *, carrier: str, currency: str, direction: str = OUTBOUND, at: datetime
) -> CallPrice | None:
    """What a call to ``number`` costs at the moment ``at`` (aware). One indexed query.

    ``number`` is as somebody writes it, or read; ``carrier`` a slug, ``currency`` ISO 4217, ``direction``
    outbound or inbound. None where nothing is priced, and for a text that is no number.
    """
    if carrier == CarrierSlug.SIP_TRUNK:
        return _flat(currency, at)
    read = number if isinstance(number, E164) else read_destination(number)
    if isinstance(read, Unreadable) or not read.country:
        return None
    with connection.cursor() as cursor:
        cursor.execute(LOOK_UP, [carrier, read.country, read.e164[1:], direction, currency, at])
        rows = cursor.fetchall()
    return next((CallPrice._make((*row, currency)) for row in rows), None)


def _flat(currency: str, at: datetime) -> CallPrice | None:
    rate = sip_rate(currency, now=at)
    if rate is None:
        return None
    return CallPrice(
        rate_id=rate.pk,
        prefix="",
        network_group="",
        group_name=CarrierSlug.SIP_TRUNK.label,
        per_minute=rate.per_minute,
        pulse_seconds=SIP_PULSE,
        connection_fee=Decimal(0),
        valid_from=rate.valid_from,
        currency=currency,
    )
