"""Which numbers would call less when something is switched off in Telephony Config."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, QuerySet

from phone_numbers.models import PhoneNumber
from telephony import switch_effects
from telephony.e164 import format_international
from telephony.models import CarrierSlug
from telephony.switch_effects import SHOWN, Effect, SwitchOff
from telephony.switches import enabled_groups


def numbers_stopped(off: SwitchOff, now: datetime) -> Iterator[Effect]:
    """Those with an agent to call from them, at the carrier; SIP/BYOC: at any carrier of ours."""
    if off.is_sip:
        yield from _held_again(off) if off.over_sip else ()
    elif off.narrowed:
        numbers = _calling(off).filter(carrier=off.carrier)
        yield from _told(numbers, f"over {CarrierSlug(off.carrier).label}", _lost(off))


def _calling(off: SwitchOff) -> QuerySet[PhoneNumber]:
    numbers = PhoneNumber.objects.filter(workspace=off.workspace, status=PhoneNumber.Status.ACTIVE)
    return numbers.filter(outbound_version__isnull=False).order_by("e164")


def _lost(off: SwitchOff) -> str:
    names = ", ".join(group.name for group in off.groups)
    what = off.countries[0].name if len(off.groups) > 1 else names
    if off.left:
        return f"could no longer call {what}."
    return f"could call nowhere any more: nothing else is on at {CarrierSlug(off.carrier).label}."


def _held_again(off: SwitchOff) -> Iterator[Effect]:
    numbers = _calling(off).exclude(carrier=CarrierSlug.SIP_TRUNK)
    carriers = numbers.order_by().values_list("carrier").annotate(count=Count("pk")).order_by("carrier")
    for carrier, _ in carriers:
        label = CarrierSlug(carrier).label
        countries = enabled_groups(off.workspace, carrier).values("country").distinct().count()
        where = f"{countries} countries are" if countries > 1 else "one country is"
        lost = f"could call only what is on at {label}: {where if countries else 'nothing is'}."
        yield from _told(numbers.filter(carrier=carrier), f"over {label}", lost)


def _told(numbers: QuerySet[PhoneNumber], route: str, lost: str) -> Iterator[Effect]:
    count = numbers.count()
    if not count:
        return
    who = "One number calls" if count == 1 else f"{count:,} numbers call"
    named = tuple((pk, _label(e164, name)) for pk, e164, name in numbers.values_list(*NAMES)[:SHOWN])
    yield Effect("numbers", f"{who} {route} and {lost}", named, max(count - SHOWN, 0))


NAMES = ("pk", "e164", "nickname")


def _label(e164: str, nickname: str) -> str:
    number = format_international(e164)
    return f"{number} ({nickname})" if nickname else number


def teach() -> None:
    switch_effects.learn(numbers_stopped)
