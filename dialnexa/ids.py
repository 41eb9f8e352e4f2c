"""Prefixed, time-ordered, lower-case identifiers: ``phn_01jd3vx1q8c2m4z6t7w9y0b5ra``.

One string serves as database key, URL part, API value and log word. It is 48 bits of Unix milliseconds and
80 random bits in Crockford's base 32, so ids sort by creation and can't be guessed.
"""

import hashlib
import re
import secrets
import time
import uuid
from collections.abc import Callable
from functools import partial

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 26
NAMESPACE = uuid.UUID("fc974b2a-54c6-412b-a6ca-f84c284331a2")  # never to change: clients keep what it made
ID_PATTERN = re.compile(rf"^[a-z]{{2,5}}_[{ALPHABET}]{{{LENGTH}}}\Z")


def new_id(prefix: str) -> str:
    """Return a fresh id, for example ``new_id("phn")``."""
    return _written(prefix, (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80))


def derived_id(prefix: str, text: str) -> str:
    """An id made from ``text``, always the same: for what several processes may have to name at once.

    It does not sort by time.
    """
    return _written(prefix, int.from_bytes(hashlib.sha256(text.encode()).digest()[:16]))


def _written(prefix: str, number: int) -> str:
    digits = []
    for _ in range(LENGTH):
        number, remainder = divmod(number, 32)
        digits.append(ALPHABET[remainder])
    return f"{prefix}_{''.join(reversed(digits))}"


def id_maker(prefix: str) -> Callable[[], str]:
    """Return a field default that makes ids with this prefix (a partial, so migrations can name it)."""
    return partial(new_id, prefix)


def uuid_of(own_id: str) -> uuid.UUID:
    """The UUID that stands for this id where an interface knows only UUIDs. Always the same one."""
    return uuid.uuid5(NAMESPACE, own_id)
