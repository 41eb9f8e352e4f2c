"""What a reply, or none, means for a trunk: its health, and a sentence on what to do about it.

The sentence is kept by rows, so it is English, and told in the reader's language when it is shown.
"""

from __future__ import annotations

import math
import re
from typing import Literal

from django.conf import settings

from dialnexa.translations.marking import gettext_noop
from telephony.sip.message import Reply
from telephony.sip.options import Answer
from telephony.sip.wire import Kind, Trouble

Health = Literal["healthy", "unreachable", "unauthorized"]
Verdict = tuple[Health, str]

MOST_REASON = 80  # characters
MOST_WAIT = 7 * 24 * 60 * 60  # seconds of a Retry-After worth telling

# %(code)s is the reply's, %(let_in)s how to have our address allowed, %(later)s when to come back.
REPLIES: dict[int, Verdict] = {
    403: ("unauthorized", gettext_noop("It refuses us (%(code)s). %(let_in)s")),
    404: (
        "healthy",
        gettext_noop(
            "It answers. It knows nobody by this host's name (%(code)s), which does not stop calls."
        ),
    ),
    405: (
        "healthy",
        gettext_noop("It answers. It takes no test questions (%(code)s), which does not stop calls."),
    ),
    408: (
        "unreachable",
        gettext_noop("It answers, but what is behind it did not in time (%(code)s). %(later)s"),
    ),
    480: ("unreachable", gettext_noop("It answers, but says it is not available (%(code)s). %(later)s")),
    483: (
        "unreachable",
        gettext_noop(
            "The question went round in circles (%(code)s): this host passes it on to itself. "
            "Check the host, or ask your carrier which one takes your calls."
        ),
    ),
    486: (
        "healthy",
        gettext_noop("It answers, and is busy (%(code)s). Calls may have to wait for a free line."),
    ),
    488: (
        "healthy",
        gettext_noop(
            "It answers. It did not like what the test offered (%(code)s), which does not stop calls."
        ),
    ),
    500: ("unreachable", gettext_noop("It answers with an error of its own (%(code)s). %(later)s")),
    501: (
        "healthy",
        gettext_noop("It answers. It does not know test questions (%(code)s), which does not stop calls."),
    ),
    503: ("unreachable", gettext_noop("It takes no calls at the moment (%(code)s). %(later)s")),
    504: (
        "unreachable",
        gettext_noop("It answers, but what is behind it did not in time (%(code)s). %(later)s"),
    ),
    505: (
        "healthy",
        gettext_noop(
            "It answers. It asks for another version of SIP (%(code)s); your carrier can say which."
        ),
    ),
    600: (
        "healthy",
        gettext_noop("It answers, and is busy (%(code)s). Calls may have to wait for a free line."),
    ),
    603: ("unauthorized", gettext_noop("It declines to talk to us (%(code)s). %(let_in)s")),
    604: (
        "healthy",
        gettext_noop(
            "It answers. It knows nobody by this host's name (%(code)s), which does not stop calls."
        ),
    ),
    606: (
        "healthy",
        gettext_noop(
            "It answers. It did not like what the test offered (%(code)s), which does not stop calls."
        ),
    ),
    607: ("unauthorized", gettext_noop("It does not want our calls (%(code)s). Ask your carrier why.")),
    608: ("unauthorized", gettext_noop("It rejects our calls (%(code)s). Ask your carrier why.")),
}
CLASSES: dict[int, Verdict] = {
    2: ("healthy", gettext_noop("It answers.")),
    3: (
        "unreachable",
        gettext_noop(
            "It sends us elsewhere (%(code)s), where we don't follow. Ask your carrier which host takes "
            "calls."
        ),
    ),
    4: (
        "healthy",
        gettext_noop("It answers. It could not use the test question (%(code)s), which need not stop calls."),
    ),
    5: ("unreachable", gettext_noop("It answers with an error of its own (%(code)s). %(later)s")),
    6: ("unreachable", gettext_noop("It refuses everywhere (%(code)s). Ask your carrier why.")),
}
TROUBLES: dict[Kind, str] = {
    "silent": gettext_noop(
        "No answer over %(via)s. Check host, port and transport; a firewall may drop what we send. %(let_in)s"
    ),
    "mute": gettext_noop(
        "It takes connections over %(via)s, but does not answer. Check host, port and transport."
    ),
    "silent_after_proof": gettext_noop(
        "It asked for the password and then answered no more. Check user name and "
        "password, and ask your carrier whether our address is blocked."
    ),
    "trying": gettext_noop(
        "It has the question, but did not get done with it in time. Ask your carrier whether its "
        "gateway is up."
    ),
    "refused": gettext_noop(
        "Nothing takes %(via)s at this address and port. Check port and transport, or ask your carrier "
        "whether its server is running."
    ),
    "no_route": gettext_noop("There is no way to this address from here. Check the host."),
    "closed": gettext_noop(
        "It closed the connection without an answer. %(let_in)s Check port and transport."
    ),
    "not_sip": gettext_noop(
        "Something answers over %(via)s, but not with SIP. Check host, port and transport."
    ),
    "no_tls": gettext_noop(
        "It does not speak TLS that we understand. Check the port (TLS usually has 5061), or choose "
        "another transport."
    ),
    "client_certificate": gettext_noop(
        "It wants to see a certificate of ours, which we don't have. Ask your carrier for "
        "another way to sign in."
    ),
    "untrusted": gettext_noop(
        "Its TLS certificate is not from an authority we trust. Ask your carrier for a host with a "
        "public certificate, or choose another transport."
    ),
    "self_signed": gettext_noop(
        "Its TLS certificate is signed by itself, so anybody could have made it. Ask your carrier "
        "for a host with a public certificate, or choose another transport."
    ),
    "wrong_name": gettext_noop(
        "Its TLS certificate is for another name. Enter the host name that your carrier's certificate is for."
    ),
    "expired": gettext_noop(
        "Its TLS certificate has expired. Tell your carrier; until it is renewed another transport may work."
    ),
    "not_yet_valid": gettext_noop("Its TLS certificate is not valid yet. Tell your carrier."),
}
PLAIN = "%(verdict)s"
NOT_ASKED = gettext_noop("%(verdict)s It did not ask for the password, so that is not tested.")
ACCEPTED = gettext_noop("%(verdict)s It accepts the user name and password.")
AFTER_PROOF = gettext_noop("%(verdict)s This came after user name and password were sent.")
MAY_WANT_CERTIFICATE = gettext_noop(
    "%(verdict)s It may want to see a certificate of ours, which we don't have."
)
WRONG = gettext_noop(
    "Wrong user name or password. Enter them as your carrier gave them; capital letters matter."
)
UNANSWERABLE = gettext_noop(
    "It asks for the password in a way we can't answer. Ask your carrier for SIP digest with MD5 or "
    "SHA-256, or for access by IP address."
)
MISSING = gettext_noop(
    "It asks for a user name and password. Enter what your carrier gave you. Should it know us by our "
    "address instead? %(let_in)s"
)
LET_US_IN = gettext_noop("Ask your carrier to let our address in.")
LET_THESE_IN = gettext_noop("Ask your carrier to let our address in: %(addresses)s.")
IN_A_WHILE = gettext_noop("Try again in a few minutes; if it stays so, ask your carrier.")
IN_SECONDS = gettext_noop("It asks to be tried again in %(seconds)s seconds.")
IN_MINUTES = gettext_noop("It asks to be tried again in %(minutes)s minutes.")


