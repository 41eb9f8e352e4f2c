"""A number's history, told for people: what happened, who did it, through which door, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from dialnexa.history import Change, who
from dialnexa.models import AuditEntry

# (subject, event) → (sentence, tone). An event that is missing here is shown by its name. The tone is how it
# went: ok, trouble, waiting (in doubt, or a person has to look), off (a step like any other).
SENTENCES = {
    ("numberorder", "place"): (_("Ordered"), "off"),
    ("numberorder", "claim"): (_("A worker took the order to the carrier"), "off"),
    ("numberorder", "put_back"): (_("Nothing was sent; the order waits for another try"), "off"),
    ("numberorder", "doubt"): (_("No clear answer: asking the carrier whether it went through"), "waiting"),
    ("numberorder", "retry"): (_("The carrier did not sell it; asking again"), "off"),
    ("numberorder", "fulfil"): (_("Bought and charged"), "ok"),
    ("numberorder", "reject"): (_("Not bought; the money went back to the wallet"), "trouble"),
    ("numberorder", "stray_found"): (
        _("The carrier sold it after the order had ended; support looks at it"),
        "trouble",
    ),
    ("numberorder", "flag_for_review"): (_("Handed to support for a look"), "waiting"),
    ("numberorder", "ask_now"): (_("Support asked to look at it now"), "off"),
    ("numberorder", "look_up_by_staff"): (_("Support asked the carrier about it"), "off"),
    ("phonenumber", "activate"): (_("The number is active"), "ok"),
    ("phonenumber", "fail"): (_("The number could not be had"), "trouble"),
    ("phonenumber", "pointed"): (_("Calls to it come to us"), "ok"),
    ("phonenumber", "missing"): (_("The carrier does not have it any more: rent stopped"), "trouble"),
    ("phonenumber", "refund_rent"): (_("Rent for the time it was lost went back to the wallet"), "ok"),
    ("phonenumber", "found_again"): (_("The carrier has it again: rent goes on"), "ok"),
    ("phonenumber", "papers_refused"): (_("The carrier refused the papers; support looks at it"), "trouble"),
    ("phonenumber", "papers_overdue"): (
        _("The carrier still waits for papers; support looks at it"),
        "waiting",
    ),
    ("phonenumber", "papers_again"): (_("The carrier looks at the papers again"), "off"),
    ("phonenumber", "refund"): (_("Setup and first month went back to the wallet"), "ok"),
    ("phonenumber", "route"): (_("Routing changed"), "off"),
    ("phonenumber", "release"): (_("Released: no calls and no rent from here on"), "off"),
    ("phonenumber", "released"): (_("The number has left this workspace"), "off"),
    ("phonenumber", "protect"): (_("Protected from release"), "off"),
    ("phonenumber", "unprotect"): (_("Protection from release switched off"), "off"),
    ("phonenumber", "make_default"): (_("Made the default number"), "off"),
    ("phonenumber", "end_default"): (_("No longer the default number"), "off"),
    ("phonenumber", "rename"): (_("Renamed"), "off"),
    ("phonenumber", "hand_over"): (_("The number has left this workspace"), "off"),
    ("phonenumber", "take_over"): (_("The number came to this workspace"), "ok"),
    ("phonenumber", "keep"): (_("Kept at the carrier"), "off"),
    ("phonenumber", "dismiss"): (_("Put away"), "off"),
    ("drift", "adopt"): (_("Given to the workspace that had ordered it"), "ok"),
    ("drift", "repair"): (_("Set right"), "ok"),
    ("drift", "release"): (_("Given back"), "off"),
    ("drift", "ignore"): (_("Left as it is"), "off"),
    ("drift", "reopen"): (_("Another difference than the one that was ignored"), "waiting"),
    ("drift", "vanish"): (_("Gone by itself"), "ok"),
    ("drift", "recheck"): (_("Support asked the carrier about it"), "off"),
    ("ledgerproof", "ask"): (_("Support asked for a proof of the books"), "off"),
    ("carriersweep", "ask"): (_("Support asked for the carrier’s list"), "off"),
    ("bulkrouting", "assign"): (_("Many numbers routed at once"), "off"),
    ("bulkrouting", "undo"): (_("Bulk change of routing undone"), "off"),
    ("siptrunk", "create"): (_("Reserved for the link to your carrier"), "off"),
    ("siptrunk", "link"): (_("Linked over SIP"), "ok"),
    ("siptrunk", "fail"): (_("Not linked"), "trouble"),
    ("siptrunk", "edit"): (_("Trunk changed"), "off"),
    ("siptrunk", "check"): (_("Support tested the trunk"), "off"),
    ("siptrunk", "healthy"): (_("The trunk answers"), "ok"),
    ("siptrunk", "unreachable"): (_("The trunk does not answer"), "trouble"),
    ("siptrunk", "unauthorized"): (_("Your carrier refuses the trunk's credentials"), "trouble"),
    ("agent", "create"): (_("Created"), "off"),
    ("agent", "rename"): (_("Renamed"), "off"),
    ("agentversion", "create"): (_("Draft v{version} opened"), "off"),
    ("agentversion", "edit"): (_("Draft v{version} edited"), "off"),
    ("agentversion", "publish"): (_("v{version} published"), "ok"),
    ("rental", "renew"): (_("Rent paid"), "ok"),
    ("rental", "past_due"): (_("The rent could not be paid; the number works on for now"), "trouble"),
    ("rental", "review"): (_("Handed to support before anything is charged"), "waiting"),
    ("rental", "charge_missed"): (_("Support charges the months that were missed"), "off"),
    ("rental", "waive_missed"): (_("Support waived the months that were missed"), "ok"),
    ("rental", "extend"): (_("Support gave more time to pay"), "ok"),
    ("rental", "auto_renew_on"): (_("Renews by itself"), "off"),
    ("rental", "auto_renew_off"): (_("Does not renew by itself any more"), "off"),
    ("workspace", "rank_rentals"): (_("Order of renewal changed"), "off"),
    ("rental", "change_price"): (_("The rent changes"), "off"),
    ("rental", "expire"): (_("The rent ran out"), "trouble"),
    ("rental", "restore"): (_("The rent was paid; the number works again"), "ok"),
    ("rental", "give_up"): (_("The rental ended"), "off"),
}
ECHOES = {("phonenumber", "create"), ("phonenumber", "fail")}  # said by the order's own entry already
NAMES = {  # fields people edit; states are in the sentence
    "nickname": _("nickname"),
    "label": _("label"),
    "inbound": _("inbound"),
    "outbound": _("outbound"),
    "title": _("name"),
    "runtime_url": _("endpoint"),
    "termination": _("host"),
    "transport": _("transport"),
    "auth_mode": _("authentication"),
    "username": _("user name"),
    "caller_id": _("caller ID"),
    "sources": _("source addresses"),
    "password": _("password"),
}
SECRET = {"password"}


@dataclass(frozen=True, slots=True)
class Event:
    """``changes`` tells of what people edit; states are in the sentence."""

    entry: AuditEntry
    sentence: str
    tone: str
    who: str
    changes: list[Change]


def tell(entries: Iterable[AuditEntry]) -> list[Event]:
    """Newest first. What merely repeats another entry of the same moment is left out."""
    told = [_event(entry) for entry in entries if (entry.subject_type, entry.event) not in ECHOES]
    return told[::-1]


def _event(entry: AuditEntry) -> Event:
    unknown = (entry.event.replace("_", " ").capitalize(), "off")
    sentence, tone = SENTENCES.get((entry.subject_type, entry.event), unknown)
    told = gettext(sentence).replace("{version}", str(entry.after.get("version", "")))
    return Event(entry, told, tone, who(entry), _changes(entry))


def _changes(entry: AuditEntry) -> list[Change]:
    edited = [name for name in NAMES if name in entry.after and name in entry.before]
    return [_change(name, str(entry.before[name]), str(entry.after[name])) for name in edited]


def _change(name: str, before: str, after: str) -> Change:
    return Change(gettext(NAMES[name]), before, after, is_secret=name in SECRET)
