"""The proofs of the books, for support staff: what was looked at, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from dialnexa.actors import Actor
from dialnexa.admin_actions import StaffAction
from dialnexa.admin_looks import dot
from dialnexa.admin_pieces import ReadOnlyAdmin
from dialnexa.admin_site import Alarm, Watch, desk
from dialnexa.admin_timeline import Section, link_to_id
from phone_numbers.models import LedgerProof
from phone_numbers.proofs.proving import ask_for_proof
from phone_numbers.proofs.standing import last_proof, standing_failure


def _prove(proof: LedgerProof, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    ask_for_proof(proof, by=by, now=now, reason=data["reason"])
    return "the books are being proved; the new proof is on the list in a moment."


PROVE = StaffAction(
    name="prove",
    label="Prove now",
    explains="All of the ledger is held against itself and against rentals, orders and calls, as every day. "
    "Nothing is locked meanwhile; with millions of entries it takes minutes.",
    run=_prove,
    permission="numbers.change_ledgerproof",
    single=True,
)


@admin.register(LedgerProof)
class LedgerProofAdmin(ReadOnlyAdmin):
    shelf = "Money"
    fields = ("id", "at", "state", "entries", "took_ms", "mailed_at")
    list_display = ("at", "state", "wrong", "entries", "took_ms")
    list_filter = ("ok", "at")
    search_fields = ("id__exact",)
    ordering = ("-at", "-id")
    staff_actions = (PROVE,)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        last = last_proof()
        offers = {"offers": self.offers(request, last) if last else ()}
        return super().changelist_view(request, offers | (extra_context or {}))

    @admin.display(description="State", ordering="ok")
    def state(self, proof: LedgerProof) -> SafeString:
        return dot("ok", "In order") if proof.ok else dot("trouble", "Not in order")

    @admin.display(description="Wrong")
    def wrong(self, proof: LedgerProof) -> str:
        return ", ".join(f"{x['code']} ({x['count']})" for x in proof.checks if x["count"]) or "–"

    def sections(self, item: LedgerProof, request: HttpRequest) -> Sequence[Section]:
        took = "{}\N{NO-BREAK SPACE}ms".format
        rows = [(_state(x), x["title"], x["count"], took(x["took_ms"])) for x in item.checks]
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


def _alarm(request: HttpRequest) -> Alarm | None:
    proof = standing_failure().first()
    if proof is None or not desk().may_see(request, LedgerProof):
        return None
    says = f"The proof of {localtime(proof.at):%-d %B, %H:%M} found: {', '.join(sorted(proof.wrong))}."
    return Alarm("The books are not in order", says, desk().url_of(proof))


desk().alarm_with(_alarm)
desk().watch(Watch("Books not in order", "The last proof of the ledger failed", _failed, "ok__exact=0"))
