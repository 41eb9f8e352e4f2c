"""What members and their servers are told about rent, and what the history says of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse

from dialnexa import audit
from dialnexa.access import Right
from dialnexa.actors import Actor
from dialnexa.models import Notice
from dialnexa.money import format_money
from dialnexa.notices import Telling, tell_all
from dialnexa.translations.marking import gettext_noop
from dialnexa.webhooks.emitting import Event, emit_all
from dialnexa.webhooks.writing import money
from phone_numbers.emitting import emit_activated
from phone_numbers.models import PhoneNumber, Rental, RentalPrice
from phone_numbers.renting.charging import Payment
from phone_numbers.renting.schedule import Period, grace_end, hold_end
from telephony.e164 import format_international

Tone = Notice.Tone
Unpaid = tuple[Rental, Period]  # and the first period that is due


def why_unpaid(rental: Rental) -> str:
    """Why a renewal did not happen, as a sentence."""
    if not rental.auto_renew:
        return gettext_noop("Automatic renewal is switched off, and nobody paid.")
    return gettext_noop("The wallet did not cover the rent.")


def tell_past_due(unpaid: Sequence[Unpaid], *, by: Actor, now: datetime) -> None:
    """The grace period of these has begun."""
    audit.record_all(
        audit.entry_for(rental, "past_due", by=by, now=now, reason=why_unpaid(rental)) for rental, _ in unpaid
    )
    tell_all((_past_due(rental, period) for rental, period in unpaid), now=now)
    events = [
        _event(rental, "rental.past_due", period.k, works_until=_moment(_works_until(rental)))
        for rental, period in unpaid
    ]
    emit_all(events, now=now)


def _past_due(rental: Rental, period: Period) -> Telling:
    title = gettext_noop("Rent of %(number)s is due") % {"number": _name(rental)}
    body = gettext_noop("%(why)s It works on until %(day)s. Pay %(amount)s before then to keep it.")
    body %= _unpaid_facts(rental, period, _works_until(rental))
    return _telling(rental, f"{period.k}:short", title, body, Tone.TROUBLE)


def _unpaid_facts(rental: Rental, period: Period, ends: datetime) -> dict[str, str]:
    return {
        "why": why_unpaid(rental),
        "day": _day(rental, ends),
        "amount": format_money(period.amount, rental.currency),
    }


def tell_expired(unpaid: Sequence[Unpaid], *, now: datetime) -> None:
    """Calls of these are off; the numbers are kept for a while."""
    tell_all((_expired(rental, period) for rental, period in unpaid), now=now)
    events = [
        _event(rental, "rental.expired", period.k, kept_until=_moment(_kept_until(rental)))
        for rental, period in unpaid
    ]
    emit_all(events, now=now)


def _expired(rental: Rental, period: Period) -> Telling:
    title = gettext_noop("%(number)s has stopped working") % {"number": _name(rental)}
    body = gettext_noop(
        "%(why)s Calls from and to it are refused now. It is kept for you until %(day)s: pay %(amount)s, and "
        "it works again at once, with the same agents."
    )
    body %= _unpaid_facts(rental, period, _kept_until(rental))
    return _telling(rental, f"{period.k}:expired", title, body, Tone.TROUBLE)


def _works_until(rental: Rental) -> datetime:
    assert rental.short_since is not None
    return grace_end(rental.short_since)


def _kept_until(rental: Rental) -> datetime:
    assert rental.expired_at is not None
    return hold_end(rental.expired_at)


def tell_extended(rental: Rental, until: datetime, *, now: datetime) -> None:
    """Support gives more time to pay."""
    body = gettext_noop("It works on until %(day)s. Pay before then.")
    if rental.rental_status == Rental.Status.EXPIRED:
        body = gettext_noop("Support keeps it for you until %(day)s. Pay before then.")
    body %= {"day": _day(rental, until)}
    title = gettext_noop("More time to pay for %(number)s") % {"number": _name(rental)}
    _tell(rental, f"extended:{until:%Y%m%d%H%M}", title, body, Tone.WAITING, now)


def tell_paid(payment: Payment, *, had_expired: bool, now: datetime) -> None:
    """Rent that was overdue is paid."""
    rental, first = payment.rental, payment.periods[0]
    works, is_paid = gettext_noop("%(number)s works again"), gettext_noop("%(number)s is paid")
    title = (works if had_expired else is_paid) % {"number": _name(rental)}
    body = gettext_noop("%(amount)s was charged. It is paid until %(day)s, with the same agents as before.")
    body %= {
        "amount": format_money(payment.total, rental.currency),
        "day": _day(rental, rental.paid_through),
    }
    _tell(rental, f"{first.k}:paid", title, body, Tone.GOOD, now)
    if had_expired:
        _emit(rental, "rental.restored", first.k, now)


def tell_lost(rental: Rental, *, now: datetime) -> None:
    """The hold is over: the number has left the workspace."""
    assert rental.expired_at is not None
    title = gettext_noop("%(number)s is yours no more") % {"number": _name(rental)}
    body = gettext_noop(
        "Its rent was not paid while it was kept for you. Ask support soon if you want it back."
    )
    _tell(rental, f"{rental.paid_periods}:lost", title, body, Tone.TROUBLE, now)
    kept = _moment(hold_end(rental.expired_at))
    _emit(rental, "number.released", rental.paid_periods, now, kept_until=kept)


def tell_assigned(payment: Payment, *, now: datetime) -> None:
    """Support gave the workspace a number."""
    rental, amount = payment.rental, format_money(payment.total, payment.rental.currency)
    body = gettext_noop(
        "Support added it. %(amount)s was charged for the first month. Choose who answers it."
    )
    title = gettext_noop("%(number)s is yours") % {"number": _name(rental)}
    _tell(rental, "assigned", title, body % {"amount": amount}, Tone.GOOD, now)
    emit_activated(rental.number, now=now)


def tell_price(rental: Rental, price: RentalPrice, *, now: datetime) -> None:
    """Its rent changes."""
    old, new = (format_money(x, rental.currency) for x in (rental.monthly_price, price.monthly_price))
    body = gettext_noop("From %(day)s it costs %(new)s a month instead of %(old)s.")
    if price.reason:
        body = gettext_noop("From %(day)s it costs %(new)s a month instead of %(old)s. %(reason)s")
    body %= {"day": _day(rental, price.starts_at), "new": new, "old": old, "reason": price.reason}
    title = gettext_noop("The rent of %(number)s changes") % {"number": _name(rental)}
    _tell(rental, f"price:{price.pk}", title, body.strip(), Tone.WAITING, now)


def note_review(rental: Rental, missed: int, *, by: Actor, now: datetime) -> None:
    """More was missed than is charged by itself: support decides, and the number works meanwhile."""
    due = gettext_noop("%(months)s months are due at once. Support looks at it before anything is charged.")
    reason = due % {"months": missed}
    audit.record(rental, "review", by=by, now=now, reason=reason)


def emit_renewed(payments: Sequence[Payment], *, now: datetime) -> None:
    """Tell the workspaces' servers what was paid, period by period."""
    emit_all(
        [
            Event(
                payment.rental.workspace_id,
                "rental.renewed",
                f"rental.renewed:{payment.rental.pk}:{period.k}",
                payment.rental.number_id,
                partial(_renewed, payment.rental, period),
            )
            for payment in payments
            for period in payment.periods
        ],
        now=now,
    )


