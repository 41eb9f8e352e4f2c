"""An address that leads inside …"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dialnexa.addresses import may_call
from dialnexa.errors import Refusal
from dialnexa.webhooks.addressing import Place, locate, parse_url
from telephony.endpoints import clean_endpoint
from telephony.sip import parse_termination
from tests.dialnexa.webhooks.test_addressing import INSIDE as OF_WEBHOOKS
from tests.telephony.sip.corpus import INSIDE, ODD, OUTSIDE
from tests.telephony.sip.zone import Zone
from tests.telephony.test_endpoints import ODD as OF_ENDPOINTS

DOORS: dict[str, tuple[Callable[[str], object], str]] = {  # every text of a customer that is connected to
    "a webhook": (parse_url, "https://{}/in"),
    "an agent over a media stream": (clean_endpoint, "wss://{}/agent"),
    "an agent over SIP": (clean_endpoint, "sip:agent@{}"),
    "a carrier of their own": (parse_termination, "{}"),
}
CORPUS = sorted({text.strip("[]") for text in (*INSIDE, *ODD, *OF_WEBHOOKS, *OF_ENDPOINTS)} - set(OUTSIDE))


@pytest.mark.parametrize("door", DOORS)
def test_opens_no_door_however_it_is_written(door: str) -> None:
    take, form = DOORS[door]
    assert len(CORPUS) > 100
    assert [
        text for text in CORPUS for host in {text, bracketed(text)} if not refuses(take, form, host)
    ] == []


def refuses(take: Callable[[str], object], form: str, host: str) -> bool:
    try:
        take(form.format(host))
    except Refusal:
        return True
    return False


def bracketed(text: str) -> str:
    return f"[{text}]" if ":" in text else text


@pytest.mark.parametrize("door", DOORS)
def test_is_not_mistaken_for_one_outside(door: str) -> None:
    take, form = DOORS[door]
    assert [text for text in OUTSIDE if refuses(take, form, bracketed(text))] == []


def test_is_called_by_nobody_who_was_told_it() -> None:
    assert [text for text in INSIDE if may_call(text, allowed=(), denied=())] == []


def test_is_found_out_when_a_name_comes_to_mean_it() -> None:
    """Rebinding: when it was saved, the name led outside."""
    place = Place("https", "hooks.example.com", 443, "/")
    for inside in INSIDE:
        kind = "AAAA" if ":" in inside else "A"
        saved = {"hooks.example.com A": ["8.8.8.8"], "hooks.example.com AAAA": ["2606:4700::1"]}
        now = {f"hooks.example.com {kind}": [saved[f"hooks.example.com {kind}"], [inside]]}
        zone = Zone(saved | now)
        assert locate(place, resolver=zone)
        with pytest.raises(Refusal, match="hooks.example.com") as refused:
            locate(place, resolver=zone)
        assert refused.value.code == "webhook_url_private"
