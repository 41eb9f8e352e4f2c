"""What members are told about numbers: one notice for each thing that happened."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse

from dialnexa.access import Right
from dialnexa.models import LedgerEntry, Notice
from dialnexa.money import format_money
from dialnexa.notices import tell
from dialnexa.translations.marking import gettext_noop
from phone_numbers.buying.quoting import label_of
from phone_numbers.models import NumberOrder, PhoneNumber, SipTrunk
from telephony.e164 import format_international

Tone = Notice.Tone
FAILS = gettext_noop("The SIP trunk of %(number)s fails")
ANSWERS = gettext_noop("The SIP trunk of %(number)s answers again")
FAILING = (SipTrunk.Health.UNREACHABLE, SipTrunk.Health.UNAUTHORIZED)


def tell_refused_order(order: NumberOrder, why: str, *, now: datetime) -> None:
    """``why`` is for the customer, and says that nothing was charged."""
    title = gettext_noop("%(number)s was not bought") % {"number": format_international(order.e164)}
    _tell(order.number, f"order:{order.pk}:rejected", title, why, tone=Tone.TROUBLE, now=now)


def tell_doubt_ended(order: NumberOrder, *, is_active: bool, now: datetime) -> None:
    """The number whose purchase had been in doubt is ours; ``is_active``: it can be used."""
    title = gettext_noop("%(number)s is yours") % {"number": format_international(order.e164)}
    body = gettext_noop(
        "%(carrier)s confirmed the purchase that had been in doubt. It is switched on once its papers are "
        "accepted."
    )
    if is_active:
        body = gettext_noop(
            "%(carrier)s confirmed the purchase that had been in doubt. The number is active."
        )
    body %= {"carrier": label_of(order.carrier)}
    _tell(order.number, f"order:{order.pk}:fulfilled", title, body, tone=Tone.GOOD, now=now)


def tell_refund(number: PhoneNumber, entry: LedgerEntry, why: str, *, now: datetime) -> None:
    amount = format_money(entry.amount, entry.currency)
    body = gettext_noop("What %(number)s cost has been returned. %(why)s")
    body %= {"number": format_international(number.e164), "why": why}
    title = gettext_noop("%(amount)s is back in the wallet") % {"amount": amount}
    _tell(number, entry.reference, title, body, tone=Tone.GOOD, now=now)


def tell_released(number: PhoneNumber, *, now: datetime) -> None:
    """The carrier has it back; only now is that certain."""
    title = gettext_noop("%(number)s has gone back") % {"number": format_international(number.e164)}
    body = gettext_noop("%(carrier)s has taken it back. It costs nothing any more.")
    body %= {"carrier": label_of(number.carrier)}
    _tell(number, f"number:{number.pk}:released", title, body, tone=Tone.WAITING, now=now)


def tell_lost(number: PhoneNumber, *, now: datetime) -> None:
    """The carrier does not have it as ours. Once for each time that happens."""
    title = gettext_noop("%(number)s does not work at the moment")
    title %= {"number": format_international(number.e164)}
    body = gettext_noop(
        "%(carrier)s does not carry the number any more, so calls to and from it fail. No rent is charged "
        "while that is so. Support has been told; you need not do anything."
    )
    body %= {"carrier": label_of(number.carrier)}
    reference = f"number:{number.pk}:missing:{now:%Y%m%d%H%M%S}"
    _tell(number, reference, title, body, tone=Tone.TROUBLE, now=now)


def tell_rent_back(number: PhoneNumber, amount: str, *, now: datetime) -> None:
    """``amount`` is back for the time since the carrier lost it, and the number is given up."""
    title = gettext_noop("%(amount)s is back in the wallet") % {"amount": amount}
    body = gettext_noop(
        "%(carrier)s has lost %(number)s for good, so it has left the workspace. The rent paid for the time "
        "since then has been returned."
    )
    body %= {"carrier": label_of(number.carrier), "number": format_international(number.e164)}
    _tell(number, f"number:{number.pk}:rent-back", title, body, tone=Tone.GOOD, now=now)


def tell_returned(number: PhoneNumber, *, now: datetime) -> None:
    """The carrier that had lost it has it again; ``missing_since`` still says since when."""
    title = gettext_noop("%(number)s works again") % {"number": format_international(number.e164)}
    body = gettext_noop("%(carrier)s carries the number again. Rent goes on as before.")
    body %= {"carrier": label_of(number.carrier)}
    reference = f"number:{number.pk}:returned:{number.missing_since or now:%Y%m%d%H%M%S}"
    _tell(number, reference, title, body, tone=Tone.GOOD, now=now)


def tell_adopted(number: PhoneNumber, *, now: datetime) -> None:
    """Support gave it to the workspace whose order for it had been refused."""
    title = gettext_noop("%(number)s is yours after all") % {"number": format_international(number.e164)}
    body = gettext_noop("%(carrier)s had sold it although the order ended. Choose who answers it.")
    body %= {"carrier": label_of(number.carrier)}
    _tell(number, f"number:{number.pk}:adopted", title, body, tone=Tone.GOOD, now=now)


def tell_trunk_health(trunk: SipTrunk, *, before: str, after: str, why: str, now: datetime) -> None:
    """``before`` and ``after`` are healths. Once a day of the workspace for each way, if it turned at all."""
    number = {"number": format_international(trunk.number.e164)}
    if before == SipTrunk.Health.HEALTHY and after in FAILING:
        way, tone, title, body = "failing", Tone.TROUBLE, FAILS % number, why
    elif before in FAILING and after == SipTrunk.Health.HEALTHY:
        way, tone, title = "healthy", Tone.GOOD, ANSWERS % number
        body = gettext_noop("%(host)s answers. Calls can use the number.") % {"host": trunk.termination}
    else:
        return
    day = now.astimezone(ZoneInfo(trunk.workspace.time_zone)).date()
    _tell(trunk.number, f"trunk:{trunk.pk}:{way}:{day.isoformat()}", title, body, tone=tone, now=now)


def _tell(
    number: PhoneNumber, reference: str, title: str, body: str, *, tone: Notice.Tone, now: datetime
) -> None:
    workspace = number.workspace
    page = reverse("numbers:number", args=[workspace.slug, number.pk])
    tell(
        workspace,
        reference=reference,
        right=Right.MANAGE,
        title=title,
        body=body,
        page=page,
        tone=tone,
        now=now,
    )
