"""Where an agent's version runs: ``wss://host[:port]/path`` (a media stream) or ``sip:user@host[:port]``.

Only the text is judged here, nothing is looked up: whoever connects resolves the name and asks
``dialnexa.addresses.is_public`` about every address it gets, because what a name points at can change.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dialnexa.addresses import is_public
from dialnexa.errors import Refusal

LIMIT = 2048
SIP_LIMIT = 240  # carriers take 255, and to one ;transport=udp is said
EXAMPLE = gettext_noop("Write it like wss://voice.example.com/agent or sip:agent@voice.example.com.")
WSS = re.compile(r"wss://(?P<host>\[[^\]/]*\]|[^\[\]/:]*)(?::(?P<port>[0-9]*))?(?P<path>/.*)?", re.I)
SIP = re.compile(
    r"(?P<scheme>sips?):(?P<user>[^@:;]+)@(?P<host>\[[^\]]*\]|[^\[\]:;]*)"
    r"(?::(?P<port>[0-9]*))?(?P<options>(?:;[^;]*)*)",
    re.I,
)
PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
USER = re.compile(r"[A-Za-z0-9._~!*'()+-]{1,128}")
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")  # a last label that some resolver reads as an address
TRANSPORTS = {"sip": ("udp", "tcp", "tls"), "sips": ("tcp", "tls")}
INTERNAL = {"localhost", "localdomain", "local", "internal", "intranet", "lan", "home", "corp", "arpa"}


def clean_endpoint(text: str) -> str:
    """The endpoint as it is stored: scheme and host in lower case, a usual port left out.

    Raises Refusal (400) with a code that begins with ``endpoint_``.
    """
    return _clean(text.strip())


def _clean(text: str) -> str:
    if not text:
        raise _no("missing", _like(_("Say where this version runs.")))
    if len(text) > LIMIT:
        raise _too_long(
            _("An endpoint may have at most %(most)s characters; this one has %(count)s."), LIMIT, text
        )
    if not text.isascii() or not text.isprintable() or " " in text:
        raise _no(
            "characters",
            _(
                "An endpoint has no spaces and only ASCII characters; write a host like bücher.example "
                "as xn--bcher-kva.example."
            ),
        )
    scheme = text.partition(":")[0].lower()
    if scheme == "wss":
        return _clean_wss(text)
    if scheme in TRANSPORTS:
        return _clean_sip(text)
    if scheme == "ws":
        raise _no("scheme", _("ws:// sends the call unencrypted. Use wss://."))
    raise _no("scheme", _like(_("An endpoint begins with wss://, sip: or sips:.")))


def _clean_wss(text: str) -> str:
    if "@" in text.partition("//")[2].partition("/")[0]:
        said = _("Leave user name and password out of the address: everybody here can read it.")
        raise _no("userinfo", said)
    if "#" in text:
        raise _no("fragment", _("Leave out the part from # on: it is never sent."))
    if "?" in text:
        said = _("Leave out the part from ? on: carriers drop it. What it says can go into the path.")
        raise _no("query", said)
    found = WSS.fullmatch(text)
    if not found:
        raise _no("invalid", _like(_("This is not a whole address.")))
    path = found["path"] or "/"
    if not PATH.fullmatch(path):
        said = _("The path %(path)s has characters that must be written as %%XX.") % {"path": path[:60]}
        raise _no("invalid", said)
    return f"wss://{_clean_host(found['host'])}{_clean_port(found['port'], {'443'}, '443')}{path}"


def _clean_sip(text: str) -> str:
    if len(text) > SIP_LIMIT:
        said = _("A SIP address may have at most %(most)s characters; this one has %(count)s.")
        raise _too_long(said, SIP_LIMIT, text)
    scheme, _colon, rest = text.partition(":")
    if "@" not in rest:
        raise _no("invalid", _like(_("A SIP address needs a user before the host.")))
    if ":" in rest.rpartition("@")[0]:
        raise _no("userinfo", _("Leave the password out of the address: everybody here can read it."))
    found = SIP.fullmatch(text)
    if not found or not USER.fullmatch(found["user"]):
        raise _no("invalid", _like(_("This is not a whole SIP address.")))
    scheme = found["scheme"].lower()
    host = _clean_host(found["host"])
    return (
        f"{scheme}:{found['user']}@{host}{_clean_port(found['port'], set(), '')}"
        f"{_clean_transport(scheme, found['options'])}"
    )


def _clean_transport(scheme: str, options: str) -> str:
    if not options:
        return ""
    name, _equals, value = options[1:].lower().partition("=")
    if name != "transport" or value not in TRANSPORTS[scheme]:
        known = " {} ".format(_("or")).join(f";transport={transport}" for transport in TRANSPORTS[scheme])
        said = _("After the host of a %(scheme)s: address only %(options)s is possible.")
        raise _no("options", said % {"scheme": scheme, "options": known})
    return f";transport={value}"


def _clean_port(port: str | None, low: set[str], usual: str) -> str:
    """``:5070``, or nothing. Below 1024 are other people's services."""
    if port is None or port == usual != "":
        return ""
    if port not in low and not (port.isdigit() and len(port) <= 5 and 1024 <= int(port) <= 65535):
        said = (
            _("The port must be %(port)s or from 1024 to 65535.")
            if low
            else _("The port must be 1024 to 65535.")
        )
        raise _no("port", said % {"port": ", ".join(sorted(low))})
    return f":{int(port)}"


def _clean_host(host: str) -> str:
    host = host.lower()
    if host.startswith("[") or NUMERIC.fullmatch(host.removesuffix(".").rpartition(".")[2]):
        return _clean_address(host)
    name = host.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        said = _("%(host)s is not a host name.") if host else _("Nothing is not a host name.")
        raise _no("host", _like(said % {"host": host[:80]}))
    if len(labels) == 1 or labels[-1] in INTERNAL:
        said = _("%(host)s names something inside a network. Use a name the internet knows.") % {"host": name}
        raise _no("private", said)
    return name


def _clean_address(host: str) -> str:
    """An address only as everybody writes it: 127.1 and 0x7f.1 are read differently here and there."""
    bare = host.removeprefix("[").removesuffix("]")
    try:
        address = ip_address(bare)
    except ValueError:
        address = None
    if (
        address is None
        or "%" in bare
        or str(address) != bare
        or (address.version == 6) != host.startswith("[")
    ):
        said = _("%(host)s is not an address as it is usually written, like 203.0.113.7.") % {
            "host": host[:80]
        }
        raise _no("host", said)
    if not is_public(address):
        said = _("%(host)s can't be reached from the internet. Use a public address.") % {"host": bare}
        raise _no("private", said)
    return host


def _too_long(sentence: str, most: int, text: str) -> Refusal:
    return _no("too_long", sentence % {"most": f"{most:,}", "count": f"{len(text):,}"})


def _like(sentence: str) -> str:
    return f"{sentence} {_(EXAMPLE)}"


def _no(code: str, sentence: str) -> Refusal:
    return Refusal(f"endpoint_{code}", sentence, field="runtime_url")
