"""Our accounts with the carriers: which are configured, and whether the carriers accept them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from telephony.carriers import carrier_slugs, get_carrier, variable
from telephony.carriers.base import AuthFailed, CarrierError, Money
from telephony.models import CarrierSlug

ACCOUNTS = {  # the option that says which account it is; without it the carrier is not used
    CarrierSlug.PLIVO: "auth_id",
    CarrierSlug.TWILIO: "account_sid",
    CarrierSlug.SIGNALWIRE: "project_id",
}
PATIENCE = 4.0  # seconds for each carrier; all are asked at once


@dataclass(frozen=True, slots=True)
class CarrierAccount:
    """One account. ``accepted`` is None when the carrier gave no answer; ``credit`` when it shows none."""

    slug: str
    name: str  # the account's, shortened
    host: str
    accepted: bool | None
    says: str
    credit: Money | None = None

    @property
    def label(self) -> str:
        return CarrierSlug(self.slug).label


def refuse_wrong_accounts() -> None:
    """Raises ImproperlyConfigured with every variable of a carrier's account that can't be right.

    Asks nobody: whether the carriers accept the credentials is what ``ask_carriers`` finds out.
    """
    wrong = []
    for slug in carrier_slugs():
        try:
            get_carrier(slug)
        except ImproperlyConfigured as error:
            wrong.append(str(error))
    if wrong:
        raise ImproperlyConfigured(" ".join(wrong))


def unused_variables(environment: Mapping[str, str] = os.environ) -> dict[str, list[str]]:
    """Variables that are set for a carrier (slug) which has no account and is therefore not used."""
    found = {
        slug: sorted(name for name, value in environment.items() if value and _is_of(name, slug))
        for slug in ACCOUNTS
        if slug not in carrier_slugs()
    }
    return {slug: names for slug, names in found.items() if names}


def ask_carriers() -> list[CarrierAccount]:
    """Ask each carrier for our credit, all at once. Takes PATIENCE seconds at most and never raises."""
    slugs = carrier_slugs()
    with ThreadPoolExecutor(max(len(slugs), 1)) as threads:
        return list(threads.map(_ask, slugs))


def _ask(slug: str) -> CarrierAccount:
    options = settings.CARRIERS[slug]
    about = (slug, _shortened(options[ACCOUNTS[CarrierSlug(slug)]]), urlsplit(options["base_url"]).netloc)
    try:
        credit = get_carrier(slug, deadline=PATIENCE).balance()
    except AuthFailed:
        account, token = (variable(slug, option) for option in _credentials(slug))
        return CarrierAccount(*about, False, f"It does not accept them. Check {account} and {token}.")
    except CarrierError as error:
        return CarrierAccount(*about, None, f"{error.sentence} Whether it accepts them is not known.")
    return CarrierAccount(*about, True, "It accepts them.", credit)


def _credentials(slug: str) -> tuple[str, str]:
    options = settings.CARRIERS[slug]
    return ACCOUNTS[CarrierSlug(slug)], next(option for option in options if option.endswith("_token"))


def _shortened(name: str) -> str:
    return f"{name[:4]}…{name[-2:]}"


def _is_of(name: str, slug: str) -> bool:
    return name.startswith(variable(slug, ""))
