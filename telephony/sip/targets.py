"""From a termination host to the addresses to try (RFC 3263), each of them one we may call.

Names are looked up in DNS only, never in the machine's own list of hosts. Who connects uses the address found
here and does not look the name up again: it could answer differently the second time.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Protocol

import dns.exception
import dns.name
import dns.resolver
from django.conf import settings
from django.utils.translation import gettext as _

from dialnexa.addresses import Network, unwrap
from telephony.sip.hosts import Termination, is_address, is_port_allowed, may_lead_to, no, private

MOST = 10  # targets
PATIENCE = 2.0  # seconds for all look-ups together
AAAA_PATIENCE = 0.5  # seconds, when there is an IPv4 address already
SERVICES = {"udp": "_sip._udp", "tcp": "_sip._tcp", "tls": "_sips._tcp"}
USUAL_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061}


class Resolver(Protocol):
    """What is used of ``dns.resolver.Resolver``."""

    def resolve(self, qname: str, rdtype: str, *, search: bool, lifetime: float) -> Iterable[Any]: ...


@dataclass(frozen=True, slots=True)
class Target:
    """``transport``: udp, tcp or tls. ``tls_name``: the host the certificate must be for, as typed."""

    address: str
    port: int
    transport: str
    tls_name: str


def resolve(
    termination: Termination,
    transport: str,
    *,
    resolver: Resolver | None = None,
    allowed: Sequence[Network] | None = None,
    seconds: float = PATIENCE,
) -> list[Target]:
    """The targets to try, best first; at least one, at most ``MOST``. An address needs no look-up.

    ``allowed``: networks that may be called although they are private (SIP_ALLOWED_NETWORKS). Raises Refusal:
    sip_host_unknown when there is no such host, sip_host_private when any of its addresses leads inside,
    sip_host_port for a port we don't call, sip_host_unresolved (502) when DNS fails or takes too long.
    """
    if is_address(termination.host):
        places = [(termination.host, termination.port or USUAL_PORTS[transport])]
    else:
        places = _LookUp(resolver or _system_resolver(), time.monotonic() + seconds).places(
            termination, transport
        )
    _refuse_inside(termination.host, places, settings.SIP_ALLOWED_NETWORKS if allowed is None else allowed)
    return [
        Target(str(unwrap(ip_address(address))), port, transport, termination.host)
        for address, port in places[:MOST]
    ]


def _refuse_inside(host: str, places: Iterable[tuple[str, int]], allowed: Sequence[Network]) -> None:
    for address, port in places:
        if not may_lead_to(address, allowed):
            raise private(host)
        if not is_port_allowed(port):
            sentence = _("%(host)s leads to a port that is not called: 5060, 5061 and from 1024 are.")
            raise no("port", sentence % {"host": host})


class _LookUp:
    """The look-ups for one host, within one time limit."""

    def __init__(self, resolver: Resolver, end: float) -> None:
        self._resolver = resolver
        self._end = end
        self._failed = False

    def places(self, termination: Termination, transport: str) -> list[tuple[str, int]]:
        """Addresses and ports, best first. Raises Refusal when there are none."""
        host, port = termination.host, termination.port
        found: list[tuple[str, int]] = []
        for name, its_port in [(host, port)] if port else self._services(host, transport):
            found += [(address, its_port) for address in self._addresses(name)]
        if found:
            return found
        if self._failed:
            sentence = _("DNS did not say in time where %(host)s is. Try again later.") % {"host": host}
            raise no("unresolved", sentence, status=502)
        sentence = _("There is no host %(host)s in DNS. Check the spelling.")
        raise no("unknown", sentence % {"host": host})

    def _services(self, host: str, transport: str) -> list[tuple[str, int]]:
        """What SRV records say, or else the host itself at the usual port."""
        records = self._records(f"{SERVICES[transport]}.{host}", "SRV")
        if not records:
            return [(host, USUAL_PORTS[transport])]
        wanted = [record for record in records if record.target != dns.name.root]
        if not wanted:
            sentence = _("%(host)s says in DNS that it takes no calls over %(way)s. Choose another way.")
            raise no("unknown", sentence % {"host": host, "way": transport.upper()})
        return [(record.target.to_text(True), record.port) for record in _ordered(wanted)[:MOST]]

    def _addresses(self, name: str) -> list[str]:
        four = [record.address for record in self._records(name, "A")]
        patience = AAAA_PATIENCE if four else PATIENCE
        return four + [record.address for record in self._records(name, "AAAA", patience)]

    def _records(self, name: str, kind: str, patience: float = PATIENCE) -> list[Any]:
        left = self._end - time.monotonic()
        try:
            if left <= 0:
                raise dns.exception.Timeout
            return list(self._resolver.resolve(f"{name}.", kind, search=False, lifetime=min(left, patience)))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, UnicodeError):
            self._failed = True
            return []


def _ordered(records: Sequence[Any]) -> list[Any]:
    """By priority; among equals at random, by weight (RFC 2782)."""
    return sorted(
        records, key=lambda record: (record.priority, -(random.random() ** (1 / (record.weight or 0.01))))
    )


def _system_resolver() -> Resolver:
    try:
        return dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        sentence = _("This installation can't look up names: it has no DNS server.")
        raise no("unresolved", sentence, status=502) from None
