"""What no line may say: secrets never, telephone numbers and addresses of people only in part.

The last of the processors, so that it sees a line whole: message, arguments, traceback, ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

HIDDEN = "***"
OURS = ("DIALNEXA_", "DATABASE_URL", "REDIS_URL")
SECRET_VARIABLE = re.compile(r"KEY|SECRET|TOKEN|PASSWORD|SIP_ENGINES")
SHORTEST = 6  # characters: shorter ones would be found in every other word
SECRET_NAME = re.compile(
    r"pass|secret|token|authorization|cookie|session|csrf|signature|signing|credential|api_?key$|dsn$|sealing",
    re.IGNORECASE,
)
NAMED_SECRET = re.compile(
    r"""(?ix) ( [\w-]* (?: password | passwd | secret | token | api[_-]?key | cookie | sessionid | signature
        | authorization ) ["']? \s* [:=] \s* ["']? ) (?: (?:bearer|basic|digest) \s+ )? [^\s"',;&}\])]+"""
)
SHAPED_SECRET = re.compile(r"(?i)\b(dnx_|whsec_|PSK|bearer |basic )[\w.~+/=-]{6,}")
ADDRESS_WITH_PASSWORD = re.compile(r"(://)[^/\s@]*:[^/\s@]*@")
PATH_WITH_TOKEN = re.compile(
    r"(/(?:invitations|reset/key|verification(?=/[\w-]{16})|confirm-email)/)[^/\s?\"']+"
)
E164 = re.compile(r"(?:\+|%2B)[1-9](?:[ ()-]{0,2}\d){6,14}(?!\d)")
BARE_NUMBER = re.compile(r"(?<![\w.:-])[1-9]\d{9,14}(?![\w.:-])")
MAILBOX = re.compile(r"\b[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")


def secret_values(environment: Mapping[str, str]) -> list[str]:
    """The secrets that a process was told, longest first: all of ours come from its environment."""
    ours = {name: value for name, value in environment.items() if name.startswith(OURS)}
    parts = {part for name, value in ours.items() for part in _secrets_in(name, value)}
    return sorted((part for part in parts if len(part) >= SHORTEST), key=len, reverse=True)


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text as it may be written down."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    text = ADDRESS_WITH_PASSWORD.sub(rf"\1{HIDDEN}@", text)
    text = SHAPED_SECRET.sub(rf"\1{HIDDEN}", text)
    text = NAMED_SECRET.sub(rf"\1{HIDDEN}", text)
    text = PATH_WITH_TOKEN.sub(rf"\1{HIDDEN}", text)
    text = MAILBOX.sub(rf"{HIDDEN}@\1", text)
    return BARE_NUMBER.sub(_masked, E164.sub(_masked, text))


class Redactor:
    """A processor of structlog."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self.secrets = list(secrets)

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for name, value in event.items():
            if not name.startswith("_"):
                event[name] = self.told(name, value)
        return event

    def told(self, name: str, value: Any) -> Any:
        """A value as it may be written: numbers and the like stay what they are."""
        if SECRET_NAME.search(name):
            return HIDDEN
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {key: self.told(str(key), inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.told(name, inner) for inner in value]
        return redacted(str(value), self.secrets)


def _masked(found: re.Match[str]) -> str:
    """``+91…01``: enough to tell two apart beside an id, not enough to call anybody."""
    digits = re.sub(r"\D", "", found[0].replace("%2B", ""))
    return f"+{digits[:2]}…{digits[-2:]}"


def _secrets_in(name: str, value: str) -> Iterable[str]:
    """A variable may hold several, each with a name before it: ``2:<key>,1:<key>``, ``kamailio=<secret>``."""
    if SECRET_VARIABLE.search(name):
        for entry in value.split(","):
            yield from {entry.strip(), re.split("[:=]", entry.strip(), maxsplit=1)[-1]}
    elif name.endswith(("_URL", "_DSN")):
        parts = urlsplit(value)
        yield from filter(None, (parts.password, unquote(parts.password or "")))
