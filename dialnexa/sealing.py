"""Secrets in the database: sealed fields that open only in the row and column they were sealed for.

A sealed value is ``format (1 byte), key id (1), nonce (12), AES-256-GCM ciphertext with its tag``. The table,
column, workspace and primary key are authenticated with it, so that a value copied elsewhere does not open.

Keys come from DIALNEXA_SEALING_KEYS, ``id:base64`` separated by commas; the first seals, all open. A new key
is made with ``python -c "import base64, os; print(base64.b64encode(os.urandom(32)).decode())"``. To rotate:

1. append the new key with an id never used before (``1:old,2:new``) and restart every process;
2. once all of them know it, put it first (``2:new,1:old``) and restart again: new values use it;
3. run ``manage.py reseal`` until it says that nothing is left under another key;
4. remove the old key when the last backup sealed under it may become unreadable.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from django.db.models import Model  # settings import this module, before there are models

FORMAT = 1
NONCE = 12  # bytes
TAG = 16
KEY = 32
HEAD = 2 + NONCE


class SealBroken(Exception):
    """A sealed value does not open: damaged, from another place, or under a key that is not here."""


def seal(text: str, *, table: str, column: str, workspace_id: str, pk: str) -> bytes:
    """Encrypt ``text`` under the first key for this one place (see ``place``).

    Raises ValueError when a part of the place is empty: the row needs its primary key first.
    """
    raw = text.encode("utf-8", "surrogatepass")
    return seal_bytes(raw, table=table, column=column, workspace_id=workspace_id, pk=pk)


def unseal(sealed: bytes | memoryview | None, *, table: str, column: str, workspace_id: str, pk: str) -> str:
    """What was sealed for this place. Raises SealBroken for everything else, however little is wrong."""
    raw = unseal_bytes(sealed, table=table, column=column, workspace_id=workspace_id, pk=pk)
    return raw.decode("utf-8", "surrogatepass")


def seal_bytes(content: bytes, *, table: str, column: str, workspace_id: str, pk: str) -> bytes:
    """``seal`` for what is no text, a file for example."""
    key_id = next(iter(settings.SEALING_KEYS))
    head = bytes((FORMAT, key_id)) + os.urandom(NONCE)
    bound = _bound(head, table, column, workspace_id, pk)
    return head + _cipher(key_id).encrypt(head[2:], content, bound)


def unseal_bytes(
    sealed: bytes | memoryview | None, *, table: str, column: str, workspace_id: str, pk: str
) -> bytes:
    """``unseal`` for what is no text."""
    raw = bytes(sealed or b"")
    if len(raw) < HEAD + TAG or raw[0] != FORMAT:
        raise SealBroken(f"{table}.{column} of {pk} holds nothing that was sealed.")
    bound = _bound(raw[:HEAD], table, column, workspace_id, pk)
    try:
        return _cipher(raw[1]).decrypt(raw[2:HEAD], raw[HEAD:], bound)
    except KeyError:
        raise SealBroken(
            f"{table}.{column} of {pk} was sealed with key {raw[1]}, which is not in DIALNEXA_SEALING_KEYS."
        ) from None
    except InvalidTag:
        raise SealBroken(
            f"{table}.{column} of {pk} does not open with key {raw[1]}: it was changed, it belongs "
            "elsewhere, or the key is another one."
        ) from None


def needs_resealing(sealed: bytes | memoryview) -> bool:
    """Whether it was sealed in another way than ``seal`` would now."""
    return bytes(sealed[:2]) != current_head()


def current_head() -> bytes:
    """How a value sealed now begins: the format and the first key's id."""
    return bytes((FORMAT, next(iter(settings.SEALING_KEYS))))


def place(row: Model, column: str) -> dict[str, str]:
    """What binds a value to ``row``, a model with ``workspace_id``: ``seal(text, **place(row, column))``."""
    return {
        "table": row._meta.db_table,
        "column": column,
        "workspace_id": str(row.workspace_id),  # type: ignore[attr-defined]
        "pk": str(row.pk or ""),
    }


def parse_keys(text: str) -> dict[int, bytes]:
    """``"2:base64,1:base64"`` as keys by id, the sealing one first.

    Raises ImproperlyConfigured with a sentence that names the entry by its place and quotes no key.
    """
    keys: dict[int, bytes] = {}
    for nth, entry in enumerate(text.split(","), 1):
        key_id, _, encoded = entry.strip().partition(":")
        if not (key_id.isascii() and key_id.isdigit() and len(key_id) <= 3 and 1 <= int(key_id) <= 255):
            raise _unusable(nth, "begins with the key's id, 1 to 255, and a colon")
        if int(key_id) in keys:
            raise _unusable(nth, f"needs an id of its own: {int(key_id)} is used before it")
        keys[int(key_id)] = _key(nth, encoded)
    return keys


def _key(nth: int, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _unusable(nth, "has a key that is not base64") from None
    if len(key) != KEY:
        raise _unusable(nth, f"has a key of {len(key)} bytes instead of {KEY}")
    return key


def _unusable(nth: int, why: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"DIALNEXA_SEALING_KEYS must look like 2:<base64 of {KEY} bytes>,1:<…>; entry {nth} {why}."
    )


def _cipher(key_id: int) -> AESGCM:
    keys: Mapping[int, bytes] = settings.SEALING_KEYS
    return AESGCM(keys[key_id])


def _bound(head: bytes, *where: Any) -> bytes:
    """What is authenticated beside the text. JSON keeps ``a, bc`` and ``ab, c`` apart."""
    if not all(where):
        raise ValueError("A sealed value needs its table, column, workspace and primary key.")
    return head[:2] + json.dumps([str(part) for part in where]).encode()
