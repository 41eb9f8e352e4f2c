"""Which numbers would call less when something is switched off in Telephony Config."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from django.db.models import Count, QuerySet
from django.utils.translation import ngettext

from dialnexa.countries import country_name
from phone_numbers.models import PhoneNumber
from telephony import switch_effects
from telephony.e164 import format_international
from telephony.models import CarrierSlug
from telephony.switch_effects import SHOWN, Effect, SwitchOff
from telephony.switches import enabled_groups

Words = Callable[[int], str]  # of a count of numbers


def numbers_stopped(off: SwitchOff, now: datetime) -> Iterator[Effect]:
    """Those with an agent to call from them, at the carrier; SIP/BYOC: at any carrier of ours."""
    if off.is_sip:
        yield from _held_again(off) if off.over_sip else ()
    elif off.narrowed:
        numbers = _calling(off).filter(carrier=off.carrier)
        yield from _told(
            numbers, _lost(off), {"carrier": CarrierSlug(off.carrier).label, "what": _named(off)}
        )


def _calling(off: SwitchOff) -> QuerySet[PhoneNumber]:
    numbers = PhoneNumber.objects.filter(workspace=off.workspace, status=PhoneNumber.Status.ACTIVE)
    return numbers.filter(outbound_version__isnull=False).order_by("e164")


def _lost(off: SwitchOff) -> Words:
    if off.left:
        return lambda count: ngettext(
            "One number calls over %(carrier)s and could no longer call %(what)s.",
            "%(count)s numbers call over %(carrier)s and could no longer call %(what)s.",
            count,
        )
    return lambda count: ngettext(
        "One number calls over %(carrier)s and could call nowhere any more: nothing else is on at "
        "%(carrier)s.",
        "%(count)s numbers call over %(carrier)s and could call nowhere any more: nothing else is on at "
        "%(carrier)s.",
        count,
    )


def _named(off: SwitchOff) -> str:
    names = ", ".join(group.name for group in off.groups)
    return country_name(off.countries[0].iso) if len(off.groups) > 1 else names


def _held_again(off: SwitchOff) -> Iterator[Effect]:
    numbers = _calling(off).exclude(carrier=CarrierSlug.SIP_TRUNK)
    carriers = numbers.order_by().values_list("carrier").annotate(count=Count("pk")).order_by("carrier")
    for carrier, _count in carriers:
        label = CarrierSlug(carrier).label
        countries = enabled_groups(off.workspace, carrier).values("country").distinct().count()
        said = {"carrier": label, "countries": countries}
        yield from _told(numbers.filter(carrier=carrier), _left(countries), said)


def _left(countries: int) -> Words:
    if not countries:
        return lambda count: ngettext(
            "One number calls over %(carrier)s and could call only what is on at %(carrier)s: nothing is.",
            "%(count)s numbers call over %(carrier)s and could call only what is on at %(carrier)s: nothing "
            "is.",
            count,
        )
    if countries == 1:
        return lambda count: ngettext(
            "One number calls over %(carrier)s and could call only what is on at %(carrier)s: one country "
            "is.",
            "%(count)s numbers call over %(carrier)s and could call only what is on at %(carrier)s: one "
            "country is.",
            count,
        )
    return lambda count: ngettext(
        "One number calls over %(carrier)s and could call only what is on at %(carrier)s: %(countries)s "
        "countries are.",
        "%(count)s numbers call over %(carrier)s and could call only what is on at %(carrier)s: "
        "%(countries)s countries are.",
        count,
    )


def _told(numbers: QuerySet[PhoneNumber], words: Words, said: dict[str, object]) -> Iterator[Effect]:
    count = numbers.count()
    if not count:
        return
    sentence = words(count) % {**said, "count": f"{count:,}"}
    named = tuple((pk, _label(e164, name)) for pk, e164, name in numbers.values_list(*NAMES)[:SHOWN])
    yield Effect("numbers", sentence, named, max(count - SHOWN, 0))


NAMES = ("pk", "e164", "nickname")


def _label(e164: str, nickname: str) -> str:
    number = format_international(e164)
    return f"{number} ({nickname})" if nickname else number


def teach() -> None:
    switch_effects.learn(numbers_stopped)
