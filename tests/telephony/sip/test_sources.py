"""Where a trunk's calls may come from …"""

from __future__ import annotations

import pytest

from dialnexa.errors import Refusal
from telephony.sip.sources import MOST, is_among, parse_sources


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("", ()),
        (" , ;\n", ()),
        ("203.0.113.7", ("203.0.113.7",)),
        ("203.0.113.7/32, 203.0.113.7", ("203.0.113.7",)),
        ("203.0.113.0/24;198.51.100.4\n2001:DB8::/32", ("203.0.113.0/24", "198.51.100.4", "2001:db8::/32")),
        ("::ffff:203.0.113.7 ::ffff:203.0.113.0/120", ("203.0.113.7", "203.0.113.0/24")),
        ("0.0.0.0/0 ::/0", ("0.0.0.0/0", "::/0")),
    ],
)
def test_are_read_as_addresses_and_networks(text: str, sources: tuple[str, ...]) -> None:
    assert parse_sources(text) == sources


@pytest.mark.parametrize(
    "text", ["sip.carrier.example", "127.1", "203.0.113.7/33", "010.0.0.1", "fe80::1%eth0", "1", "x" * 500]
)
def test_are_nothing_else(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_sources(text)
    assert (refused.value.code, refused.value.status) == ("sip_sources_invalid", 400)
    assert refused.value.sentence.startswith(f"{text[:60]} is neither")


def test_begin_where_a_network_does() -> None:
    with pytest.raises(Refusal) as refused:
        parse_sources("203.0.113.7/24")
    assert refused.value.sentence.endswith("Did you mean 203.0.113.0/24?")


def test_are_few() -> None:
    several = [f"203.0.113.{last}" for last in range(MOST)]
    assert len(parse_sources(" ".join(several))) == MOST
    with pytest.raises(Refusal) as refused:
        parse_sources(" ".join([*several, "198.51.100.1"]))
    assert refused.value.code == "sip_sources_too_many"


@pytest.mark.parametrize("address", ["203.0.113.7", "::ffff:203.0.113.7", "2001:db8::9"])
def test_hold_what_is_in_them(address: str) -> None:
    assert is_among(address, ("203.0.113.0/24", "2001:db8::/32"))


@pytest.mark.parametrize("address", ["203.0.114.7", "2001:db9::9", "", "nonsense", "::"])
def test_hold_nothing_else(address: str) -> None:
    assert not is_among(address, ("203.0.113.0/24", "2001:db8::/32"))
