"""DNS for tests: a resolver that knows a few names and forgets nothing it was asked."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import dns.exception
import dns.rdata
import dns.resolver


class Zone:
    """``Zone({"sip.example.com A": ["8.8.8.8"]})``. A list of lists is what it says one time after another.

    ``seconds``: how long each question takes; one that would take longer than its lifetime times out.
    """

    def __init__(self, records: dict[str, Any], *, seconds: float = 0.0, broken: Iterable[str] = ()) -> None:
        self.asked: list[str] = []
        self._records = records
        self._seconds = seconds
        self._broken = set(broken)

    def resolve(self, qname: str, rdtype: str, *, search: bool, lifetime: float) -> Iterable[Any]:
        assert qname.endswith(".")
        assert not search, "a name of the internet is no name of this network"
        question = f"{qname.removesuffix('.')} {rdtype}"
        self.asked.append(question)
        time.sleep(min(self._seconds, lifetime))
        if self._seconds > lifetime:
            raise dns.exception.Timeout
        if question in self._broken:
            raise dns.resolver.NoNameservers
        texts = self._records.get(question)
        if texts is None:
            raise dns.resolver.NXDOMAIN
        if texts and isinstance(texts[0], list):
            texts = texts.pop(0) if len(texts) > 1 else texts[0]
        if not texts:
            raise dns.resolver.NoAnswer
        return [dns.rdata.from_text("IN", rdtype, text) for text in texts]
