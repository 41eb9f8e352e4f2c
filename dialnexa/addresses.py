"""Which addresses a customer may have us call or connect to. Python's ``is_global`` is no answer: it lets
several through that lead inside, and its opinion changes from version to version."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# fmt: off
INSIDE: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",           # this network
        "10.0.0.0/8",          # private
        "100.64.0.0/10",       # shared by a provider's customers
        "127.0.0.0/8",         # this machine
        "168.63.129.16/32",    # a cloud's service address
        "169.254.0.0/16",      # link-local, and a cloud's metadata
        "172.16.0.0/12",       # private
        "192.0.0.0/24",        # protocol assignments
        "192.0.2.0/24",        # documentation
        "192.31.196.0/24",     # AS112
        "192.52.193.0/24",     # AMT
        "192.88.99.0/24",      # 6to4 relays
        "192.168.0.0/16",      # private
        "192.175.48.0/24",     # AS112
        "198.18.0.0/15",       # benchmarking
        "198.51.100.0/24",     # documentation
        "203.0.113.0/24",      # documentation
        "224.0.0.0/4",         # multicast
        "240.0.0.0/4",         # reserved, and broadcast
        "::/8",                # unspecified, loopback, IPv4 in IPv6 (::/96, ::ffff:0:0:0/96), reserved
        "64:ff9b::/96",        # NAT64: an IPv4 address inside
        "64:ff9b:1::/48",      # the same, locally
        "100::/64",            # discarded
        "2001::/23",           # Teredo, ORCHID and other protocols
        "2001:db8::/32",       # documentation
        "2002::/16",           # 6to4: an IPv4 address inside
        "2620:4f:8000::/48",   # AS112
        "3fff::/20",           # documentation
        "5f00::/16",           # segment routing
        "fc00::/7",            # private
        "fe80::/10",           # link-local
        "fec0::/10",           # site-local
        "ff00::/8",            # multicast
    )
)
# fmt: on
ROUTED = ip_network("2000::/3")  # no other part of IPv6 has been given out


def unwrap(address: Address) -> Address:
    """The IPv4 address that ``::ffff:a.b.c.d`` stands for; any other address itself."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def may_call(
    text: str, *, allowed: Iterable[Network], denied: Iterable[Network], ours: Iterable[str] = ()
) -> bool:
    """Whether we may send something to this address. ``denied`` outweighs ``allowed``.

    ``ours``: the addresses we call from. A trunk there would be ourselves, so they must be allowed expressly.
    Raises ValueError when ``text`` is no address.
    """
    address = unwrap(ip_address(text))
    if _is_in(address, denied) or getattr(address, "scope_id", None):
        return False
    return _is_in(address, allowed) or (is_public(address) and not _is_one_of(address, ours))


def is_public(address: Address) -> bool:
    """Whether the address leads out, into the internet, and to one host."""
    return not _is_in(address, INSIDE) and (address.version == 4 or address in ROUTED)


def _is_one_of(address: Address, texts: Iterable[str]) -> bool:
    """What is written there is shown to customers, too, so it may be a name or a whole network."""
    for text in texts:
        try:
            network = ip_network(text.strip(), strict=False)
        except ValueError:
            continue
        if _is_in(address, (network,)):
            return True
    return False


def _is_in(address: Address, nets: Iterable[Network]) -> bool:
    return any(net.version == address.version and address in net for net in nets)
