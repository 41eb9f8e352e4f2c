"""Digest authentication (RFC 7616, for SIP RFC 3261 and 8760): which challenge to answer, and how."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes

from telephony.sip.message import Reply

MOST = 1024  # characters of one value of a challenge: all of it comes back in our request
ALGORITHMS: dict[str, type[hashes.HashAlgorithm]] = {  # the strongest first
    "SHA-512-256": hashes.SHA512_256,
    "SHA-256": hashes.SHA256,
    "MD5": hashes.MD5,
}
PARAMETER = re.compile(
    r'\s*(?P<name>[A-Za-z0-9_.-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s",]+))\s*(?:,|$)'
)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a server wants proven. ``qop`` is empty, auth or auth-int; ``proxy`` that it came with a 407."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: str = ""
    opaque: str | None = None
    stale: bool = False
    proxy: bool = False

    @property
    def strength(self) -> tuple[int, int]:
        names = list(ALGORITHMS)
        return -names.index(self.algorithm.removesuffix("-sess")), ["", "auth-int", "auth"].index(self.qop)


@dataclass(frozen=True, slots=True)
class Credentials:
    username: str
    password: str = field(repr=False)


def strongest_challenge(reply: Reply) -> Challenge | None:
    """The challenge of a 401 or 407 to answer; None when there is none that we can answer."""
    proxy = reply.code == 407
    values = reply.all("proxy-authenticate" if proxy else "www-authenticate")
    known = [challenge for value in values if (challenge := parse_challenge(value, proxy=proxy))]
    return max(known, key=lambda challenge: challenge.strength, default=None)


def parse_challenge(value: str, *, proxy: bool = False) -> Challenge | None:
    """One header's challenge; None when it is not Digest, is malformed, or asks for what we don't know."""
    scheme, _, rest = value.strip().partition(" ")
    told = parse_parameters(rest) if scheme.lower() == "digest" else None
    if not told or not told.get("nonce") or "realm" not in told:
        return None
    algorithm = _algorithm(told.get("algorithm", "MD5"))
    qop = _qop(told.get("qop"))
    if algorithm is None or qop is None:
        return None
    stale = told.get("stale", "").lower() == "true"
    return Challenge(told["realm"], told["nonce"], algorithm, qop, told.get("opaque"), stale, proxy)


def authorize(
    challenge: Challenge,
    credentials: Credentials,
    *,
    method: str,
    uri: str,
    nonce_count: int = 1,
    cnonce: str = "",
    body: bytes = b"",
) -> tuple[str, str]:
    """The name and value of the header that answers ``challenge``; ``cnonce`` is random unless given."""
    cnonce = cnonce or secrets.token_hex(8)
    count = f"{nonce_count:08x}"
    fields = {
        "username": quoted(credentials.username),
        "realm": quoted(challenge.realm),
        "nonce": quoted(challenge.nonce),
        "uri": quoted(uri),
        "response": quoted(response(challenge, credentials, method, uri, count, cnonce, body)),
        "algorithm": challenge.algorithm,
    }
    if challenge.opaque is not None:
        fields["opaque"] = quoted(challenge.opaque)
    if challenge.qop:
        fields |= {"qop": challenge.qop, "nc": count}
    if challenge.qop or challenge.algorithm.endswith("-sess"):
        fields["cnonce"] = quoted(cnonce)
    name = "Proxy-Authorization" if challenge.proxy else "Authorization"
    return name, "Digest " + ", ".join(f"{key}={value}" for key, value in fields.items())


def quoted(text: str) -> str:
    """``text`` as a quoted-string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def response(
    challenge: Challenge,
    credentials: Credentials,
    method: str,
    uri: str,
    count: str,
    cnonce: str,
    body: bytes = b"",
) -> str:
    """The proof itself; ``count`` and ``cnonce`` as they are sent."""
    algorithm, nonce, qop = challenge.algorithm, challenge.nonce, challenge.qop
    secret = _hash(algorithm, credentials.username, challenge.realm, credentials.password)
    if algorithm.endswith("-sess"):
        secret = _hash(algorithm, secret, nonce, cnonce)
    asked = [method, uri, *([_hash(algorithm, body)] if qop == "auth-int" else [])]
    middle = [nonce, count, cnonce, qop] if qop else [nonce]
    return _hash(algorithm, secret, *middle, _hash(algorithm, *asked))


def _hash(algorithm: str, *parts: str | bytes) -> str:
    digest = hashes.Hash(ALGORITHMS[algorithm.removesuffix("-sess")]())
    digest.update(b":".join(part if isinstance(part, bytes) else part.encode() for part in parts))
    return digest.finalize().hex()


def parse_parameters(text: str) -> dict[str, str] | None:
    """What follows ``Digest``, names in lower case; None when malformed, huge, or one is there twice."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = PARAMETER.match(text, at)
        if not match or match["name"].lower() in found:
            return None
        value = match["plain"] or re.sub(r"\\(.)", r"\1", match["quoted"] or "")
        if len(value) > MOST or not value.isprintable():
            return None
        found[match["name"].lower()] = value
        at = match.end()
    return found


def _algorithm(text: str) -> str | None:
    """The name as it is written in RFCs, with ``-sess`` where asked for; None when unknown."""
    known: Iterable[str] = (name + end for name in ALGORITHMS for end in ("", "-sess"))
    return next((name for name in known if name.lower() == text.lower()), None)


def _qop(text: str | None) -> str | None:
    """The best of the offered; none offered is the old way, without; None when all are unknown."""
    if text is None:
        return ""
    offered = {option.strip().lower() for option in text.split(",")}
    return next((option for option in ("auth", "auth-int") if option in offered), None)
