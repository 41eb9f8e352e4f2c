"""The registry of carriers …"""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured

from telephony.carriers import carrier_slugs, get_carrier
from telephony.carriers.base import Exchange
from telephony.carriers.sandbox.carrier_api import TOKEN

from .conftest import OURS, Sandbox

PLIVO: dict[str, Any] = {
    "class": "telephony.carriers.plivo.PlivoCarrier",
    "base_url": "http://127.0.0.1:1",
    "auth_id": OURS,
    "auth_token": TOKEN,
    "deadline": 0.5,
}


def test_builds_the_configured_adapter(sandbox: Sandbox, settings: LazySettings) -> None:
    settings.CARRIERS = {"plivo": PLIVO | {"base_url": sandbox.url}}
    exchanges: list[Exchange] = []
    carrier = get_carrier("plivo", recorder=exchanges.append)
    assert (carrier.slug, carrier.label) == ("plivo", "Plivo")
    assert carrier.balance() is not None
    assert len(exchanges) == 1


def test_shortens_the_deadline_but_never_lengthens_it(settings: LazySettings) -> None:
    settings.CARRIERS = {"plivo": PLIVO}
    for asked, given in ((None, 0.5), (0.2, 0.2), (60.0, 0.5)):
        assert get_carrier("plivo", deadline=asked)._http._timeouts.deadline == given  # type: ignore[attr-defined]


def test_lists_the_slugs(settings: LazySettings) -> None:
    settings.CARRIERS = {"plivo": PLIVO, "second": PLIVO}
    assert carrier_slugs() == ["plivo", "second"]


def test_names_the_carriers_there_are(settings: LazySettings) -> None:
    settings.CARRIERS = {"plivo": PLIVO}
    with pytest.raises(LookupError, match="No carrier 'pilvo' is configured. Configured: plivo."):
        get_carrier("pilvo")


@pytest.mark.parametrize(
    "wrong",
    [
        {"auth_id": "short"},
        {"auth_id": "XX" + "A" * 18},
        {"auth_id": "MA/../../Account/000"},
        {"auth_token": ""},
        {"auth_token": "line\r\nbreak"},
        {"region": "eu"},
    ],
)
def test_refuses_settings_that_cannot_be_right(settings: LazySettings, wrong: dict[str, str]) -> None:
    settings.CARRIERS = {"plivo": PLIVO | wrong}
    with pytest.raises(ImproperlyConfigured, match="DIALNEXA_PLIVO_|CARRIERS") as caught:
        get_carrier("plivo")
    assert TOKEN not in str(caught.value)
