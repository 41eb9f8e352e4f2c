"""What a reply, or none, means for a trunk: its health, and a sentence on what to do about it."""

from __future__ import annotations

import math
import re
from typing import Literal

from django.conf import settings

from telephony.sip.message import Reply
from telephony.sip.options import Answer
from telephony.sip.wire import Kind, Trouble

Health = Literal["healthy", "unreachable", "unauthorized"]
Verdict = tuple[Health, str]

MOST_REASON = 80  # characters
MOST_WAIT = 7 * 24 * 60 * 60  # seconds of a Retry-After worth telling

# {code} is the reply's, {let_in} how to have our address allowed, {later} when to come back.
REPLIES: dict[int, Verdict] = {
    403: ("unauthorized", "It refuses us ({code}). {let_in}"),
    404: ("healthy", "It answers. It knows nobody by this host's name ({code}), which does not stop calls."),
    405: ("healthy", "It answers. It takes no test questions ({code}), which does not stop calls."),
    408: ("unreachable", "It answers, but what is behind it did not in time ({code}). {later}"),
    480: ("unreachable", "It answers, but says it is not available ({code}). {later}"),
    483: (
        "unreachable",
        "The question went round in circles ({code}): this host passes it on to itself. "
        "Check the host, or ask your carrier which one takes your calls.",
    ),
    486: ("healthy", "It answers, and is busy ({code}). Calls may have to wait for a free line."),
    488: (
        "healthy",
        "It answers. It did not like what the test offered ({code}), which does not stop calls.",
    ),
    500: ("unreachable", "It answers with an error of its own ({code}). {later}"),
    501: ("healthy", "It answers. It does not know test questions ({code}), which does not stop calls."),
    503: ("unreachable", "It takes no calls at the moment ({code}). {later}"),
    504: ("unreachable", "It answers, but what is behind it did not in time ({code}). {later}"),
    505: ("healthy", "It answers. It asks for another version of SIP ({code}); your carrier can say which."),
    600: ("healthy", "It answers, and is busy ({code}). Calls may have to wait for a free line."),
    603: ("unauthorized", "It declines to talk to us ({code}). {let_in}"),
    604: ("healthy", "It answers. It knows nobody by this host's name ({code}), which does not stop calls."),
    606: (
        "healthy",
        "It answers. It did not like what the test offered ({code}), which does not stop calls.",
    ),
    607: ("unauthorized", "It does not want our calls ({code}). Ask your carrier why."),
    608: ("unauthorized", "It rejects our calls ({code}). Ask your carrier why."),
}
CLASSES: dict[int, Verdict] = {
    2: ("healthy", "It answers."),
    3: (
        "unreachable",
        "It sends us elsewhere ({code}), where we don't follow. Ask your carrier which host takes calls.",
    ),
    4: ("healthy", "It answers. It could not use the test question ({code}), which need not stop calls."),
    5: ("unreachable", "It answers with an error of its own ({code}). {later}"),
    6: ("unreachable", "It refuses everywhere ({code}). Ask your carrier why."),
}
TROUBLES: dict[Kind, str] = {
    "silent": "No answer over {via}. Check host, port and transport; a firewall may drop what we send. "
    "{let_in}",
    "mute": "It takes connections over {via}, but does not answer. Check host, port and transport.",
    "silent_after_proof": "It asked for the password and then answered no more. Check user name and "
    "password, and ask your carrier whether our address is blocked.",
    "trying": "It has the question, but did not get done with it in time. Ask your carrier whether its "
    "gateway is up.",
    "refused": "Nothing takes {via} at this address and port. Check port and transport, or ask your carrier "
    "whether its server is running.",
    "no_route": "There is no way to this address from here. Check the host.",
    "closed": "It closed the connection without an answer. {let_in} Check port and transport.",
    "not_sip": "Something answers over {via}, but not with SIP. Check host, port and transport.",
    "no_tls": "It does not speak TLS that we understand. Check the port (TLS usually has 5061), or choose "
    "another transport.",
    "client_certificate": "It wants to see a certificate of ours, which we don't have. Ask your carrier for "
    "another way to sign in.",
    "untrusted": "Its TLS certificate is not from an authority we trust. Ask your carrier for a host with a "
    "public certificate, or choose another transport.",
    "self_signed": "Its TLS certificate is signed by itself, so anybody could have made it. Ask your carrier "
    "for a host with a public certificate, or choose another transport.",
    "wrong_name": "Its TLS certificate is for another name. Enter the host name that your carrier's "
    "certificate is for.",
    "expired": "Its TLS certificate has expired. Tell your carrier; until it is renewed another transport "
    "may work.",
    "not_yet_valid": "Its TLS certificate is not valid yet. Tell your carrier.",
}


def judge(answer: Answer, *, has_credentials: bool) -> Verdict:
    """The health and the sentence for a reply."""
    if answer.reply.code in (401, 407):
        return "unauthorized", _unproven(answer)
    health, sentence = REPLIES.get(answer.reply.code) or CLASSES[answer.reply.code // 100]
    words = {"code": answer.reply.code, "let_in": let_in(), "later": _later(answer.reply)}
    return health, sentence.format(**words) + _about_password(answer, health, has_credentials)


def explain(trouble: Trouble, transport: str) -> str:
    """The sentence for no reply."""
    sentence = TROUBLES[trouble.kind].format(via=transport.upper(), let_in=let_in())
    if (trouble.kind, transport) == ("closed", "tls"):  # hanging up can overtake the reason for it
        sentence += " It may want to see a certificate of ours, which we don't have."
    return sentence


def clean_reason(reply: Reply, secret: str = "") -> str:
    """The reply's own words, safe to show: one short printable line without the password."""
    text = reply.reason.replace(secret, "…") if secret else reply.reason
    words = "".join(character if character.isprintable() else " " for character in text).split()
    return " ".join(words)[:MOST_REASON]


def let_in() -> str:
    ours = ", ".join(settings.SIP_SIGNALLING_ADDRESSES)
    return f"Ask your carrier to let our address in{f': {ours}' if ours else ''}."


def _unproven(answer: Answer) -> str:
    if answer.proof == "wrong":
        return "Wrong user name or password. Enter them as your carrier gave them; capital letters matter."
    if answer.proof == "unanswerable":
        return (
            "It asks for the password in a way we can't answer. Ask your carrier for SIP digest with MD5 or "
            "SHA-256, or for access by IP address."
        )
    return (
        "It asks for a user name and password. Enter what your carrier gave you. Should it know us by our "
        f"address instead? {let_in()}"
    )


def _about_password(answer: Answer, health: Health, has_credentials: bool) -> str:
    if not has_credentials:
        return ""
    if answer.proof == "not_asked":
        return " It did not ask for the password, so that is not tested." if health == "healthy" else ""
    if answer.reply.code < 300:
        return " It accepts the user name and password."
    return " This came after user name and password were sent." if health == "unauthorized" else ""


def _later(reply: Reply) -> str:
    """When to try again, as far as the reply says it."""
    told = re.match(r"[0-9]{1,9}", reply.first("retry-after"))
    seconds = int(told[0]) if told else 0
    if not 0 < seconds <= MOST_WAIT:
        return "Try again in a few minutes; if it stays so, ask your carrier."
    wait = f"{seconds} seconds" if seconds < 120 else f"{math.ceil(seconds / 60):,} minutes"
    return f"It asks to be tried again in {wait}."
