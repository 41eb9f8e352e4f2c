"""Whether a webhook was signed with a secret that only the carrier and we know.

Every function takes constant time as to the secret and never raises: what can't be checked is False. The
signatures cover the public URL, so it must be the one that the carrier was given. None has a time in it:
whoever reads the webhook must know what was said before.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from .voice import SignedRequest
from .webhooks import form, is_form, pairs

_PLIVO = ("x-plivo-signature-v3", "x-plivo-signature-ma-v3")  # the account's own, the main account's
_AUTHORITY = re.compile(r"(?P<scheme>[a-z]+)://(?P<host>[^/?#]*?)(?P<port>:[0-9]*)?(?=[/?#]|$)", re.I)


def signed_by_plivo(request: SignedRequest, auth_token: str) -> bool:
    """Plivo's V3. A header holds several signatures while a token is being replaced; any one will do."""
    nonce = request.headers.get("x-plivo-signature-v3-nonce", "")
    given = [one.strip() for name in _PLIVO for one in request.headers.get(name, "").split(",")]
    if not nonce:
        return False
    try:
        base = _plivo_base(request)
    except ValueError:
        return False
    return _is_among(_base64(auth_token, f"{base}.{nonce}", "sha256"), given)


def signed_by_twilio(request: SignedRequest, auth_token: str) -> bool:
    """Twilio's HMAC-SHA1, of a form or of a JSON body whose digest is in the URL."""
    return _signed_as_twilio_does(request, auth_token, request.headers.get("x-twilio-signature", ""))


def signed_by_signalwire(request: SignedRequest, signing_key: str) -> bool:
    """As Twilio's with the project's signing key; other JSON bodies are signed whole."""
    headers = request.headers
    given = headers.get("x-signalwire-signature") or headers.get("x-twilio-signature", "")
    if _signed_as_twilio_does(request, signing_key, given):
        return True
    if not request.body or is_form(request):
        return False
    return _is_among(_hmac(signing_key, _bytes(request.url) + request.body, "sha1").hex(), [given])


def _plivo_base(request: SignedRequest) -> str:
    """The URL, what it asks for (sorted and decoded), what was posted (sorted and run together)."""
    parts = urlsplit(request.url)
    asked, posted = pairs(parts.query), form(request)
    if request.method.upper() == "GET":
        asked, posted = [*asked, *posted], []
    base = f"{parts.scheme}://{parts.netloc}{parts.path}"
    if asked or posted:
        base += "?" + "&".join(f"{name}={value}" for name, value in sorted(asked))
    if asked and posted:
        base += "."
    return base + "".join(name + value for name, value in sorted(posted))


def _signed_as_twilio_does(request: SignedRequest, secret: str, given: str) -> bool:
    try:
        posted = _posted(request)
    except ValueError:
        return False
    said = "".join(name + value for name, value in sorted(set(posted)))
    return any(_is_among(_base64(secret, url + said, "sha1"), [given]) for url in _spellings(request.url))


def _posted(request: SignedRequest) -> list[tuple[str, str]]:
    """The form's fields. Of any other body the URL has to name the digest, which is then what is signed."""
    if not request.body or is_form(request):
        return form(request)
    named = [value for name, value in pairs(urlsplit(request.url).query) if name == "bodySHA256"]
    if not _is_among(hashlib.sha256(request.body).hexdigest(), named):
        raise ValueError("the URL does not name this body's digest")
    return []


def _spellings(url: str) -> set[str]:
    """The URL as given, without a port and with one: Twilio adds or leaves out the usual ones."""
    found = _AUTHORITY.match(url)
    if not found:
        return {url}
    scheme, host, rest = found["scheme"], found["host"], url[found.end() :]
    usual = ":80" if scheme.lower() in ("http", "ws") else ":443"
    return {url, f"{scheme}://{host}{rest}", f"{scheme}://{host}{found['port'] or usual}{rest}"}


def _base64(secret: str, text: str, digest: str) -> str:
    return base64.b64encode(_hmac(secret, _bytes(text), digest)).decode()


def _hmac(secret: str, said: bytes, digest: str) -> bytes:
    return hmac.digest(_bytes(secret), said, digest)


def _is_among(expected: str, given: Iterable[str]) -> bool:
    return any(hmac.compare_digest(_bytes(expected), _bytes(one)) for one in given)


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")
