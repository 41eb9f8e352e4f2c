"""A carrier's termination host as a customer writes it: ``sip.carrier.example`` or ``203.0.113.7:5080``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

import idna
from django.conf import settings
from django.utils.translation import gettext as _

from dialnexa.addresses import Network, may_call
from dialnexa.errors import Refusal
from dialnexa.translations.marking import gettext_noop

LIMIT = 253  # characters of a name in DNS
EXAMPLE = gettext_noop("Write it like sip.carrier.example or sip.carrier.example:5080.")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://|(?:sips?|tel|https?|wss?|udp|tcp|tls|mailto|data|file):", re.I)
SHAPE = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]*)(?::(?P<port>.*))?")
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")  # a last label that some resolver reads as an address
LOW_PORTS = (5060, 5061)


@dataclass(frozen=True, slots=True)
class Termination:
    """``host``: a name in ASCII, or an address without brackets. No port: what DNS says, or the usual one."""

    host: str
    port: int | None = None

    def __str__(self) -> str:
        if self.port is None:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_termination(text: str) -> Termination:
    """What the customer typed, judged as text; an address must be one we may call. Nothing is looked up.

    Raises Refusal (400) with a code that begins with ``sip_host_`` and ``field="termination"``.
    """
    text = text.strip()
    _refuse_foreign_parts(text)
    if text.count(":") > 1 and not text.startswith("["):
        return Termination(_address(text))
    found = SHAPE.fullmatch(text)
    if not found:
        raise no("characters", _like(_("This is not a host.")))
    return Termination(_host(found["host"]), _port(found["port"]))


def is_port_allowed(port: int) -> bool:
    """Below 1024 are other people's services, but for SIP's own two."""
    return port in LOW_PORTS or 1024 <= port <= 65535


def is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def no(code: str, sentence: str, *, status: int = 400) -> Refusal:
    return Refusal(f"sip_host_{code}", sentence, status=status, field="termination")


def _like(sentence: str) -> str:
    return f"{sentence} {_(EXAMPLE)}"


def private(host: str) -> Refusal:
    """One sentence for every way to lead inside; which address it was is nobody's business."""
    sentence = _(
        "%(host)s does not lead to a public address, and only those are called. Use the address at which "
        "your carrier can be reached from the internet."
    )
    return no("private", sentence % {"host": host})


def may_lead_to(address: str, allowed: Iterable[Network]) -> bool:
    """Whether a trunk may be at this address. ``allowed``: private networks that may be called."""
    denied, ours = settings.SIP_DENIED_NETWORKS, settings.SIP_SIGNALLING_ADDRESSES
    return may_call(address, allowed=allowed, denied=denied, ours=ours)


def _refuse_foreign_parts(text: str) -> None:
    if not text:
        raise no("missing", _like(_("Say where your carrier takes calls.")))
    if len(text) > LIMIT + 8:
        raise _too_long(text)
    if SCHEME.match(text):
        without = _("Write it without %(scheme)s: at the start.") % {"scheme": text.partition(":")[0]}
        raise no("scheme", _like(without))
    if "@" in text:
        sentence = _("Leave out the part before the @: the user name has a field of its own.")
        raise no("user", sentence)
    if set(text) & set("/;?#\\"):
        raise no("parameters", _like(_("Leave out everything after the host and its port.")))
    if not text.isprintable() or any(character.isspace() for character in text):
        raise no("characters", _("A host has no spaces or invisible characters."))


def _host(text: str) -> str:
    if text.startswith("["):
        return _address(text[1:-1], brackets=True)
    name = _ascii(text)
    if NUMERIC.fullmatch(name.rpartition(".")[2]):
        return _address(text)
    labels = name.split(".")
    if not all(LABEL.fullmatch(label) for label in labels):
        raise _no_name(name[:80])
    if len(labels) == 1:
        only = _("%(name)s is only a name inside a network. Write the whole name.") % {"name": name}
        raise no("single_label", _like(only))
    return name


def _ascii(text: str) -> str:
    """The name as DNS has it: lower case, ``xn--`` for letters beyond ASCII, no dot at the end."""
    try:
        name = idna.encode(text, uts46=True).decode().lower().removesuffix(".")
    except (idna.IDNAError, UnicodeError):
        name = text.lower().removesuffix(".") if text.isascii() and "xn--" not in text.lower() else ""
    if not name:
        raise _no_name(text[:80] or _("Nothing"))
    if len(name) > LIMIT:
        raise _too_long(name)
    return name


def _no_name(text: str) -> Refusal:
    return no("name", _like(_("%(text)s is not a host name.") % {"text": text}))


def _too_long(text: str) -> Refusal:
    sentence = _("A host has at most %(limit)s characters; this one has %(length)s.")
    return no("too_long", sentence % {"limit": LIMIT, "length": f"{len(text):,}"})


def _address(text: str, *, brackets: bool = False) -> str:
    """An address only as everybody writes it: 127.1 and 0x7f.1 are read differently here and there."""
    try:
        address = ip_address(text)
    except ValueError:
        address = None
    if address is None or str(address) != text.lower() or "%" in text or (brackets and address.version == 4):
        sentence = _("%(text)s is not an address as it is usually written, like 198.51.100.7.")
        raise no("address", sentence % {"text": text[:80]})
    host = str(address)
    if not may_lead_to(host, settings.SIP_ALLOWED_NETWORKS):
        raise private(host)
    return host


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and is_port_allowed(int(text))):
        raise no("port", _("The port must be 5060, 5061 or from 1024 to 65535."))
    return int(text)
