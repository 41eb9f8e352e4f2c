"""What a customer says about a SIP trunk, judged before anything is stored or sent."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dialnexa.errors import Refusal
from dialnexa.sealing import place, seal, unseal
from phone_numbers.models import SipTrunk
from telephony.e164 import parse_e164
from telephony.sip import Termination, parse_termination, resolve
from telephony.sip.sources import parse_sources

LIMIT = 128  # characters of a user name or password
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}  # would end or break a line of a SIP message
MISSING = {
    "username": gettext_lazy("Enter the user name that your carrier gave you for this trunk."),
    "password": gettext_lazy("Enter the password that your carrier gave you for this trunk."),
}
FORBIDDEN = {
    "username": gettext_lazy("Leave the user name empty: your carrier knows us by our IP address."),
    "password": gettext_lazy("Leave the password empty: your carrier knows us by our IP address."),
}
TOO_LONG = {
    "username": gettext_lazy("A user name may have at most %(limit)s characters; this one has %(length)s."),
    "password": gettext_lazy("A password may have at most %(limit)s characters; this one has %(length)s."),
}
UNWRITABLE = {
    "username": gettext_lazy("A user name can't hold line breaks or control characters."),
    "password": gettext_lazy("A password can't hold line breaks or control characters."),
}
AuthMode = SipTrunk.AuthMode
# Silent name servers (a customer may have some) hold a web thread for seconds. Others stay free for pages.
_look_ups = threading.BoundedSemaphore(2)
PATIENCE = 0.2  # seconds to wait for one of them


@dataclass(frozen=True, slots=True)
class TrunkSettings:
    """Where calls go and as whom. ``transport`` and ``auth_mode`` are values of SipTrunk's choices."""

    termination: Termination
    transport: str
    auth_mode: str
    username: str = ""
    password: str = field(default="", repr=False)
    caller_id: str = ""
    sources: tuple[str, ...] = ()

    @property
    def columns(self) -> dict[str, Any]:
        """SipTrunk's fields but the password, which is sealed for its row."""
        return {
            "host": self.termination.host,
            "port": self.termination.port,
            "transport": self.transport,
            "auth_mode": self.auth_mode,
            "username": self.username,
            "caller_id": self.caller_id,
            "sources": list(self.sources),
        }


def clean_settings(
    *,
    termination_uri: str,
    transport: str = "udp",
    auth_mode: str = "userpass",
    username: str = "",
    password: str = "",
    caller_id: str = "",
    sources: str = "",
) -> TrunkSettings:
    """The settings as they are stored; nothing is looked up. ``sources`` as ``parse_sources`` reads them.

    Raises Refusal (400), each with ``field``: the host's own (``sip_host_…``), ``sip_transport_unknown``,
    ``sip_auth_mode_unknown``, ``sip_credentials_missing``, ``sip_credentials_forbidden``,
    ``sip_credentials_invalid``, ``caller_id_invalid``, ``sip_sources_invalid``, ``sip_sources_too_many``.
    """
    termination = parse_termination(termination_uri)
    _refuse_unknown(transport, auth_mode)
    username = username.strip()
    _refuse_unfit(auth_mode, {"username": username, "password": password})
    caller_id = _clean_caller_id(caller_id)
    with about("sources"):
        known = parse_sources(sources)
    return TrunkSettings(termination, transport, auth_mode, username, password, caller_id, known)


def settings_of(trunk: SipTrunk) -> TrunkSettings:
    """What is stored, with the password opened. Raises SealBroken when it does not open any more."""
    sealed = trunk.sealed_password
    return TrunkSettings(
        termination=Termination(trunk.host, trunk.port),
        transport=trunk.transport,
        auth_mode=trunk.auth_mode,
        username=trunk.username,
        password="" if sealed is None else unseal(sealed, **place(trunk, "sealed_password")),
        caller_id=trunk.caller_id,
        sources=tuple(trunk.sources),
    )


def sealed_for(trunk: SipTrunk, password: str) -> bytes | None:
    """The password as this row keeps it; nothing for none."""
    return seal(password, **place(trunk, "sealed_password")) if password else None


def facts(trunk: SipTrunk) -> dict[str, str]:
    """What the history keeps of a trunk: everything but the password."""
    return {
        "termination": trunk.termination,
        "transport": trunk.transport,
        "auth_mode": trunk.auth_mode,
        "username": trunk.username,
        "caller_id": trunk.caller_id,
        "sources": ", ".join(trunk.sources),
    }


def find_host(wanted: TrunkSettings, *, needed: bool) -> None:
    """Look the host up. Raises Refusal when there is none, or when it leads inside (see ``resolve``).

    A look-up that fails, which says nothing about the host, is a refusal (502) only when ``needed``; so is
    one there is no room for (503 ``sip_checks_busy``).
    """
    if not _look_ups.acquire(timeout=PATIENCE):
        if needed:
            sentence = _("Other hosts are being looked up right now. Try again in a few seconds.")
            raise Refusal("sip_checks_busy", sentence, status=503, retry_after=5)
        return
    try:
        resolve(wanted.termination, wanted.transport)
    except Refusal as refusal:
        if needed or refusal.code != "sip_host_unresolved":
            raise
    finally:
        _look_ups.release()


def inbound_uri(e164: str) -> str:
    """Where the customer's carrier sends calls to this number; empty where nothing takes them."""
    domain = settings.SIP_INBOUND_DOMAIN
    return f"sip:{e164}@{domain}" if domain else ""


@contextmanager
def about(name: str) -> Iterator[None]:
    """Let refusals raised inside say which field they are about."""
    try:
        yield
    except Refusal as refusal:
        refusal.details.setdefault("field", name)
        raise


def _refuse_unknown(transport: str, auth_mode: str) -> None:
    if transport not in SipTrunk.Transport.values:
        sentence = _("The transport is one of %(transports)s.")
        told = sentence % {"transports": ", ".join(SipTrunk.Transport.values)}
        raise Refusal("sip_transport_unknown", told, field="transport")
    if auth_mode not in AuthMode.values:
        sentence = _("The carrier knows you by user name and password (userpass) or by IP address (ip).")
        raise Refusal("sip_auth_mode_unknown", sentence, field="auth_mode")


def _refuse_unfit(auth_mode: str, credentials: dict[str, str]) -> None:
    for name, text in credentials.items():
        if auth_mode == AuthMode.USERPASS and not text:
            raise Refusal("sip_credentials_missing", str(MISSING[name]), field=name)
        if auth_mode == AuthMode.IP and text:
            raise Refusal("sip_credentials_forbidden", str(FORBIDDEN[name]), field=name)
        _refuse_unusable(name, text)


def _refuse_unusable(name: str, text: str) -> None:
    """The text itself is in no sentence: it may be a password."""
    if len(text) > LIMIT:
        sentence = TOO_LONG[name] % {"limit": LIMIT, "length": f"{len(text):,}"}
        raise Refusal("sip_credentials_invalid", sentence, field=name)
    if any(unicodedata.category(character) in UNPRINTABLE for character in text):
        raise Refusal("sip_credentials_invalid", str(UNWRITABLE[name]), field=name)


def _clean_caller_id(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return parse_e164(text).e164
    except Refusal as refusal:
        sentence = _("%(refusal)s Or leave it empty to show the number itself.")
        told = sentence % {"refusal": refusal.sentence}
        raise Refusal("caller_id_invalid", told, field="caller_id") from refusal
