"""From the URL a customer gives us to the addresses we may connect to.

The text is judged when it is saved. What its name points at can change, so it is looked up and judged again
for every request, in DNS only, and who connects uses the addresses found here and looks nothing up.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Protocol

import dns.exception
import dns.resolver
import idna
from django.conf import settings
from django.utils.translation import gettext as _

from dialnexa.addresses import may_call
from dialnexa.errors import Refusal
from dialnexa.models.webhooks import URL_LIMIT

EXAMPLE = "https://hooks.example.com/dialnexa"
URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[^\]/?#]*\]|[^\[\]/?#:]*)(?::(?P<port>[0-9]*))?(?P<path>[/?].*)?", re.I
)
PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")  # a last label that some resolver reads as an address
INSIDE = {"localhost", "localdomain", "local", "internal", "intranet", "lan", "home", "corp", "arpa", "onion"}
USUAL_PORTS = {"https": 443, "http": 80}
PATIENCE = 2.0  # seconds for all look-ups together
AAAA_PATIENCE = 0.5  # seconds, when there is an IPv4 address already
MOST = 3  # addresses that are tried


class Resolver(Protocol):
    """What is used of ``dns.resolver.Resolver``."""

    def resolve(self, qname: str, rdtype: str, *, search: bool, lifetime: float) -> Iterable[Any]: ...


@dataclass(frozen=True, slots=True)
class Place:
    """``host``: a name in ASCII or an address, without brackets; ``path`` begins with / and has the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """``host`` or ``host:port``, as it stands in the URL and in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == USUAL_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def parse_url(text: str) -> Place:
    """What the customer typed, judged as text; an address must be one we may connect to.

    Raises Refusal (400) with a code that begins with ``webhook_url_`` and ``field="url"``.
    """
    text = text.strip()
    _refuse_foreign_parts(text)
    found = URL.fullmatch(text)
    if not found:
        sentence = _("This is not a whole address. Write it like %(example)s.")
        raise no("invalid", sentence % {"example": EXAMPLE})
    scheme, path = found["scheme"].lower(), found["path"] or "/"
    if not PATH.fullmatch(path):
        raise no("invalid", _("The part after the host has characters that must be written as %XX."))
    host = _host(found["host"])
    if scheme == "http" and not _is_ours_to_try(host):
        raise no("scheme", _("http:// sends your data unencrypted. Use https://."))
    return Place(scheme, host, _port(found["port"], scheme), path if path[0] == "/" else f"/{path}")


def locate(place: Place, *, resolver: Resolver | None = None, seconds: float = PATIENCE) -> list[str]:
    """The addresses to try, IPv4 first; every one that DNS names is one we may connect to.

    Raises Refusal: webhook_url_unknown when there is no such host, webhook_url_private when any of its
    addresses leads inside, webhook_url_unresolved (502) when DNS fails or takes longer than ``seconds``.
    """
    if _is_address(place.host):
        addresses = [place.host]
    else:
        end = time.monotonic() + seconds
        addresses = _look_up(place.host, resolver or _system_resolver(), end)
    if not all(may_connect(address) for address in addresses):
        raise private(place.host)
    return addresses[:MOST]


def may_connect(address: str) -> bool:
    """Whether we may connect to this address. Raises ValueError when it is none."""
    return may_call(
        address,
        allowed=settings.WEBHOOK_ALLOWED_NETWORKS,
        denied=settings.SIP_DENIED_NETWORKS,
        ours=settings.SIP_SIGNALLING_ADDRESSES,
    )


def no(code: str, sentence: str, *, status: int = 400) -> Refusal:
    return Refusal(f"webhook_url_{code}", sentence, status=status, field="url")


def private(host: str) -> Refusal:
    """One sentence for every way to lead inside; which address it was is nobody's business."""
    sentence = _("%(host)s does not lead to a public address, and we connect only to those.")
    return no("private", sentence % {"host": host})


