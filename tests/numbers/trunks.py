"""Linked numbers, made by the verb itself."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from phone_numbers.linking.trunks import link_number
from phone_numbers.models import PhoneNumber, SipTrunk

SECRET = "canary-Zx91-horse-battery"
SERIAL = count(1)


def link(workspace: Workspace, now: datetime, **asked: Any) -> PhoneNumber:
    """An active number linked without a check, or whatever ``asked`` says."""
    usual: dict[str, Any] = {
        "phone_number": f"+91804718{next(SERIAL):04}",
        "termination_uri": "127.0.0.1:5070",
        "username": "desk",
        "password": SECRET,
    }
    return link_number(workspace, **usual | {"by": SYSTEM, "now": now} | asked)


def trunk_of(number: PhoneNumber) -> SipTrunk:
    return SipTrunk.objects.select_related("number").get(number=number)
