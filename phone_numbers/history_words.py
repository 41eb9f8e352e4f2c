"""The workspace's history learns the words of a number's, and how numbers and agents are called."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q
from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext

from dialnexa import history
from dialnexa.history import Field, Kind, Named, Topic
from phone_numbers.history import NAMES, SECRET, SENTENCES
from phone_numbers.models import (
    BulkRouting,
    CarrierSweep,
    Drift,
    LedgerProof,
    NumberOrder,
    PhoneNumber,
    Rental,
    SipTrunk,
)
from telephony.e164 import format_international
from telephony.models import Agent, AgentVersion

ABOUT_NUMBERS = ("phonenumber", "numberorder", "rental", "siptrunk", "bulkrouting")
TOPICS = {
    "numbers": Topic(_("Numbers"), Q(subject_type__in=ABOUT_NUMBERS)),
    "agents": Topic(_("Agents"), Q(subject_type__in=("agent", "agentversion"))),
}
OWN = {
    ("phonenumber", "create"): (_("Entered, and being bought"), "waiting")
}  # the number's page leaves it out


def _numbers(ids: Collection[str]) -> dict[str, Named]:
    rows = PhoneNumber.objects.filter(pk__in=ids).values_list("pk", "e164")
    return {pk: Named(format_international(e164), (pk,)) for pk, e164 in rows}


def _orders(ids: Collection[str]) -> dict[str, Named]:
    rows = NumberOrder.objects.filter(pk__in=ids).values_list("pk", "e164")
    return {pk: Named(format_international(e164), (pk,)) for pk, e164 in rows}


def _rentals(ids: Collection[str]) -> dict[str, Named]:
    rows = Rental.objects.filter(pk__in=ids).values_list("pk", "number", "number__e164")
    return {pk: Named(format_international(e164), (number,)) for pk, number, e164 in rows}


def _trunks(ids: Collection[str]) -> dict[str, Named]:
    rows = SipTrunk.objects.filter(pk__in=ids).values_list("pk", "number", "number__e164")
    return {pk: Named(format_international(e164), (number,)) for pk, number, e164 in rows}


def _bulk(ids: Collection[str]) -> dict[str, Named]:
    found = BulkRouting.objects.filter(pk__in=ids).values_list("pk", "changes")
    counts = ((pk, len(changes)) for pk, changes in found)
    return {pk: Named(ngettext("%(n)s number", "%(n)s numbers", n) % {"n": n}) for pk, n in counts}


def _drifts(ids: Collection[str]) -> dict[str, Named]:
    rows = Drift.objects.filter(pk__in=ids).values_list("pk", "e164")
    return {pk: Named(format_international(e164)) for pk, e164 in rows}


def _sweeps(ids: Collection[str]) -> dict[str, Named]:
    return {sweep.pk: Named(str(sweep)) for sweep in CarrierSweep.objects.filter(pk__in=ids)}


def _proofs(ids: Collection[str]) -> dict[str, Named]:
    return {proof.pk: Named(str(proof)) for proof in LedgerProof.objects.filter(pk__in=ids)}


def _agents(ids: Collection[str]) -> dict[str, Named]:
    return {
        pk: Named(title, (pk,)) for pk, title in Agent.objects.filter(pk__in=ids).values_list("pk", "title")
    }


def _versions(ids: Collection[str]) -> dict[str, Named]:
    rows = AgentVersion.objects.filter(pk__in=ids).values_list("pk", "agent", "agent__title", "number")
    return {pk: Named(f"{title} v{number}", (agent,)) for pk, agent, title, number in rows}


KINDS = {
    "phonenumber": Kind(_("Number"), _numbers, "numbers:number"),
    "numberorder": Kind(_("Order of"), _orders, "numbers:order"),
    "rental": Kind(_("Rental of"), _rentals, "numbers:number"),
    "siptrunk": Kind(_("SIP trunk of"), _trunks, "numbers:number"),
    "bulkrouting": Kind(_("Routing of"), _bulk),
    "drift": Kind(_("Difference of"), _drifts),
    "carriersweep": Kind(_("List of"), _sweeps),
    "ledgerproof": Kind(_("Proof of the books"), _proofs),
    "agent": Kind(_("Agent"), _agents, "agents:agent"),
    "agentversion": Kind(_("Agent"), _versions, "agents:agent"),
}


def teach() -> None:
    fields = {name: Field(word, secret=name in SECRET) for name, word in NAMES.items()}
    history.learn(KINDS, {**SENTENCES, **OWN}, fields, TOPICS)
