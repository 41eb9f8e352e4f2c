"""What one row of the table says: status and why, what is being done, who answers, what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dialnexa.translations.retelling import retell
from phone_numbers.buying.refunding import is_refundable
from phone_numbers.models import NumberOrder, PhoneNumber, Rental
from phone_numbers.number_table.filters import SOON
from phone_numbers.rent_pages.card import works_until
from telephony.models import AgentVersion, CarrierSlug

BRISK, CALM, SLOW = 2, 5, 30  # seconds between two looks at an open row
TONES = {"active": "ok", "pending": "waiting", "releasing": "waiting", "failed": "trouble", "released": "off"}
DOING = {
    NumberOrder.Status.PLACED: _("in line to be bought"),
    NumberOrder.Status.BUYING: _("asking %(carrier)s to sell it to you"),
    NumberOrder.Status.UNCERTAIN: _("asking %(carrier)s whether the purchase went through"),
}
TRUNK_FAILS = {
    "unreachable": _("Your carrier does not answer over SIP."),
    "unauthorized": _("Your carrier refuses the trunk's credentials."),
}
RENTAL_TONES = {"active": "ok", "expired": "trouble", "available_for_reassignment": "off"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an order; ``state`` is done, now, later or failed."""

    title: str
    state: str
    at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """``doing`` is empty unless something is under way; ``poll`` is 0 then."""

    number: PhoneNumber
    order: NumberOrder | None
    rental: Rental | None
    status: str
    tone: str
    reason: str
    doing: str
    since: datetime | None
    poll: int
    is_due_soon: bool

    @property
    def is_failed(self) -> bool:
        return self.number.status == PhoneNumber.Status.FAILED

    @property
    def is_open(self) -> bool:
        return self.poll > 0

    @property
    def is_releasable(self) -> bool:
        """Whether its page offers to give it back; what still uses it is said there."""
        number = self.number
        waits = number.status == PhoneNumber.Status.PENDING and number.carrier_number_id
        return number.status == PhoneNumber.Status.ACTIVE or bool(waits)

    @property
    def rental_status(self) -> str:
        """The word for the rental; empty for numbers nobody rents, such as those of one's own carrier."""
        if self.rental is None:
            return ""
        if self.rental.ended_at:
            return gettext("Ended")
        return gettext("Due") if self.works_until else self.rental.get_rental_status_display()

    @property
    def rental_tone(self) -> str:
        if self.rental is None or self.rental.ended_at:
            return "off"
        return "waiting" if self.works_until else RENTAL_TONES[self.rental.rental_status]

    @property
    def works_until(self) -> datetime | None:
        """When it stops, where its rent could not be paid; None for all others."""
        return works_until(self.rental) if self.rental else None

    @property
    def renews_at(self) -> datetime | None:
        return self.rental.paid_through if self.rental and not self.rental.ended_at else None

    @property
    def is_renewed_by_hand(self) -> bool:
        """Nothing is charged by itself: somebody has to pay, or it stops."""
        return bool(self.rental and not self.rental.ended_at and not self.rental.auto_renew)

    @property
    def steps(self) -> list[Step]:
        return order_steps(self)

    @property
    def search_again(self) -> str:
        """The query string of a search for numbers like this one."""
        number = self.number
        return urlencode({"provider": number.carrier, "country": number.country, "type": number.type})

    @property
    def call_type(self) -> str:
        inbound, outbound = self.number.inbound_version_id, self.number.outbound_version_id
        if inbound and outbound:
            return gettext("Both")
        return gettext("Inbound") if inbound else gettext("Outbound") if outbound else gettext("None")

    @property
    def agents(self) -> list[tuple[str, AgentVersion]]:
        """(direction, version), inbound first."""
        pair = (("in", self.number.inbound_version), ("out", self.number.outbound_version))
        return [(direction, version) for direction, version in pair if version]

    @property
    def monthly_price(self) -> Decimal | None:
        if self.is_failed or self.rental and self.rental.ended_at:
            return None
        paying = self.rental or self.order
        return paying.monthly_price if paying else None

    @property
    def currency(self) -> str:
        paying = self.rental or self.order
        return paying.currency if paying else ""


