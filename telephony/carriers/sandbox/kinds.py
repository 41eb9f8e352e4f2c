"""What can go wrong with a request, a called person, a webhook; what it means, how long it takes."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    SOLD_THEN_SILENT = "sold_then_silent"
    SILENT = "silent"
    SOLD_LATE = "sold_late"
    SLOW = "slow"
    DRIP = "drip"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    GARBAGE = "garbage"
    TRUNCATED = "truncated"
    WRONG_NUMBER = "wrong_number"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    OUT_OF_CREDIT = "out_of_credit"
    COMPLIANCE_REQUIRED = "compliance_required"
    PENDING = "pending"
    REJECTED = "rejected"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILS = "fails"
    HANGS_UP = "hangs_up"
    ANSWERS_LATE = "answers_late"
    TALKS_LONG = "talks_long"
    TWICE = "twice"
    LATE = "late"
    LOST = "lost"
    REORDERED = "reordered"
    FORGED = "forged"


MEANINGS: dict[Kind, str] = {
    Kind.SOLD_THEN_SILENT: "Sells and never answers.",
    Kind.SILENT: "Neither sells nor answers.",
    Kind.SOLD_LATE: "Does not answer; sells a few seconds later.",
    Kind.SLOW: "Sells, and answers after a while.",
    Kind.DRIP: "Sells, and answers byte by byte.",
    Kind.ERROR_BEFORE: "500 without selling.",
    Kind.ERROR_AFTER: "Sells, then answers 500.",
    Kind.RESET_BEFORE: "Breaks the connection without selling.",
    Kind.RESET_AFTER: "Sells, then breaks the connection.",
    Kind.GARBAGE: "Sells, and answers with something that is not JSON.",
    Kind.TRUNCATED: "Sells, and breaks off in the middle of the answer.",
    Kind.WRONG_NUMBER: "Sells and names another number than was asked for.",
    Kind.RATE_LIMITED: "429: slow down.",
    Kind.UNAVAILABLE: "Refuses: another customer took it a moment ago, though search still shows it.",
    Kind.OUT_OF_CREDIT: "Refuses: the account can't pay.",
    Kind.COMPLIANCE_REQUIRED: "Refuses: asks for papers, unless some are named.",
    Kind.PENDING: "Sold, but not usable before its papers are accepted. SignalWire asks for none.",
    Kind.REJECTED: "Sold, but its papers are rejected later. Only Plivo tells.",
}

CALLEE_MEANINGS: dict[Kind, str] = {  # what the called person does
    Kind.BUSY: "Engaged.",
    Kind.NO_ANSWER: "Rings until the carrier gives up.",
    Kind.FAILS: "Does not exist: the call fails at once.",
    Kind.HANGS_UP: "Answers, and hangs up after a second.",
    Kind.ANSWERS_LATE: "Answers after ten seconds.",
    Kind.TALKS_LONG: "Answers, and talks for two minutes.",
}
WEBHOOK_MEANINGS: dict[Kind, str] = {
    Kind.TWICE: "Webhooks come twice.",
    Kind.LATE: "Webhooks come five seconds late, without holding up the call.",
    Kind.LOST: "Webhooks are lost, but for the question what to do.",
    Kind.REORDERED: "Each webhook comes after the next one.",
    Kind.FORGED: "A forged webhook comes before each real one.",
}

# Real seconds a connection is held or delayed; for SOLD_LATE, PENDING and REJECTED seconds of the sandbox's
# clock until it happens; for DRIP seconds between two bytes. What happens in a call counts its own seconds.
DEFAULT_SECONDS: dict[Kind, float] = {
    Kind.SOLD_THEN_SILENT: 60.0,
    Kind.SILENT: 60.0,
    Kind.SOLD_LATE: 10.0,
    Kind.SLOW: 3.0,
    Kind.DRIP: 0.5,
    Kind.RATE_LIMITED: 1.0,
    Kind.PENDING: 60.0,
    Kind.REJECTED: 60.0,
    Kind.HANGS_UP: 1.0,
    Kind.ANSWERS_LATE: 10.0,
    Kind.TALKS_LONG: 120.0,
    Kind.LATE: 5.0,
}
