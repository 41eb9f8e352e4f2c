"""A number's history, told for people: what happened, who did it, through which door, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dialnexa.history import Change
from dialnexa.models import AuditEntry

# (subject, event) → (sentence, tone). An event that is missing here is shown by its name. The tone is how it
# went: ok, trouble, waiting (in doubt, or a person has to look), off (a step like any other).
SENTENCES = {
    ("numberorder", "place"): ("Ordered", "off"),
    ("numberorder", "claim"): ("A worker took the order to the carrier", "off"),
    ("numberorder", "put_back"): ("Nothing was sent; the order waits for another try", "off"),
    ("numberorder", "doubt"): ("No clear answer: asking the carrier whether it went through", "waiting"),
    ("numberorder", "retry"): ("The carrier did not sell it; asking again", "off"),
    ("numberorder", "fulfil"): ("Bought and charged", "ok"),
    ("numberorder", "reject"): ("Not bought; the money went back to the wallet", "trouble"),
    ("numberorder", "stray_found"): (
        "The carrier sold it after the order had ended; support looks at it",
        "trouble",
    ),
    ("numberorder", "flag_for_review"): ("Handed to support for a look", "waiting"),
    ("numberorder", "ask_now"): ("Support asked to look at it now", "off"),
    ("numberorder", "look_up_by_staff"): ("Support asked the carrier about it", "off"),
    ("phonenumber", "activate"): ("The number is active", "ok"),
    ("phonenumber", "fail"): ("The number could not be had", "trouble"),
    ("phonenumber", "pointed"): ("Calls to it come to us", "ok"),
    ("phonenumber", "missing"): ("The carrier does not have it any more: rent stopped", "trouble"),
    ("phonenumber", "refund_rent"): ("Rent for the time it was lost went back to the wallet", "ok"),
    ("phonenumber", "found_again"): ("The carrier has it again: rent goes on", "ok"),
    ("phonenumber", "papers_refused"): ("The carrier refused the papers; support looks at it", "trouble"),
    ("phonenumber", "papers_overdue"): ("The carrier still waits for papers; support looks at it", "waiting"),
    ("phonenumber", "papers_again"): ("The carrier looks at the papers again", "off"),
    ("phonenumber", "refund"): ("Setup and first month went back to the wallet", "ok"),
    ("phonenumber", "route"): ("Routing changed", "off"),
    ("phonenumber", "release"): ("Released: no calls and no rent from here on", "off"),
    ("phonenumber", "released"): ("The number has left this workspace", "off"),
    ("phonenumber", "protect"): ("Protected from release", "off"),
    ("phonenumber", "unprotect"): ("Protection from release switched off", "off"),
    ("phonenumber", "make_default"): ("Made the default number", "off"),
    ("phonenumber", "end_default"): ("No longer the default number", "off"),
    ("phonenumber", "rename"): ("Renamed", "off"),
    ("phonenumber", "hand_over"): ("The number has left this workspace", "off"),
    ("phonenumber", "take_over"): ("The number came to this workspace", "ok"),
    ("phonenumber", "keep"): ("Kept at the carrier", "off"),
    ("phonenumber", "dismiss"): ("Put away", "off"),
    ("drift", "adopt"): ("Given to the workspace that had ordered it", "ok"),
    ("drift", "repair"): ("Set right", "ok"),
    ("drift", "release"): ("Given back", "off"),
    ("drift", "ignore"): ("Left as it is", "off"),
    ("drift", "reopen"): ("Another difference than the one that was ignored", "waiting"),
    ("drift", "vanish"): ("Gone by itself", "ok"),
    ("drift", "recheck"): ("Support asked the carrier about it", "off"),
    ("ledgerproof", "ask"): ("Support asked for a proof of the books", "off"),
    ("carriersweep", "ask"): ("Support asked for the carrier’s list", "off"),
    ("bulkrouting", "assign"): ("Many numbers routed at once", "off"),
    ("bulkrouting", "undo"): ("Bulk change of routing undone", "off"),
    ("siptrunk", "create"): ("Reserved for the link to your carrier", "off"),
    ("siptrunk", "link"): ("Linked over SIP", "ok"),
    ("siptrunk", "fail"): ("Not linked", "trouble"),
    ("siptrunk", "edit"): ("Trunk changed", "off"),
    ("siptrunk", "check"): ("Support tested the trunk", "off"),
    ("siptrunk", "healthy"): ("The trunk answers", "ok"),
    ("siptrunk", "unreachable"): ("The trunk does not answer", "trouble"),
    ("siptrunk", "unauthorized"): ("Your carrier refuses the trunk's credentials", "trouble"),
    ("agent", "create"): ("Created", "off"),
    ("agent", "rename"): ("Renamed", "off"),
    ("agentversion", "create"): ("Draft v{version} opened", "off"),
    ("agentversion", "edit"): ("Draft v{version} edited", "off"),
    ("agentversion", "publish"): ("v{version} published", "ok"),
    ("rental", "renew"): ("Rent paid", "ok"),
    ("rental", "past_due"): ("The rent could not be paid; the number works on for now", "trouble"),
    ("rental", "review"): ("Handed to support before anything is charged", "waiting"),
    ("rental", "charge_missed"): ("Support charges the months that were missed", "off"),
    ("rental", "waive_missed"): ("Support waived the months that were missed", "ok"),
    ("rental", "extend"): ("Support gave more time to pay", "ok"),
    ("rental", "auto_renew_on"): ("Renews by itself", "off"),
    ("rental", "auto_renew_off"): ("Does not renew by itself any more", "off"),
    ("workspace", "rank_rentals"): ("Order of renewal changed", "off"),
    ("rental", "change_price"): ("The rent changes", "off"),
    ("rental", "expire"): ("The rent ran out", "trouble"),
    ("rental", "restore"): ("The rent was paid; the number works again", "ok"),
    ("rental", "give_up"): ("The rental ended", "off"),
}
ECHOES = {("phonenumber", "create"), ("phonenumber", "fail")}  # said by the order's own entry already
CHANNELS = {"browser": "in the browser", "api": "through the API", "staff": "support", "system": ""}
NAMES = {  # fields people edit; states are in the sentence
    "nickname": "nickname",
    "label": "label",
    "inbound": "inbound",
    "outbound": "outbound",
    "title": "name",
    "runtime_url": "endpoint",
    "termination": "host",
    "transport": "transport",
    "auth_mode": "authentication",
    "username": "user name",
    "caller_id": "caller ID",
    "sources": "source addresses",
    "password": "password",
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
    sentence = sentence.replace("{version}", str(entry.after.get("version", "")))
    return Event(entry, sentence, tone, _who(entry), _changes(entry))


def _who(entry: AuditEntry) -> str:
    how = CHANNELS.get(entry.channel, entry.channel)
    if entry.channel == "staff":
        return f"{entry.actor_name} (support)"
    return f"{entry.actor_name} {how}".strip()


def _changes(entry: AuditEntry) -> list[Change]:
    edited = [name for name in NAMES if name in entry.after and name in entry.before]
    return [_change(name, str(entry.before[name]), str(entry.after[name])) for name in edited]


def _change(name: str, before: str, after: str) -> Change:
    return Change(NAMES[name], before, after, is_secret=name in SECRET)