def read_row(number: PhoneNumber, now: datetime) -> Row:
    """The row of a number that came with its relations (``table.row_of`` or a table's page)."""
    order, rental = getattr(number, "order", None), getattr(number, "rental", None)
    status, tone, reason = _status(number, rental)
    doing, since = _doing(number, order)
    due_soon = rental is not None and not rental.ended_at and rental.paid_through <= now + SOON
    return Row(number, order, rental, status, tone, reason, doing, since, _poll(since, now), due_soon)


def _status(number: PhoneNumber, rental: Rental | None) -> tuple[str, str, str]:
    """The word, its tone, and why. "Unavailable" is derived: active, but not fit for production."""
    if number.status == PhoneNumber.Status.ACTIVE:
        why = _unfit(number, rental)
        if why:
            return gettext("Unavailable"), "trouble", why
    if _is_stopped(number):
        return gettext("Unavailable"), "trouble", number.status_reason
    return number.get_status_display(), TONES[number.status], number.status_reason


def _is_stopped(number: PhoneNumber) -> bool:
    """Bought, and not switched on: the carrier refused its papers, or says nothing for too long."""
    order = getattr(number, "order", None)
    waits = number.status == PhoneNumber.Status.PENDING
    return waits and order is not None and not order.is_open and order.review_since is not None


def _unfit(number: PhoneNumber, rental: Rental | None) -> str:
    if rental and rental.rental_status != Rental.Status.ACTIVE:
        return gettext("Rent is overdue: calls are off until it is paid.")
    if getattr(number, "kyc_suspended", False):
        return gettext("KYC is suspended for %(country)s.") % {"country": number.country}
    if number.missing_since:
        carrier = number.get_carrier_display()
        return gettext("%(carrier)s does not carry it at the moment: calls fail.") % {"carrier": carrier}
    trunk = getattr(number, "trunk", None)
    return str(TRUNK_FAILS.get(trunk.health, "")) if trunk else ""


def _doing(number: PhoneNumber, order: NumberOrder | None) -> tuple[str, datetime | None]:
    """What the system is doing, and since when."""
    if order and order.is_open:
        since = order.doubted_at if order.status == NumberOrder.Status.UNCERTAIN else None
        carrier = number.get_carrier_display()
        return DOING[NumberOrder.Status(order.status)] % {"carrier": carrier}, since or order.created_at
    if number.status == PhoneNumber.Status.PENDING and not _is_stopped(number):
        bought = order.finished_at if order else None
        usual = gettext("waiting for the carrier to switch it on")
        if number.carrier == CarrierSlug.SIP_TRUNK:
            usual = gettext("asking your carrier whether it answers")
        doing = retell(number.status_reason).rstrip(".।") or usual
        return doing, bought or number.created_at
    return "", None


def _poll(since: datetime | None, now: datetime) -> int:
    """Seconds until the next look: brisk for a minute, then calmer."""
    if since is None:
        return 0
    age = now - since
    return BRISK if age < timedelta(minutes=1) else CALM if age < timedelta(minutes=10) else SLOW


def order_steps(row: Row) -> list[Step]:
    """Placed, with the carrier, active: where the purchase stands."""
    order, number = row.order, row.number
    assert order
    placed = Step(gettext("Placed"), "done", order.created_at)
    if order.is_open:
        now = Step(gettext("With the carrier"), "now", note=row.doing)
        return [placed, now, Step(gettext("Active"), "later", note=gettext("When the carrier has sold it"))]
    if order.status == NumberOrder.Status.REJECTED:
        return [
            placed,
            Step(gettext("Not bought"), "failed", order.finished_at),
            Step(gettext("Active"), "later"),
        ]
    bought = Step(gettext("Bought"), "done", order.finished_at)
    if is_refundable(number):
        return [placed, bought, Step(gettext("Papers refused"), "failed", number.papers_refused_at)]
    if number.status == PhoneNumber.Status.PENDING:
        return [placed, bought, Step(gettext("Being switched on"), "now", note=row.doing)]
    return [placed, bought, Step(gettext("Active"), "done", number.activated_at)]
