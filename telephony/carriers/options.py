"""What an adapter was configured with, checked before anything is sent: no network, no secrets in the words.

A problem completes a sentence that begins with the option's name: ``is not set``. Empty: it can be right.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from .fields import price


class BadOptions(ValueError):
    """Options that can't be right. ``problems`` says of each what is wrong with it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(f"{option} {problem}." for option, problem in problems.items()))
        self.problems = dict(problems)


def refuse_bad(**problems: str) -> None:
    """Raises BadOptions with every problem that is not empty."""
    if found := {option: problem for option, problem in problems.items() if problem}:
        raise BadOptions(found)


def shape_problem(value: str, pattern: str, what: str) -> str:
    """``what`` describes the pattern: ``MA or SA and 18 capital letters or digits``."""
    if not value:
        return "is not set"
    return "" if re.fullmatch(pattern, value, re.ASCII) else f"is not {what}"


def token_problem(token: str) -> str:
    if not token.strip():
        return "is not set"
    return "" if token.isascii() and token.isprintable() else "has characters that no token has"


def address_problem(url: str, example: str) -> str:
    """Of a server without a path. Credentials go there, so only this machine may do without TLS."""
    if not url:
        return f"is not set: it is an address like {example}"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        usable = bool(host) and parts.port != 0 and not (parts.username or parts.query or parts.fragment)
    except ValueError:
        usable = False
    if not usable or parts.path.strip("/") or parts.scheme not in ("http", "https"):
        return f"is not an address like {example}"
    return "" if parts.scheme == "https" or _is_here(host) else "begins with http: it must be https"


def rate_problem(amount: str) -> str:
    """Of a price in dollars a month, as decimal text."""
    if not amount:
        return "is not set: it is what the account pays a month, like 0.50"
    try:
        price({"rate": amount}, "rate", "USD")
    except ValueError:
        return "is not an amount like 0.50"
    return ""


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