def judge(answer: Answer, *, has_credentials: bool) -> Verdict:
    """The health and the sentence for a reply."""
    if answer.reply.code in (401, 407):
        return "unauthorized", _unproven(answer)
    health, sentence = REPLIES.get(answer.reply.code) or CLASSES[answer.reply.code // 100]
    words = {"code": answer.reply.code, "let_in": let_in(), "later": _later(answer.reply)}
    return health, _about_password(answer, health, has_credentials) % {"verdict": sentence % words}


def explain(trouble: Trouble, transport: str) -> str:
    """The sentence for no reply."""
    sentence = TROUBLES[trouble.kind] % {"via": transport.upper(), "let_in": let_in()}
    if (trouble.kind, transport) == ("closed", "tls"):  # hanging up can overtake the reason for it
        return MAY_WANT_CERTIFICATE % {"verdict": sentence}
    return sentence


def clean_reason(reply: Reply, secret: str = "") -> str:
    """The reply's own words, safe to show: one short printable line without the password."""
    text = reply.reason.replace(secret, "…") if secret else reply.reason
    words = "".join(character if character.isprintable() else " " for character in text).split()
    return " ".join(words)[:MOST_REASON]


def let_in() -> str:
    ours = ", ".join(settings.SIP_SIGNALLING_ADDRESSES)
    return LET_THESE_IN % {"addresses": ours} if ours else LET_US_IN


def _unproven(answer: Answer) -> str:
    if answer.proof == "wrong":
        return WRONG
    if answer.proof == "unanswerable":
        return UNANSWERABLE
    return MISSING % {"let_in": let_in()}


def _about_password(answer: Answer, health: Health, has_credentials: bool) -> str:
    """The words around the verdict."""
    if not has_credentials:
        return PLAIN
    if answer.proof == "not_asked":
        return NOT_ASKED if health == "healthy" else PLAIN
    if answer.reply.code < 300:
        return ACCEPTED
    return AFTER_PROOF if health == "unauthorized" else PLAIN


def _later(reply: Reply) -> str:
    """When to try again, as far as the reply says it."""
    told = re.match(r"[0-9]{1,9}", reply.first("retry-after"))
    seconds = int(told[0]) if told else 0
    if not 0 < seconds <= MOST_WAIT:
        return IN_A_WHILE
    if seconds < 120:
        return IN_SECONDS % {"seconds": seconds}
    return IN_MINUTES % {"minutes": f"{math.ceil(seconds / 60):,}"}
