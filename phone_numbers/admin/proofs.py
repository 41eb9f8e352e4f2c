"""The proofs of the books, for support staff: what was looked at, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from dialnexa.admin_looks import dot
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import Watch, desk
from dialnexa.admin_timeline import Section, link_to_id
from phone_numbers.models import LedgerProof
from phone_numbers.proofs.standing import standing_failure


@admin.register(LedgerProof)
class LedgerProofAdmin(ReadOnlyAdmin):
    shelf = "Money"
    fields = ("id", "at", "state", "entries", "took_ms")
    list_display = ("at", "state", "wrong", "entries", "took_ms")
    list_filter = ("ok", "at")
    search_fields = ("id__exact",)
    ordering = ("-at", "-id")

    @admin.display(description="State", ordering="ok")
    def state(self, proof: LedgerProof) -> SafeString:
        return dot("ok", "In order") if proof.ok else dot("trouble", "Not in order")

    @admin.display(description="Wrong")
    def wrong(self, proof: LedgerProof) -> str:
        return ", ".join(f"{x['code']} ({x['count']})" for x in proof.checks if x["count"]) or "–"

    def sections(self, item: LedgerProof, request: HttpRequest) -> Sequence[Section]:
        rows = [(_state(x), x["title"], x["count"], f"{x['took_ms']} ms") for x in item.checks]
        looked = Section("Checks", head=("State", "What is to be true", "Wrong", "Took"), rows=rows)
        return (*(_evidence(x) for x in item.checks if x["count"]), looked)


def _state(check: dict[str, Any]) -> SafeString:
    return dot("trouble", "Wrong") if check["count"] else dot("ok", "True")


def _evidence(check: dict[str, Any]) -> Section:
    rows = [(link_to_id(about), says) for about, says in check["found"]]
    title = f"Wrong: {check['code']}, {len(rows)} of {check['count']}"
    return Section(title, head=("About", "What was found"), rows=rows)


def _failed(now: datetime) -> QuerySet:
    return standing_failure()


desk().watch(Watch("Books not in order", "The last proof of the ledger failed", _failed, "ok__exact=0"))