def _refuse_foreign_parts(text: str) -> None:
    if not text:
        sentence = _("Say where we should send messages. Write it like %(example)s.")
        raise no("missing", sentence % {"example": EXAMPLE})
    if len(text) > URL_LIMIT:
        sentence = _("An address has at most %(most)d characters; this one has %(count)s.")
        raise no("too_long", sentence % {"most": URL_LIMIT, "count": f"{len(text):,}"})
    if not text.isprintable() or any(character.isspace() for character in text):
        raise no("invalid", _("An address has no spaces or invisible characters."))
    if not re.match(r"https?://", text, re.I):
        sentence = _("An address begins with https://. Write it like %(example)s.")
        raise no("scheme", sentence % {"example": EXAMPLE})
    if "@" in re.split(r"[/?#]", text.partition("//")[2])[0]:
        sentence = _("Leave out user name and password: messages are signed, check the signature.")
        raise no("userinfo", sentence)
    if "#" in text:
        raise no("fragment", _("Leave out the part from # on: it is never sent."))


def _host(text: str) -> str:
    if text.startswith("["):
        return _address(text[1:-1], brackets=True)
    name = _ascii(text)
    labels = name.split(".")
    if NUMERIC.fullmatch(labels[-1]):
        return _address(text)
    if not all(LABEL.fullmatch(label) for label in labels):
        raise _no_name(text)
    if len(labels) == 1 or labels[-1] in INSIDE:
        sentence = _("%(name)s names something inside a network. Use a name the internet knows.")
        raise no("private", sentence % {"name": name[:80]})
    return name


def _no_name(text: str) -> Refusal:
    sentence = _("%(text)s is not a host name. Write it like %(example)s.")
    return no("host", sentence % {"text": text[:80] or _("Nothing"), "example": EXAMPLE})


def _ascii(text: str) -> str:
    """The name as DNS has it: lower case, ``xn--`` for letters beyond ASCII, no dot at the end."""
    try:
        name = idna.encode(text, uts46=True).decode().lower().removesuffix(".")
    except (idna.IDNAError, UnicodeError):
        name = text.lower().removesuffix(".") if text.isascii() and "xn--" not in text.lower() else ""
    if not name or len(name) > 253:
        raise _no_name(text)
    return name


def _address(text: str, *, brackets: bool = False) -> str:
    """An address only as everybody writes it: 127.1 and 0x7f.1 are read differently here and there."""
    try:
        address = ip_address(text)
    except ValueError:
        address = None
    if address is None or str(address) != text.lower() or "%" in text or (brackets and address.version == 4):
        sentence = _("%(text)s is not an address as it is usually written, like 198.51.100.7.")
        raise no("host", sentence % {"text": text[:80]})
    if not may_connect(str(address)):
        raise private(str(address))
    return str(address)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_ours_to_try(host: str) -> bool:
    """In development, a server of one's own on this machine needs no certificate."""
    return bool(settings.DEBUG and _is_address(host) and ip_address(host).is_loopback)


def _port(text: str | None, scheme: str) -> int:
    """Below 1024 are other people's services, but for the usual one."""
    if text is None:
        return USUAL_PORTS[scheme]
    allowed = len(text) <= 5 and text.isdigit() and text.isascii()
    port = int(text) if allowed else 0
    if port != USUAL_PORTS[scheme] and not 1024 <= port <= 65535:
        raise no("port", _("The port must be 443 or from 1024 to 65535."))
    return port


def _look_up(name: str, resolver: Resolver, end: float) -> list[str]:
    four = _records(name, "A", resolver, end, PATIENCE)
    six = _records(name, "AAAA", resolver, end, AAAA_PATIENCE if four else PATIENCE)
    if found := (four or []) + (six or []):
        return found
    if four is None or six is None:
        sentence = _("DNS did not say in time where %(name)s is.")
        raise no("unresolved", sentence % {"name": name}, status=502)
    sentence = _("There is no host %(name)s in DNS. Check the spelling.")
    raise no("unknown", sentence % {"name": name})


def _records(name: str, kind: str, resolver: Resolver, end: float, patience: float) -> list[str] | None:
    """None when DNS could not be asked."""
    left = end - time.monotonic()
    try:
        if left <= 0:
            raise dns.exception.Timeout
        found = resolver.resolve(f"{name}.", kind, search=False, lifetime=min(left, patience))
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, UnicodeError):
        return None
    return [record.address for record in found]


def _system_resolver() -> Resolver:
    try:
        return dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        sentence = _("This installation can't look up names: it has no DNS server.")
        raise no("unresolved", sentence, status=502) from None
