"""Rents, what was charged for them and what they change to, for support staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from dialnexa.admin_lists import state_filter
from dialnexa.admin_looks import dot, exact_money, pill
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import Watch, desk
from dialnexa.admin_timeline import Section, link_to
from phone_numbers.admin import rent_work as work
from phone_numbers.admin.find import phone
from phone_numbers.models import PhoneNumber, Rental, RentalCharge, RentalPrice

RUNNING = Q(ended_at=None)
REVIEW = RUNNING & Q(review_since__isnull=False)
RentState = state_filter(
    paid=("Paid", lambda now: RUNNING & Q(short_since=None, review_since=None)),
    due=("Due", lambda now: RUNNING & Q(rental_status="active", short_since__isnull=False)),
    expired=("Stopped", lambda now: RUNNING & Q(rental_status="expired")),
    review=("To decide", lambda now: REVIEW),
    ended=("Ended", lambda now: Q(ended_at__isnull=False)),
)


@admin.register(Rental)
class RentalAdmin(ReadOnlyAdmin):
    shelf = "Numbers"
    shows_history = True
    list_display = ("number_", "workspace", "state", "price", "paid_through", "auto_renew")
    list_filter = (RentState, "auto_renew", "currency")
    list_select_related = ("number", "workspace")
    search_fields = ("id__exact", "number__id__exact", "number__e164", "workspace__slug__exact")
    ordering = ("-id",)
    staff_actions = (work.CHANGE_PRICE, work.CHARGE_MISSED, work.WAIVE_MISSED, work.EXTEND)

    @admin.display(description="Number", ordering="number__e164")
    def number_(self, rental: Rental) -> SafeString:
        return phone(rental.number.e164)

    @admin.display(description="State", ordering="rental_status")
    def state(self, rental: Rental) -> SafeString:
        if rental.ended_at:
            return pill("off", rental_word(rental))
        if rental.review_since:
            return dot("waiting", "To decide")
        is_due = rental.short_since and rental.rental_status == Rental.Status.ACTIVE
        return dot("waiting", "Due") if is_due else pill(rental.rental_status, rental_word(rental))

    @admin.display(description="Monthly", ordering="monthly_price")
    def price(self, rental: Rental) -> str:
        return exact_money(rental.monthly_price, rental.currency)

    def sections(self, item: Rental, request: HttpRequest) -> Sequence[Section]:
        changes = [
            (link_to(price, _day(price)), self.price_of(item, price), price.reason)
            for price in item.prices.all()
        ]
        table = Section("Changes of the price", head=("From", "Monthly", "Reason"), rows=changes)
        return (rent_of(item.number), table) if changes else (rent_of(item.number),)

    def price_of(self, rental: Rental, price: RentalPrice) -> str:
        return exact_money(price.monthly_price, rental.currency)


def _day(price: RentalPrice) -> str:
    return f"{localtime(price.starts_at):%-d %b %Y}"


@admin.register(RentalCharge)
class RentalChargeAdmin(ReadOnlyAdmin):
    shelf = "Numbers"
    list_display = ("rental", "k", "amount", "currency", "starts_at", "ends_at", "entry")
    list_select_related = ("rental", "entry")
    search_fields = ("rental__id__exact", "rental__number__id__exact", "entry__id__exact")
    ordering = ("-id",)


@admin.register(RentalPrice)
class RentalPriceAdmin(ReadOnlyAdmin):
    shelf = "Numbers"
    list_display = ("rental", "monthly_price", "starts_at", "reason")
    list_select_related = ("rental",)
    search_fields = ("rental__id__exact", "rental__number__id__exact")
    ordering = ("-starts_at",)


def rental_word(rental: Rental) -> str:
    """Its state; that it ended counts for more."""
    return f"Ended {rental.ended_at:%d %b %Y}" if rental.ended_at else rental.get_rental_status_display()


def rent_of(number: PhoneNumber) -> Section:
    """What the number's rent cost, month by month, for its page."""
    charges = RentalCharge.objects.filter(rental__number=number).select_related("rental", "entry")
    rows = [
        (
            link_to(charge, f"Month {charge.k + 1}"),
            f"{charge.starts_at:%d %b %Y} – {charge.ends_at:%d %b %Y}",
            exact_money(charge.amount, charge.currency),
            link_to(charge.entry, charge.entry_id) if charge.entry_id else "free",
            link_to(charge.rental, rental_word(charge.rental)),
        )
        for charge in charges
    ]
    return Section("Rent", head=("Paid for", "Period", "Amount", "Entry", "Rental"), rows=rows)


def _reviews(now: datetime) -> QuerySet:
    return Rental.objects.filter(REVIEW)


desk().watch(Watch("Rents to decide", "Several months due at once", _reviews, "state=review"))
