"""Pointing numbers at us: the carrier is told to ask us about every call to a number it sold us.

Due from the moment a number is active (``next_route_at``), tried again until the carrier has taken it. Safe
to repeat and to lose: the carrier's object is found by its name, and a number may be set twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from dialnexa import audit, clock
from dialnexa.actors import system
from phone_numbers.models import PhoneNumber
from telephony.carriers import get_carrier
from telephony.carriers.base import CarrierError, Exchange, InboundRoute, NumberConfig, UnexpectedReply
from telephony.exchanges import save_exchanges
from telephony.models import CarrierSlug

log = logging.getLogger(__name__)
POINTER = system("Inbound routing")
AGAIN = timedelta(minutes=1)  # after a carrier that did not take it
LOST = timedelta(minutes=2)  # after a worker that never reported
AT_ONCE = 100
Clock = Callable[[], datetime]


def take_due_pointings(*, now: datetime) -> list[str]:
    """The ids of numbers to point at us now, and again a little later if nothing comes of it."""
    due = Q(status=PhoneNumber.Status.ACTIVE, next_route_at__lte=now)
    rows = PhoneNumber.objects.filter(due).order_by("next_route_at")
    with transaction.atomic():
        ids = list(rows.select_for_update(skip_locked=True).values_list("id", flat=True)[:AT_ONCE])
        PhoneNumber.objects.filter(pk__in=ids).update(next_route_at=now + LOST)
    return ids


def point_number(number_id: str, *, tell: Clock = clock.now) -> None:
    """Have its carrier ask us about calls to this number. What fails is tried again in a minute."""
    number = PhoneNumber.objects.get(pk=number_id)
    if number.status != PhoneNumber.Status.ACTIVE or number.next_route_at is None:
        return
    exchanges: list[Exchange] = []
    try:
        route = _tell_carrier(number, exchanges)
    except (CarrierError, LookupError, ImproperlyConfigured) as error:
        log.warning("%s is not pointed at us: %s", number.pk, error)
        PhoneNumber.objects.filter(pk=number.pk).update(next_route_at=tell() + AGAIN)
    else:
        _note(number, route, tell())
    finally:
        save_exchanges(exchanges, about=number.pk, workspace_id=number.workspace_id, now=tell())


def point_all(*, now: datetime) -> int:
    """Have every active number that a carrier sold us pointed at us anew. Returns how many there are."""
    active = PhoneNumber.objects.filter(status=PhoneNumber.Status.ACTIVE)
    return active.exclude(carrier=CarrierSlug.SIP_TRUNK).update(next_route_at=now)


def inbound_route(carrier: str) -> InboundRoute:
    """Where a carrier (a slug) asks and tells about calls that come in."""
    answer, status = (
        f"{settings.PUBLIC_BASE_URL}{reverse(f'carrier:inbound_{kind}', args=[carrier])}"
        for kind in ("answer", "status")
    )
    return InboundRoute(settings.INBOUND_ROUTE, answer, status)


def _tell_carrier(number: PhoneNumber, exchanges: list[Exchange]) -> str:
    """Returns where its calls go, as the carrier confirms."""
    line = get_carrier(number.carrier, recorder=exchanges.append)
    route = line.ensure_route(inbound_route(number.carrier))
    found = line.configure(number.carrier_number_id, NumberConfig(route=route.id))
    if found.e164 != number.e164:
        raise UnexpectedReply("another number was changed", carrier=number.carrier)
    return found.route.replace("\x00", "")[:1000]


def _note(number: PhoneNumber, route: str, now: datetime) -> None:
    done = {"next_route_at": None, "route_set_at": now, "carrier_route": route}
    with transaction.atomic():
        PhoneNumber.objects.filter(pk=number.pk).update(**done)
        audit.record(number, "pointed", by=POINTER, now=now)