def _renewed(rental: Rental, period: Period) -> dict[str, Any]:
    starts_at, ends_at = _moment(period.starts_at), _moment(period.ends_at)
    return _data(rental, amount=money(period.amount), period_start=starts_at, period_end=ends_at)


def _emit(rental: Rental, type: str, k: int, now: datetime, **more: Any) -> None:
    emit_all([_event(rental, type, k, **more)], now=now)


def _event(rental: Rental, type: str, k: int, **more: Any) -> Event:
    reference = f"{type}:{rental.pk}:{k}"
    return Event(rental.workspace_id, type, reference, rental.number_id, partial(_data, rental, **more))


def _data(rental: Rental, **more: Any) -> dict[str, Any]:
    return {
        "number_id": rental.number_id,
        "phone_number": rental.number.e164,
        "rental_status": rental.rental_status,
        "monthly_price": money(rental.monthly_price),
        "currency": rental.currency,
        "paid_through": _moment(rental.paid_through),
        **more,
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _day(rental: Rental, at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(rental.time_zone)):%-d %B %Y}"


def _name(rental: Rental) -> str:
    return format_international(rental.number.e164)


def _tell(rental: Rental, what: str, title: str, body: str, tone: Notice.Tone, now: datetime) -> None:
    tell_all([_telling(rental, what, title, body, tone)], now=now)


def _telling(rental: Rental, what: str, title: str, body: str, tone: Notice.Tone) -> Telling:
    number: PhoneNumber = rental.number
    return Telling(
        rental.workspace,
        reference=f"rent:{rental.pk}:{what}",
        right=Right.MANAGE,
        title=title,
        body=body,
        page=reverse("numbers:number", args=[rental.workspace.slug, number.pk]),
        tone=tone,
    )
