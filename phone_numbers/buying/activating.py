"""Switching a bought number on: active, and answered by the agent its buyer asked for."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.db import transaction

from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.translations.marking import gettext_noop
from phone_numbers.emitting import emit_activated
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.routing import route_number

log = logging.getLogger(__name__)


def activate_number(
    number: PhoneNumber, *, by: Actor, now: datetime, reason: str = "", **fields: Any
) -> None:
    """Make a pending number active and route it as its order says, in one transaction.

    ``fields`` are written in the same UPDATE. Raises IllegalTransition when it is not pending any more.
    """
    with transaction.atomic():
        number.transition(
            "activate",
            by=by,
            now=now,
            reason=reason,
            activated_at=now,
            status_reason="",
            next_check_at=None,
            next_route_at=now,  # its calls are to come to us
            **fields,
        )
        _route(number, by=by, now=now)
        emit_activated(number, now=now)


def _route(number: PhoneNumber, *, by: Actor, now: datetime) -> None:
    version = number.order.inbound_version
    if version is None:
        return
    try:
        reason = gettext_noop("Asked for with the purchase.")
        route_number(number, inbound=version, by=by, now=now, reason=reason)
    except Refusal as refusal:  # the number is bought all the same; it shows as not routed
        log.error("%s could not be routed: %s", number.pk, refusal.sentence)
