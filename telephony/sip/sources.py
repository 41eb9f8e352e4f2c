"""The addresses and networks that calls over a trunk may come from, as its owner writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv6Network, ip_address, ip_network

from django.utils.translation import gettext as _

from dialnexa.addresses import Network, unwrap
from dialnexa.errors import Refusal

MOST = 20
MAPPED = 96  # bits of ::ffff:0:0/96, in which IPv4 addresses are written as IPv6


def parse_sources(text: str) -> tuple[str, ...]:
    """What is written there, with commas, spaces or lines between, each once.

    As in ``203.0.113.7, 2001:db8::/32``; one address stands without its ``/32``.

    Raises Refusal (400): ``sip_sources_too_many``, ``sip_sources_invalid``.
    """
    written = dict.fromkeys(part for part in re.split(r"[\s,;]+", text) if part)
    if len(written) > MOST:
        sentence = _("Calls may come from at most %(most)s addresses and networks; these are %(count)s.")
        raise Refusal("sip_sources_too_many", sentence % {"most": MOST, "count": len(written)})
    return tuple(dict.fromkeys(_brief(_network(part)) for part in written))


def is_among(address: str, sources: Iterable[str]) -> bool:
    """Whether ``address`` is one of them, or in one of them. False for what is no address."""
    try:
        source = unwrap(ip_address(address))
    except ValueError:
        return False
    networks = map(ip_network, sources)
    return any(net.version == source.version and source in net for net in networks)


def _network(text: str) -> Network:
    try:
        found = ip_network(text, strict=False)
    except ValueError:
        found = None
    if found is None or "%" in text:  # a zone means something on one machine only
        sentence = _("%(text)s is neither an address nor a network, such as 203.0.113.7 or 203.0.113.0/24.")
        raise Refusal("sip_sources_invalid", sentence % {"text": text[:60]})
    if found.network_address != ip_address(text.partition("/")[0]):
        sentence = _("%(text)s is not where a network begins. Did you mean %(network)s?")
        raise Refusal("sip_sources_invalid", sentence % {"text": text[:60], "network": found})
    return _as_ipv4(found)


def _as_ipv4(network: Network) -> Network:
    """The network of IPv4 addresses that one below ``::ffff:0:0/96`` stands for; any other itself."""
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is None or network.prefixlen < MAPPED:
        return network
    return ip_network(f"{mapped}/{network.prefixlen - MAPPED}")


def _brief(network: Network) -> str:
    """One address without its ``/32``."""
    return str(network.network_address) if network.num_addresses == 1 else str(network)
