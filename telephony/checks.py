"""What ``manage.py check`` says about the carriers' accounts. It asks no carrier.

What can't be right has refused to start already (see ``TelephonyConfig``): these warn of the rest.
"""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Warning

from telephony.carrier_accounts import ACCOUNTS, unused_variables
from telephony.carriers import carrier_slugs, variable
from telephony.models import CarrierSlug


def warn_of_unused(**options: Any) -> list[CheckMessage]:
    """A token without its account: the carrier is silently not used."""
    return [_unused(slug, names) for slug, names in unused_variables().items()]


def warn_of_none(**options: Any) -> list[CheckMessage]:
    """For ``check --deploy``."""
    if carrier_slugs():
        return []
    names = ", ".join(variable(slug, option) for slug, option in ACCOUNTS.items())
    hint = f"Set one of {names} with what belongs to it."
    return [Warning("No carrier is configured: numbers can't be bought.", hint, id="telephony.W002")]


def _unused(slug: str, names: list[str]) -> Warning:
    carrier, account = CarrierSlug(slug), variable(slug, ACCOUNTS[CarrierSlug(slug)])
    return Warning(
        f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} set, but {account} is not: "
        f"{carrier.label} is not used.",
        f"Set {account}, or unset the others.",
        id="telephony.W001",
    )
